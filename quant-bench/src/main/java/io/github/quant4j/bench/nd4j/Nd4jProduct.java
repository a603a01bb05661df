// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.bench.nd4j;

import org.bytedeco.openblas.global.openblas_nolapack;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * A dense layer in ND4J, {@code y = x W^T}, without copies: all arrays are as BLAS wants them, and
 * the output is there already.
 */
final class Nd4jProduct implements AutoCloseable {
  private final INDArray weights;
  private final INDArray input;
  private final INDArray output;

  /**
   * Copies weights and input.
   *
   * @param n outputs
   * @param k inputs
   * @param weights {@code [n, k]}
   * @param tokens tokens of the input
   * @param x {@code [tokens, k]}
   */
  Nd4jProduct(int n, int k, float[] weights, int tokens, float[] x) {
    // A row-major matrix is the transpose of the column-major one that BLAS sees.
    this.weights = Nd4j.create(weights, new long[] {k, n}, 'f');
    this.input = Nd4j.create(x, new long[] {k, tokens}, 'f');
    this.output = Nd4j.createUninitialized(DataType.FLOAT, new long[] {n, tokens}, 'f');
  }

  /**
   * Sets the threads of ND4J and of OpenBLAS, for the whole process.
   *
   * @param threads how many
   */
  static void useThreads(int threads) {
    Nd4j.getEnvironment().setMaxThreads(threads);
    // The line above does not reach OpenBLAS, which went on with two threads.
    openblas_nolapack.blas_set_num_threads(threads);
  }

  /** Multiplies; element {@code (i, t)} is output {@code i} of token {@code t}. */
  INDArray multiply() {
    return Nd4j.gemm(weights, input, output, true, false, 1, 0);
  }

  @Override
  public void close() {
    weights.close();
    input.close();
    output.close();
  }
}
