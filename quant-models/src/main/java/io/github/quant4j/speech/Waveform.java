// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.speech;

/**
 * Sound of one channel.
 *
 * @param samples the samples, usually from -1 to 1; not copied, not to be changed
 * @param sampleRate samples a second
 */
@SuppressWarnings("ArrayRecordComponent") // a long array that nobody compares
public record Waveform(float[] samples, int sampleRate) {
  private static final int HIGHEST_RATE = 1 << 20;

  /**
   * Checks the rate.
   *
   * @throws IllegalArgumentException if it is not from 1 to 1,048,576
   */
  public Waveform {
    if (sampleRate < 1 || sampleRate > HIGHEST_RATE) {
      throw new IllegalArgumentException(
          "sample rate: " + sampleRate + ", expected 1 to " + HIGHEST_RATE);
    }
  }

  /**
   * How long it is.
   *
   * @return seconds
   */
  public double seconds() {
    return (double) samples.length / sampleRate;
  }

  /**
   * The same sound at another rate, by band-limited interpolation: a sinc filter that cuts at the
   * lower of the two bandwidths, 16 zero crossings to each side, under a Hann window. Before the
   * beginning and after the end is silence.
   *
   * <p>Cost: {@code 32} multiply-adds for each sample of the higher rate.
   *
   * @param rate samples a second, from 1 to 1,048,576
   * @return the sound with {@code samples * rate / sampleRate} samples, rounded up; this one if the
   *     rate is its own
   * @throws IllegalArgumentException if the rate is out of range, or the samples do not fit an
   *     array
   */
  public Waveform resampled(int rate) {
    Waveform empty = new Waveform(new float[0], rate);
    return rate == sampleRate
        ? this
        : new Waveform(Resampler.resample(samples, sampleRate, empty.sampleRate), rate);
  }

  /** Length and rate. */
  @Override
  public String toString() {
    return samples.length + " samples at " + sampleRate + " Hz";
  }
}
