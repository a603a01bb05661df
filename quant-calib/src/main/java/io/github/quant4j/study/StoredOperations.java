// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.study;

import io.github.quant4j.cost.ModelProducts;
import io.github.quant4j.cost.Pass;
import io.github.quant4j.graph.BlockModel;
import io.github.quant4j.metric.BitOperations;
import io.github.quant4j.metric.CountingPolicy;
import io.github.quant4j.metric.Operand;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/** Bit operations of the layers within blocks, without the head, for one token. */
final class StoredOperations {
  private static final Pass ONE_TOKEN = new Pass(1, 0, 0);

  private StoredOperations() {}

  static BitOperations ofOriginal(BlockModel<?> model) throws IOException {
    return BitOperations.of(
        ModelProducts.of(model, ONE_TOKEN, Operand.FULL, _ -> Optional.empty()),
        CountingPolicy.LAYERS);
  }

  /** Those of a quantized model in a directory, whose layers are those of the original. */
  static BitOperations of(BlockModel<?> original, Path directory) throws IOException {
    return BitOperations.of(
        ModelProducts.ofDirectory(original, directory, ONE_TOKEN, Operand.FULL),
        CountingPolicy.LAYERS);
  }
}
