// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.generate;

/**
 * A batch that has gone through all blocks of a model, whose logits are computed piece by piece:
 * for large vocabularies they take far more memory than all else. Close it to give its memory back
 * to the model. Not thread-safe.
 */
public interface BatchPrediction extends AutoCloseable {

  /**
   * The number of tokens.
   *
   * @return rows, sequence after sequence
   */
  int tokens();

  /**
   * Computes the logits after some tokens.
   *
   * @param firstRow the first token, from 0
   * @param rows how many
   * @param target receives the logits, row-major {@code [rows, vocabulary]}
   * @throws IndexOutOfBoundsException if there are no such rows, or the target is too short
   * @throws IllegalStateException if this is closed
   */
  void logits(int firstRow, int rows, float[] target);

  @Override
  void close();
}
