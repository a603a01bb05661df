// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.statistic;

import io.github.quant4j.tensor.FloatMatrix;

/**
 * How values are distributed, in bounded memory: counts in buckets that are 2^-7 of their value
 * wide, so that any quantile comes out within 0.4 percent, be it in the tail or not.
 *
 * <p>A bucket is all floats with the same sign, exponent and first seven bits of the fraction; with
 * buckets that grow with the value this is the idea of DDSketch (Masson et al., VLDB 2019). The
 * buckets are the same for everybody, so merging adds counts: the sketch of two halves merged is
 * exactly the sketch of the whole, in any order. Takes 512 KiB. Not thread-safe.
 */
public final class QuantileSketch {
  private static final int FRACTION_BITS_DROPPED = 16;
  private static final int BUCKETS = 1 << (Float.SIZE - FRACTION_BITS_DROPPED);
  private static final int NEGATIVE = BUCKETS / 2;

  private final long[] counts;
  private long count;

  private QuantileSketch(long[] counts, long count) {
    this.counts = counts;
    this.count = count;
  }

  /**
   * A sketch of no values.
   *
   * @return the empty sketch
   */
  public static QuantileSketch empty() {
    return new QuantileSketch(new long[BUCKETS], 0);
  }

  /**
   * Adds all elements of a matrix, which must be finite.
   *
   * @param values the elements
   */
  public void add(FloatMatrix values) {
    for (float value : values.data()) {
      assert Float.isFinite(value) : value;
      counts[Float.floatToRawIntBits(value) >>> FRACTION_BITS_DROPPED]++;
    }
    count += values.data().length;
  }

  /**
   * Adds what another sketch has seen.
   *
   * @param other not changed
   */
  public void merge(QuantileSketch other) {
    for (int i = 0; i < BUCKETS; i++) {
      counts[i] += other.counts[i];
    }
    count += other.count;
  }

  /**
   * The number of values.
   *
   * @return 0 for an empty sketch
   */
  public long count() {
    return count;
  }

  /**
   * The value below or at which a share of all values lies, within 0.4 percent of its magnitude
   * (absolutely within {@link Float#MIN_NORMAL} below that).
   *
   * @param share from 0 for the least value to 1 for the largest
   * @return the value of rank {@code share (count - 1)}, rounded up; 0 for an empty sketch
   * @throws IllegalArgumentException if the share is not from 0 to 1
   */
  public float quantile(double share) {
    long rank = rank(share);
    long seen = 0;
    for (int bucket = BUCKETS - 1; bucket >= NEGATIVE; bucket--) {
      seen += counts[bucket];
      if (seen > rank) {
        return middle(bucket);
      }
    }
    for (int bucket = 0; bucket < NEGATIVE; bucket++) {
      seen += counts[bucket];
      if (seen > rank) {
        return middle(bucket);
      }
    }
    return 0;
  }

  /**
   * The same for magnitudes.
   *
   * @param share from 0 for the least magnitude to 1 for the largest
   * @return the magnitude of rank {@code share (count - 1)}, rounded up; 0 for an empty sketch
   * @throws IllegalArgumentException if the share is not from 0 to 1
   */
  public float magnitudeQuantile(double share) {
    long rank = rank(share);
    long seen = 0;
    for (int bucket = 0; bucket < NEGATIVE; bucket++) {
      seen += counts[bucket] + counts[NEGATIVE + bucket];
      if (seen > rank) {
        return middle(bucket);
      }
    }
    return 0;
  }

  private long rank(double share) {
    if (!(share >= 0 && share <= 1)) {
      throw new IllegalArgumentException("share: " + share + ", expected 0 to 1");
    }
    return (long) Math.ceil(share * Math.max(0, count - 1));
  }

  /** The middle of a bucket; zero stands for the bucket of zero and the smallest subnormals. */
  private static float middle(int bucket) {
    if ((bucket & (NEGATIVE - 1)) == 0) {
      return 0;
    }
    return Float.intBitsToFloat(bucket << FRACTION_BITS_DROPPED | 1 << (FRACTION_BITS_DROPPED - 1));
  }

  /** The number of values and three quantiles. */
  @Override
  public String toString() {
    return "QuantileSketch["
        + count
        + " values, median "
        + quantile(0.5)
        + ", from "
        + quantile(0)
        + " to "
        + quantile(1)
        + "]";
  }
}
