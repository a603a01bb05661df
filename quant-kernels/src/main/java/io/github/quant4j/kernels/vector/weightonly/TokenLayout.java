// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector.weightonly;

/**
 * What a {@link TokenVector} is made of; kernels with equal layouts share their inputs.
 *
 * @param inFeatures inputs of a token
 * @param groupSize inputs that share a scale; the last group may be shorter
 * @param groups how many groups there are
 * @param valueCount length of the arranged token
 * @param offset what every code counts too much, in the code's units
 * @param arrangement how the inputs are arranged
 */
record TokenLayout(
    int inFeatures,
    int groupSize,
    int groups,
    int valueCount,
    float offset,
    Arrangement arrangement) {

  /** An order of the inputs, or something computed from them; equal if it does the same. */
  interface Arrangement {
    /**
     * Fills the arranged token.
     *
     * @param layout the layout
     * @param x the inputs
     * @param xOffset position of the first one
     * @param values receives {@code valueCount} values
     * @param starts for each group what its sum starts from; may be changed
     */
    void arrange(TokenLayout layout, float[] x, int xOffset, float[] values, float[] starts);
  }

  /**
   * The inputs times a power of two, for minifloats whose exponents are too small by that.
   *
   * @param power the exponent of the power of two
   */
  record Scaled(int power) implements Arrangement {
    @Override
    public void arrange(
        TokenLayout layout, float[] x, int xOffset, float[] values, float[] starts) {
      TokenVector.copy(layout, x, xOffset, values);
      float factor = Math.scalb(1f, power);
      for (int i = 0; i < layout.inFeatures(); i++) {
        values[i] *= factor;
      }
    }
  }

  /** Arrangements without parameters. */
  enum Order implements Arrangement {
    /** As the caller gave them. */
    PLAIN {
      @Override
      public void arrange(
          TokenLayout layout, float[] x, int xOffset, float[] values, float[] starts) {
        TokenVector.copy(layout, x, xOffset, values);
      }
    },

    /**
     * For codes that stand for {@code 1 + code} rather than {@code code}, see {@link
     * MantissaNibbles}.
     */
    ONE_MORE {
      @Override
      public void arrange(
          TokenLayout layout, float[] x, int xOffset, float[] values, float[] starts) {
        TokenVector.copy(layout, x, xOffset, values);
        for (int g = 0; g < layout.groups(); g++) {
          int to = Math.min(layout.inFeatures(), (g + 1) * layout.groupSize());
          starts[g] -= (float) TokenVector.sum(x, xOffset + g * layout.groupSize(), xOffset + to);
        }
      }
    },

    /** For two codes in a lane of which the upper one is disturbed, see {@link PairedLookup}. */
    PAIRED {
      @Override
      public void arrange(
          TokenLayout layout, float[] x, int xOffset, float[] values, float[] starts) {
        TokenVector.copy(layout, x, xOffset, values);
        PairedLookup.undoDisturbance(layout, values, starts);
      }
    }
  }
}
