// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.statistic;

/**
 * A linear map of row vectors, {@code x' = x T}, done in place: a Hadamard transform, a product
 * with a matrix, any chain of them.
 *
 * <p>Implementations are deterministic and safe to call from several threads for different rows.
 */
@FunctionalInterface
public interface RowMap {

  /**
   * Maps one vector.
   *
   * @param data holds the vector and receives the result
   * @param offset position of its first element
   */
  void apply(float[] data, int offset);
}
