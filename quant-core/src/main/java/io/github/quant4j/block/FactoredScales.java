// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.block;

/**
 * Scales and offsets of the runs of a block that are small integers times a number of the whole
 * block: scale {@code r} is {@code scale * scaleFactor[r]}, offset {@code r} is {@code -(offset *
 * offsetFactor[r])}, in binary32.
 *
 * <p>Immutable and thread-safe.
 */
public final class FactoredScales {
  private static final int NONE = -1;

  private final int runs;
  private final int scalePlace;
  private final int offsetPlace;
  private final Factors factors;

  /** How the integers of a block are found; offset factors are left alone if there are none. */
  @FunctionalInterface
  interface Factors {
    void read(byte[] blocks, int from, byte[] scaleFactors, byte[] offsetFactors, int at);
  }

  private FactoredScales(int runs, int scalePlace, int offsetPlace, Factors factors) {
    this.runs = runs;
    this.scalePlace = scalePlace;
    this.offsetPlace = offsetPlace;
    this.factors = factors;
  }

  static FactoredScales scaled(int runs, int scalePlace, Factors factors) {
    return new FactoredScales(runs, scalePlace, NONE, factors);
  }

  static FactoredScales shifted(int runs, int scalePlace, int offsetPlace, Factors factors) {
    return new FactoredScales(runs, scalePlace, offsetPlace, factors);
  }

  /**
   * The runs of a block.
   *
   * @return 8 or 16
   */
  public int runs() {
    return runs;
  }

  /**
   * What the scale factors of a block are multiplied by.
   *
   * @param blocks bytes with the block
   * @param from where it begins
   * @return a number of binary16
   */
  public float scale(byte[] blocks, int from) {
    return BlockBytes.half(blocks, from + scalePlace);
  }

  /**
   * What the offset factors of a block are multiplied by.
   *
   * @param blocks bytes with the block
   * @param from where it begins
   * @return a number of binary16; 0 if the format has no offsets
   */
  public float offset(byte[] blocks, int from) {
    return offsetPlace == NONE ? 0 : BlockBytes.half(blocks, from + offsetPlace);
  }

  /**
   * The factors of a block.
   *
   * @param blocks bytes with the block
   * @param from where it begins
   * @param scaleFactors receives one for each run, signed
   * @param offsetFactors receives one for each run, not negative; untouched without offsets
   * @param at position of the first one in both
   * @throws IndexOutOfBoundsException if the block or its factors do not lie within
   */
  public void factors(byte[] blocks, int from, byte[] scaleFactors, byte[] offsetFactors, int at) {
    factors.read(blocks, from, scaleFactors, offsetFactors, at);
  }

  /** All scales and offsets of a block. */
  void read(byte[] blocks, int from, float[] scales, float[] offsets, int at) {
    byte[] scaleFactors = new byte[runs];
    byte[] offsetFactors = new byte[runs];
    factors.read(blocks, from, scaleFactors, offsetFactors, 0);
    float scale = scale(blocks, from);
    float offset = offset(blocks, from);
    for (int r = 0; r < runs; r++) {
      scales[at + r] = scale * scaleFactors[r];
      if (offsetPlace != NONE) {
        offsets[at + r] = -(offset * offsetFactors[r]);
      }
    }
  }
}
