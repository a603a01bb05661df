// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.metric;

import java.util.ArrayList;
import java.util.List;

/**
 * What a cost is the cost of. Published figures differ in it and seldom say so, so it is printed
 * with every figure. Layers within the network always count.
 *
 * @param head whether the last layer counts
 * @param embeddings whether looking up rows of a table counts
 * @param firstLayer whether the first convolutions count
 * @param attention whether the products within attention count
 */
public record CountingPolicy(
    boolean head, boolean embeddings, boolean firstLayer, boolean attention) {
  /** Everything counts. */
  public static final CountingPolicy ALL = new CountingPolicy(true, true, true, true);

  /** Only layers within the network count: what quantization of weights changes. */
  public static final CountingPolicy LAYERS = new CountingPolicy(false, false, false, false);

  /**
   * Whether a product counts.
   *
   * @param role where it is
   * @return whether its cost is added
   */
  public boolean counts(ProductRole role) {
    return switch (role) {
      case LAYER -> true;
      case FIRST_LAYER -> firstLayer;
      case HEAD -> head;
      case EMBEDDING -> embeddings;
      case ATTENTION -> attention;
    };
  }

  /** What counts and what does not, for example {@code layers; not head, embeddings}. */
  @Override
  public String toString() {
    List<String> counted = new ArrayList<>(List.of("layers"));
    List<String> left = new ArrayList<>();
    (head ? counted : left).add("head");
    (embeddings ? counted : left).add("embeddings");
    (firstLayer ? counted : left).add("first layer");
    (attention ? counted : left).add("attention");
    return String.join(", ", counted) + (left.isEmpty() ? "" : "; not " + String.join(", ", left));
  }
}
