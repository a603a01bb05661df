// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.metric;

import io.github.quant4j.tensor.FloatMatrix;

/**
 * Signal to quantization noise ratio (SQNR): the energy of a reference over that of the difference
 * from it, in decibels. Six decibels are about one bit.
 *
 * @param signal the energy of the reference, {@code sum(reference^2)}
 * @param noise the energy of the difference, {@code sum((actual - reference)^2)}
 */
public record SignalToNoise(double signal, double noise) {
  /** Of no values. */
  public static final SignalToNoise NONE = new SignalToNoise(0, 0);

  /**
   * The energies of two matrices, accumulated in binary64.
   *
   * @param reference what is right
   * @param actual what came out, of the same shape
   * @return their energies
   * @throws IllegalArgumentException if the shapes differ
   */
  public static SignalToNoise of(FloatMatrix reference, FloatMatrix actual) {
    if (reference.rows() != actual.rows() || reference.columns() != actual.columns()) {
      throw new IllegalArgumentException(
          "actual: " + actual + ", expected the shape of the reference, " + reference);
    }
    double signal = 0;
    double noise = 0;
    for (int i = 0; i < reference.data().length; i++) {
      double expected = reference.data()[i];
      double difference = actual.data()[i] - expected;
      signal += expected * expected;
      noise += difference * difference;
    }
    return new SignalToNoise(signal, noise);
  }

  /**
   * The ratio of two matrices, {@code 10 log10(sum(reference^2) / sum((actual - reference)^2))},
   * accumulated in binary64.
   *
   * @param reference what is right
   * @param actual what came out, of the same shape
   * @return decibels; infinite if there is no difference; NaN if an element is NaN
   * @throws IllegalArgumentException if the shapes differ
   */
  public static double decibels(FloatMatrix reference, FloatMatrix actual) {
    return of(reference, actual).decibels();
  }

  /**
   * That of these values and others together.
   *
   * @param other energies of other values
   * @return the sums
   */
  public SignalToNoise plus(SignalToNoise other) {
    return new SignalToNoise(signal + other.signal, noise + other.noise);
  }

  /**
   * The ratio, {@code 10 log10(signal / noise)}.
   *
   * @return decibels; infinite if there is no noise; NaN if an energy is NaN
   */
  public double decibels() {
    return noise == 0 ? Double.POSITIVE_INFINITY : 10 * Math.log10(signal / noise);
  }
}
