// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.study;

import io.github.quant4j.graph.BlockLayout;
import io.github.quant4j.graph.BlockModel;
import io.github.quant4j.graph.LinearSite;
import io.github.quant4j.io.ModelDirectory;
import io.github.quant4j.io.quantized.QuantizedWeights;
import io.github.quant4j.metric.BitOperations;
import java.io.IOException;
import java.nio.file.Path;

/** Bit operations of the layers within blocks, without the head, for one token. */
final class StoredOperations {
  private StoredOperations() {}

  static BitOperations ofOriginal(BlockModel<?> model) {
    BitOperations operations = BitOperations.NONE;
    for (BlockLayout block : model.blocks()) {
      for (LinearSite site : block.sites()) {
        operations = operations.plus(full(site));
      }
    }
    return operations;
  }

  /** Those of a quantized model in a directory, whose layers are those of the original. */
  static BitOperations of(BlockModel<?> original, Path directory) throws IOException {
    try (ModelDirectory files = ModelDirectory.open(directory)) {
      QuantizedWeights weights = QuantizedWeights.of(files);
      BitOperations operations = BitOperations.NONE;
      for (BlockLayout block : original.blocks()) {
        for (LinearSite site : block.sites()) {
          operations =
              operations.plus(
                  weights.find(site.name()).map(BitOperations::of).orElseGet(() -> full(site)));
        }
      }
      return operations;
    }
  }

  private static BitOperations full(LinearSite site) {
    return BitOperations.of(
        site.outFeatures(), site.inFeatures(), BitOperations.FULL_BITS, BitOperations.FULL_BITS);
  }
}
