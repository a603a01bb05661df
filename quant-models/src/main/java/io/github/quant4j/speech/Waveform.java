// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.speech;

/**
 * Sound of one channel.
 *
 * @param samples the samples, usually from -1 to 1; not copied, not to be changed
 * @param sampleRate samples a second, from 4,000 (telephones have 8,000) to 384,000
 */
@SuppressWarnings("ArrayRecordComponent") // a long array that nobody compares
public record Waveform(float[] samples, int sampleRate) {
  private static final int LOWEST_RATE = 4_000;
  private static final int HIGHEST_RATE = 384_000;

  /**
   * Checks the rate.
   *
   * @throws IllegalArgumentException if it is not from 4,000 to 384,000
   */
  public Waveform {
    if (sampleRate < LOWEST_RATE || sampleRate > HIGHEST_RATE) {
      throw new IllegalArgumentException(
          "sample rate: "
              + sampleRate
              + " Hz, expected "
              + LOWEST_RATE
              + " to "
              + HIGHEST_RATE
              + "; convert the recording to 16000");
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
   * @param rate samples a second, from 4,000 to 384,000
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
