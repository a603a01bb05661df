// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.decoder;

import io.github.quant4j.graph.LinearSite;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The sites that make queries, keys and values. */
public sealed interface Projections {

  /** A site for each. */
  record Separate(LinearSite query, LinearSite key, LinearSite value) implements Projections {
    List<LinearSite> sites() {
      return List.of(query, key, value);
    }
  }

  /** One site for all. */
  record Fused(LinearSite site, Order order) implements Projections {
    /** How the outputs follow each other. */
    public enum Order {
      /** All queries, all keys, all values. */
      PARTS,
      /** For each key head its queries, its key and its value. */
      GROUPS
    }
  }

  /**
   * Multi-head latent attention (DeepSeek-V2, arXiv:2405.04434): keys and values are made of one
   * short vector, and a key has a rotated part that all heads share.
   *
   * @param queryDown makes the short vector of queries; null if they are made at once
   * @param queryNorm normalizes it; null with {@code queryDown}
   * @param query makes queries, {@code [heads * (plain + rotated)]}
   * @param down makes the short vector and the rotated part of keys, {@code [rank + rotated]}
   * @param norm normalizes the short vector
   * @param up makes keys and values, {@code [heads * (plain + value width)]}
   * @param rank width of the short vector
   * @param plainWidth channels of a head that are not rotated, the first ones
   * @param rotatedWidth channels of a head that are
   */
  record Latent(
      @Nullable LinearSite queryDown,
      @Nullable NormShape queryNorm,
      LinearSite query,
      LinearSite down,
      NormShape norm,
      LinearSite up,
      int rank,
      int plainWidth,
      int rotatedWidth)
      implements Projections {}
}
