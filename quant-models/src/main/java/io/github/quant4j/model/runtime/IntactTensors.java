// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.runtime;

import io.github.quant4j.io.ChecksumState;
import io.github.quant4j.io.TensorSource;
import io.github.quant4j.model.config.InvalidModelException;
import io.github.quant4j.tensor.Tensor;
import java.util.List;

/** Tensors that are held against their checksums, where a file has any, before they are used. */
public final class IntactTensors {
  private IntactTensors() {}

  public static Tensor require(TensorSource tensors, String name) {
    Tensor tensor = tensors.require(name);
    if (tensors.verify(name) == ChecksumState.CORRUPT) {
      throw new InvalidModelException(
          "the model's tensors",
          List.of("tensor '" + name + "' is not what was written: its checksum differs"));
    }
    return tensor;
  }
}
