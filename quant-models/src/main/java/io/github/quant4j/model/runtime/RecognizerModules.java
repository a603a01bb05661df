// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.runtime;

import io.github.quant4j.io.TensorSource;
import java.util.ArrayList;
import java.util.List;

/** Linear layers of one half of a model that are stored as they are. */
public final class RecognizerModules {
  private static final String WEIGHT = ".weight";
  private static final String HEAD = "proj_out";

  private RecognizerModules() {}

  /** Those of the decoder, its head included, and of heads for other tasks. */
  public static List<String> besidesEncoder(TensorSource tensors) {
    List<String> modules =
        under(tensors, List.of("decoder.", "model.decoder.", "projector.", "classifier."));
    if (!modules.isEmpty() || tensors.find(HEAD + WEIGHT).isPresent()) {
      // Where it is tied to the embeddings it is a layer without a tensor.
      modules.add(HEAD);
    }
    return List.copyOf(modules);
  }

  /** Those of the encoder. */
  public static List<String> besidesDecoder(TensorSource tensors) {
    return List.copyOf(under(tensors, List.of("encoder.", "model.encoder.")));
  }

  private static List<String> under(TensorSource tensors, List<String> prefixes) {
    List<String> modules = new ArrayList<>();
    for (String name : tensors.names()) {
      if (name.endsWith(WEIGHT)
          && !name.contains("embed_")
          && prefixes.stream().anyMatch(name::startsWith)
          && tensors.require(name).shape().rank() == 2) {
        modules.add(name.substring(0, name.length() - WEIGHT.length()));
      }
    }
    return modules;
  }
}
