// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.statistic;

/**
 * The smallest and largest value that each channel of an input took.
 *
 * <p>The arrays are not copied and must not be changed.
 *
 * @param minimum the smallest value of each channel
 * @param maximum the largest value of each channel
 */
public record ChannelRanges(float[] minimum, float[] maximum) {

  /**
   * Checks the lengths.
   *
   * @throws IllegalArgumentException if they differ
   */
  public ChannelRanges {
    if (minimum.length != maximum.length) {
      throw new IllegalArgumentException(
          "maximum: " + maximum.length + " channels, expected " + minimum.length);
    }
  }

  /**
   * The largest magnitude of each channel.
   *
   * @return a fresh array
   */
  public float[] absoluteMaximum() {
    float[] result = new float[minimum.length];
    for (int j = 0; j < result.length; j++) {
      result[j] = Math.max(Math.abs(minimum[j]), Math.abs(maximum[j]));
    }
    return result;
  }

  ChannelRanges merged(ChannelRanges other) {
    float[] low = minimum.clone();
    float[] high = maximum.clone();
    for (int j = 0; j < low.length; j++) {
      low[j] = Math.min(low[j], other.minimum[j]);
      high[j] = Math.max(high[j], other.maximum[j]);
    }
    return new ChannelRanges(low, high);
  }

  ChannelRanges scaled(float[] factors) {
    float[] low = new float[minimum.length];
    float[] high = new float[minimum.length];
    for (int j = 0; j < low.length; j++) {
      float first = minimum[j] * factors[j];
      float second = maximum[j] * factors[j];
      low[j] = Math.min(first, second);
      high[j] = Math.max(first, second);
    }
    return new ChannelRanges(low, high);
  }

  ChannelRanges shifted(float[] shift) {
    float[] low = new float[minimum.length];
    float[] high = new float[minimum.length];
    for (int j = 0; j < low.length; j++) {
      low[j] = minimum[j] - shift[j];
      high[j] = maximum[j] - shift[j];
    }
    return new ChannelRanges(low, high);
  }

  ChannelRanges permuted(int[] order) {
    float[] low = new float[minimum.length];
    float[] high = new float[minimum.length];
    for (int j = 0; j < low.length; j++) {
      low[j] = minimum[order[j]];
      high[j] = maximum[order[j]];
    }
    return new ChannelRanges(low, high);
  }
}
