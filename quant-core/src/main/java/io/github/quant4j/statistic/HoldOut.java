// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.statistic;

/**
 * Which tokens of a calibration are held out: kept from the statistics, so that the error on them
 * tells how well a quantization does on what it was not fitted to.
 *
 * <p>One token of each stretch of {@code every} tokens, at a pseudorandom place in it, but none of
 * the first stretch, so that short inputs lose nothing. It follows from the token's number alone,
 * and so does not depend on batches or threads.
 *
 * @param every one in so many tokens, at least 2; 0 to hold out none
 */
public record HoldOut(int every) {

  /**
   * Checks the rate.
   *
   * @throws IllegalArgumentException if it is negative or 1
   */
  public HoldOut {
    if (every < 0 || every == 1) {
      throw new IllegalArgumentException("every: " + every + ", expected 0 or at least 2");
    }
  }

  /**
   * Holds out nothing.
   *
   * @return the split
   */
  public static HoldOut none() {
    return new HoldOut(0);
  }

  /**
   * Whether a token is held out.
   *
   * @param token its place in the calibration, from 0
   * @return true if statistics are not to see it
   */
  public boolean contains(long token) {
    if (token < every || every == 0) {
      return false;
    }
    return token % every == Long.remainderUnsigned(RowReservoir.rank(token / every), every);
  }
}
