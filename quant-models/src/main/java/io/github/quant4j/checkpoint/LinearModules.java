// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.checkpoint;

import io.github.quant4j.io.quantized.ModelSource;
import io.github.quant4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.SequencedSet;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * The linear layers of a model that are not quantized, as far as its tensors tell: matrices called
 * weights that are no embeddings. Configurations list them, as readers would look for quantized
 * weights in every linear layer that is not listed.
 */
final class LinearModules {
  private static final String WEIGHT = ".weight";
  private static final String HEAD = "lm_head";

  /** Tables that are read by row. */
  private static final Pattern EMBEDDINGS =
      Pattern.compile("(.*\\.)?(embed[a-z_]*|[a-z_]*embeddings?|wte|wpe|shared)");

  private LinearModules() {}

  /** Whether a module is a table that is read by row, which other libraries do not quantize. */
  static boolean isEmbedding(String module) {
    return EMBEDDINGS.matcher(module).matches();
  }

  /**
   * The layers that stay as they are.
   *
   * @param quantized those that are quantized
   */
  static SequencedSet<String> plain(ModelSource source, Set<String> quantized) {
    List<String> found = new ArrayList<>();
    for (String name : source.names()) {
      if (!name.endsWith(WEIGHT)) {
        continue;
      }
      String module = name.substring(0, name.length() - WEIGHT.length());
      Tensor weight = source.require(name);
      if (weight.shape().rank() == 2
          && weight.dtype().isFloatingPoint()
          && !quantized.contains(module)
          && quantized.stream().noneMatch(layer -> module.startsWith(layer + "."))
          && !isEmbedding(module)) {
        found.add(module);
      }
    }
    // A head that shares the embeddings has no tensor of its own.
    boolean isDecoder = source.find("model.embed_tokens.weight").isPresent();
    if (isDecoder && !quantized.contains(HEAD) && !found.contains(HEAD)) {
      found.add(HEAD);
    }
    return new LinkedHashSet<>(found);
  }
}
