// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.speech;

/**
 * Triangular filters that are equally wide on the mel scale of Slaney's Auditory Toolbox (1998),
 * which is linear up to 1 kHz and logarithmic above, each of the same area over the frequencies.
 */
final class MelFilters {
  private static final double HERTZ_PER_MEL = 200.0 / 3;
  private static final double KNEE_HERTZ = 1000;
  private static final double KNEE_MEL = KNEE_HERTZ / HERTZ_PER_MEL;
  private static final double LOG_STEP = Math.log(6.4) / 27;

  private final int[] firsts;
  private final double[][] weights;

  /**
   * Makes filters from 0 to half the sample rate.
   *
   * @param bins how many
   * @param frequencies points of the spectrum
   */
  MelFilters(int bins, int frequencies, int sampleRate) {
    double highest = mel(sampleRate / 2.0);
    double[] corners = new double[bins + 2];
    for (int i = 0; i < corners.length; i++) {
      corners[i] = hertz(highest * i / (bins + 1));
    }
    double spacing = sampleRate / 2.0 / (frequencies - 1);
    this.firsts = new int[bins];
    this.weights = new double[bins][];
    for (int bin = 0; bin < bins; bin++) {
      int first = Math.min(frequencies, (int) Math.ceil(corners[bin] / spacing));
      int end = Math.max(first, Math.min(frequencies, (int) (corners[bin + 2] / spacing) + 1));
      firsts[bin] = first;
      weights[bin] = new double[end - first];
      for (int f = first; f < end; f++) {
        double rising = (f * spacing - corners[bin]) / (corners[bin + 1] - corners[bin]);
        double falling = (corners[bin + 2] - f * spacing) / (corners[bin + 2] - corners[bin + 1]);
        weights[bin][f - first] =
            Math.max(0, Math.min(rising, falling)) * 2 / (corners[bin + 2] - corners[bin]);
      }
    }
  }

  private static double mel(double hertz) {
    return hertz < KNEE_HERTZ
        ? hertz / HERTZ_PER_MEL
        : KNEE_MEL + Math.log(hertz / KNEE_HERTZ) / LOG_STEP;
  }

  private static double hertz(double mel) {
    return mel < KNEE_MEL
        ? mel * HERTZ_PER_MEL
        : KNEE_HERTZ * Math.exp((mel - KNEE_MEL) * LOG_STEP);
  }

  /** The sum of a spectrum under a filter. */
  double apply(int bin, double[] spectrum) {
    double sum = 0;
    for (int i = 0; i < weights[bin].length; i++) {
      sum += weights[bin][i] * spectrum[firsts[bin] + i];
    }
    return sum;
  }
}
