// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.decoder;

import io.github.quant4j.graph.NormSite;
import io.github.quant4j.tensor.Shape;
import java.util.ArrayList;
import java.util.List;

/**
 * The normalization of queries and keys.
 *
 * @param query of the queries
 * @param key of the keys
 * @param scope what is normalized together, and with which weights
 * @param afterRotary whether positions come before it
 */
public record HeadNorm(NormShape query, NormShape key, Scope scope, boolean afterRotary) {

  /** What is normalized together. */
  public enum Scope {
    /** Each head, all with the same weights. */
    HEAD,
    /** Each head with weights of its own. */
    EACH_HEAD,
    /** All heads together. */
    ALL
  }

  List<VectorShape> vectors(int heads, int keyHeads) {
    List<VectorShape> vectors = new ArrayList<>(query.vectors(shape(query.site(), heads)));
    vectors.addAll(key.vectors(shape(key.site(), keyHeads)));
    return vectors;
  }

  private Shape shape(NormSite site, int heads) {
    return scope == Scope.EACH_HEAD ? Shape.of(heads, site.width()) : Shape.of(site.width());
  }
}
