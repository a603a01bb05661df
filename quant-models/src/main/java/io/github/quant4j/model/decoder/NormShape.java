// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.decoder;

import io.github.quant4j.graph.InputOrigin;
import io.github.quant4j.graph.NormSite;
import io.github.quant4j.model.runtime.BlockWeights;
import io.github.quant4j.model.runtime.RowNorm;
import io.github.quant4j.tensor.Shape;
import java.util.ArrayList;
import java.util.List;

/**
 * A normalization of a decoder.
 *
 * @param site its name and numbers
 * @param weighted whether there are weights
 */
public record NormShape(NormSite site, boolean weighted) {

  /** The normalization with the values that it has in a block at present. */
  RowNorm in(BlockWeights weights) {
    return new RowNorm(
        site.kind(),
        site.width(),
        site.epsilon(),
        site.offset(),
        weighted ? weights.vector(site.weight()) : null,
        site.bias().map(weights::vector).orElse(null));
  }

  /** Where a site's input comes from that reads what this normalizes. */
  InputOrigin origin() {
    return weighted ? new InputOrigin.Normalization(site) : new InputOrigin.Fixed();
  }

  List<VectorShape> vectors() {
    return vectors(Shape.of(site.width()));
  }

  List<VectorShape> vectors(Shape shape) {
    List<VectorShape> vectors = new ArrayList<>();
    if (weighted) {
      vectors.add(new VectorShape(site.weight(), shape));
    }
    site.bias().ifPresent(bias -> vectors.add(new VectorShape(bias, shape)));
    return vectors;
  }
}
