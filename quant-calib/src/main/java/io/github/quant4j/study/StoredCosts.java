// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.study;

import io.github.quant4j.cost.ModelProducts;
import io.github.quant4j.cost.Pass;
import io.github.quant4j.graph.BlockModel;
import io.github.quant4j.metric.BitOperations;
import io.github.quant4j.metric.MatrixProduct;
import io.github.quant4j.metric.MemoryTraffic;
import io.github.quant4j.metric.Operand;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * What one token costs.
 *
 * @param operations bit operations of the layers within blocks, without the head
 * @param trafficBytes between memory and processor, of everything
 */
record StoredCosts(BitOperations operations, double trafficBytes) {
  /** The last token of a window of 256; the layers themselves do not depend on those before. */
  private static final Pass ONE_TOKEN = Pass.decode(255);

  static StoredCosts ofOriginal(BlockModel<?> model) throws IOException {
    return of(ModelProducts.of(model, ONE_TOKEN, Operand.FULL, _ -> Optional.empty()));
  }

  /** Those of a quantized model in a directory, whose layers are those of the original. */
  static StoredCosts of(BlockModel<?> original, Path directory) throws IOException {
    return of(ModelProducts.ofDirectory(original, directory, ONE_TOKEN, Operand.FULL));
  }

  private static StoredCosts of(List<MatrixProduct> products) {
    return new StoredCosts(
        BitOperations.of(products, RecipeStudy.OPERATIONS),
        new MemoryTraffic().cost(products, RecipeStudy.TRAFFIC));
  }
}
