// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.speech;

import io.github.quant4j.tensor.FloatMatrix;
import java.util.Arrays;

/**
 * Log-mel spectrograms as Whisper takes them (Radford et al., arXiv:2212.04356, section 2.2): sound
 * of 16,000 samples a second in windows of 25 ms (400 samples, Hann) that begin every 10 ms (160)
 * and are centred on their frame, the sound mirrored at both ends; the power spectrum of each in
 * mel bins; its logarithm to base 10, no less than 8 below the largest of the whole spectrogram;
 * plus 4, divided by 4. Computed in binary64.
 *
 * <p>Instances are immutable and thread-safe.
 */
public final class LogMelSpectrogram {
  /** Samples a second. */
  public static final int SAMPLE_RATE = 16_000;

  /** Samples from frame to frame. */
  public static final int HOP = 160;

  private static final int WINDOW = 400;
  private static final double LEAST_POWER = 1e-10;
  private static final double RANGE = 8;
  private static final RealSpectrum SPECTRUM = new RealSpectrum(WINDOW);

  private final int bins;
  private final MelFilters filters;
  private final double[] window = new double[WINDOW];

  private LogMelSpectrogram(int bins) {
    this.bins = bins;
    this.filters = new MelFilters(bins, SPECTRUM.frequencies(), SAMPLE_RATE);
    for (int i = 0; i < WINDOW; i++) {
      window[i] = 0.5 - 0.5 * Math.cos(2 * Math.PI * i / WINDOW);
    }
  }

  /**
   * Spectrograms of a number of mel bins.
   *
   * @param bins at least 1; 80 for most of OpenAI's models, 128 for the third large one
   * @return makes spectrograms
   * @throws IllegalArgumentException if there is not at least one bin
   */
  public static LogMelSpectrogram ofBins(int bins) {
    if (bins < 1) {
      throw new IllegalArgumentException("mel bins: " + bins + ", expected at least 1");
    }
    return new LogMelSpectrogram(bins);
  }

  /**
   * The spectrogram of a sound as long as it is.
   *
   * @param sound the sound, resampled if it has another rate than {@link #SAMPLE_RATE}
   * @return {@code [samples / 160, mel bins]}: a row for each full 10 ms
   * @throws IllegalArgumentException if the sound is shorter than 10 ms
   */
  public FloatMatrix of(Waveform sound) {
    float[] samples = sound.resampled(SAMPLE_RATE).samples();
    if (samples.length < HOP) {
      throw new IllegalArgumentException("sound: " + sound + ", expected at least 10 ms");
    }
    return spectrogram(samples, samples.length / HOP);
  }

  /**
   * The spectrogram of a sound that is made as long as wanted, with silence after its end or
   * without what is too much.
   *
   * <p>Cost: about 50,000 multiply-adds for each frame.
   *
   * @param sound the sound, resampled if it has another rate than {@link #SAMPLE_RATE}
   * @param frames how many frames of 10 ms, at least 1
   * @return {@code [frames, mel bins]}
   * @throws IllegalArgumentException if there is not at least one frame, or they do not fit an
   *     array
   */
  public FloatMatrix of(Waveform sound, int frames) {
    if (frames < 1 || frames > (Integer.MAX_VALUE - 8) / HOP) {
      throw new IllegalArgumentException(
          "frames: "
              + frames
              + " of "
              + sound
              + ", expected at least 1, and samples that fit an"
              + " array");
    }
    float[] heard = sound.resampled(SAMPLE_RATE).samples();
    return spectrogram(Arrays.copyOf(heard, frames * HOP), frames);
  }

  private FloatMatrix spectrogram(float[] samples, int frames) {
    FloatMatrix result = FloatMatrix.zeros(frames, bins);
    double[] logarithms = new double[frames * bins];
    double[] windowed = new double[WINDOW];
    double[] workspace = new double[SPECTRUM.workspace()];
    double[] power = new double[SPECTRUM.frequencies()];
    double largest = Double.NEGATIVE_INFINITY;
    for (int frame = 0; frame < frames; frame++) {
      int first = frame * HOP - WINDOW / 2;
      for (int i = 0; i < WINDOW; i++) {
        windowed[i] = window[i] * samples[mirrored(first + i, samples.length)];
      }
      SPECTRUM.power(windowed, workspace, power);
      for (int bin = 0; bin < bins; bin++) {
        double logarithm = Math.log10(Math.max(LEAST_POWER, filters.apply(bin, power)));
        logarithms[frame * bins + bin] = logarithm;
        largest = Math.max(largest, logarithm);
      }
    }
    for (int i = 0; i < logarithms.length; i++) {
      result.data()[i] = (float) ((Math.max(logarithms[i], largest - RANGE) + 4) / 4);
    }
    return result;
  }

  /** The sample that stands for one before the beginning or behind the end. */
  private static int mirrored(int index, int length) {
    int period = Math.max(1, 2 * (length - 1));
    int within = Math.floorMod(index, period);
    return within < length ? within : period - within;
  }
}
