// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.speech;

/** Band-limited interpolation by a windowed sinc, with a filter for each phase. */
final class Resampler {
  private static final int ZERO_CROSSINGS = 16;
  private static final int MOST_WEIGHTS = 1 << 22;

  private Resampler() {}

  static float[] resample(float[] samples, int from, int to) {
    int divisor = greatestCommonDivisor(from, to);
    int phases = to / divisor;
    int step = from / divisor;
    long length = Math.ceilDiv((long) samples.length * phases, step);
    // When the rate falls, the filter is as much longer as its band is narrower.
    double band = Math.min(1.0, (double) to / from);
    int reach = (int) Math.ceil(ZERO_CROSSINGS / band);
    if (length > Integer.MAX_VALUE - 8 || (long) phases * 2 * reach > MOST_WEIGHTS) {
      throw new IllegalArgumentException(
          "rate: "
              + to
              + " for "
              + samples.length
              + " samples at "
              + from
              + ", expected fewer than 2^31 samples, and rates of a simpler ratio than "
              + phases
              + " to "
              + step);
    }
    double[][] filters = new double[phases][];
    for (int phase = 0; phase < phases; phase++) {
      filters[phase] = filter((double) phase / phases, band, reach);
    }
    float[] resampled = new float[(int) length];
    for (int i = 0; i < resampled.length; i++) {
      long position = (long) i * step;
      double[] filter = filters[(int) (position % phases)];
      int first = (int) (position / phases) - reach + 1;
      double sum = 0;
      for (int j = Math.max(0, -first); j < Math.min(filter.length, samples.length - first); j++) {
        sum += filter[j] * samples[first + j];
      }
      resampled[i] = (float) sum;
    }
    return resampled;
  }

  /**
   * The weights of the samples around a position.
   *
   * @param fraction how far the position is behind a sample, that of index {@code reach - 1}
   */
  private static double[] filter(double fraction, double band, int reach) {
    double[] weights = new double[2 * reach];
    double total = 0;
    for (int j = 0; j < weights.length; j++) {
      double distance = j - (reach - 1) - fraction;
      double angle = Math.PI * distance * band;
      double sinc = angle == 0 ? 1 : Math.sin(angle) / angle;
      double window = 0.5 + 0.5 * Math.cos(Math.PI * Math.min(1, Math.abs(distance) / reach));
      weights[j] = sinc * window;
      total += weights[j];
    }
    // Silence and constants stay what they are at every phase.
    for (int j = 0; j < weights.length; j++) {
      weights[j] /= total;
    }
    return weights;
  }

  private static int greatestCommonDivisor(int a, int b) {
    return b == 0 ? a : greatestCommonDivisor(b, a % b);
  }
}
