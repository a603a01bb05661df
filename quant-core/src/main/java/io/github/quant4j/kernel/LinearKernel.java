// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernel;

import io.github.quant4j.annotation.Stable;

/**
 * A linear layer ready to run: {@code y = x W^T} for weights {@code [out, in]} in the layout that
 * the kernel reads fastest.
 *
 * <p>Kernels are immutable and thread-safe; each call borrows scratch memory from the kernel's
 * options and allocates nothing once warm. Results do not depend on the number of threads.
 */
@Stable
public interface LinearKernel {

  /**
   * The width of the input.
   *
   * @return {@code in}
   */
  int inFeatures();

  /**
   * The width of the output.
   *
   * @return {@code out}
   */
  int outFeatures();

  /**
   * Multiplies one token.
   *
   * @param x the input, at least {@code inFeatures()} elements
   * @param y receives the output, at least {@code outFeatures()} elements; must not be {@code x}
   * @throws IllegalArgumentException if an array is too short; the message names it
   */
  default void multiply(float[] x, float[] y) {
    multiply(x, 0, 1, y, 0);
  }

  /**
   * Multiplies several tokens.
   *
   * @param x the input, row-major {@code [tokens, inFeatures()]}
   * @param xOffset position of its first element
   * @param tokens how many tokens; 0 does nothing
   * @param y receives the output, row-major {@code [tokens, outFeatures()]}; must not be {@code x}
   * @param yOffset position of its first element
   * @throws IllegalArgumentException if an array is too short; the message names it
   */
  void multiply(float[] x, int xOffset, int tokens, float[] y, int yOffset);

  /**
   * What this is: the provider and its method, the format and the shape. Implementations print as
   * this line.
   *
   * @return one line, for logs and reports
   */
  String describe();
}
