// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernel;

/** Checks of the arrays that callers pass to kernels. */
final class KernelArrays {
  private KernelArrays() {}

  /** Refuses an input or an output that is too short for some tokens. */
  static void require(
      LinearKernel kernel, float[] x, int xOffset, int tokens, float[] y, int yOffset) {
    require("x", x, xOffset, tokens, kernel.inFeatures());
    require("y", y, yOffset, tokens, kernel.outFeatures());
  }

  /** Refuses an array that is too short for some tokens. */
  static void require(String name, float[] array, int offset, int tokens, int width) {
    require(name, -1, array, offset, tokens, width);
  }

  /** The same for one of several arrays; the name is put together only when it is needed. */
  static void require(String name, int number, float[] array, int offset, int tokens, int width) {
    if (tokens < 0) {
      throw new IllegalArgumentException("tokens: " + tokens + ", expected at least 0");
    }
    if (offset < 0 || (long) tokens * width > (long) array.length - offset) {
      throw new IllegalArgumentException(
          (number < 0 ? name : name + "[" + number + "]")
              + ": length "
              + array.length
              + (offset == 0 ? "" : " from position " + offset + " on")
              + ", expected room for "
              + (long) tokens * width
              + " values ("
              + (tokens == 1 ? "1 token" : tokens + " tokens")
              + " of "
              + width
              + ")"
              + (offset < 0 ? " and a position of at least 0" : ""));
    }
  }
}
