// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.report.figure;

/**
 * A scale of numbers.
 *
 * @param label what the numbers are, with their unit
 * @param isLogarithmic whether equal distances are equal ratios; numbers that are not positive are
 *     not drawn then
 */
public record Axis(String label, boolean isLogarithmic) {

  /**
   * A scale of equal distances.
   *
   * @param label what the numbers are, with their unit
   * @return the axis
   */
  public static Axis linear(String label) {
    return new Axis(label, false);
  }

  /**
   * A scale of equal ratios.
   *
   * @param label what the numbers are, with their unit
   * @return the axis
   */
  public static Axis logarithmic(String label) {
    return new Axis(label, true);
  }

  /**
   * Whether a number can be drawn.
   *
   * @param value the number
   * @return whether it is finite, and positive if the axis is logarithmic
   */
  public boolean shows(double value) {
    return Double.isFinite(value) && (!isLogarithmic || value > 0);
  }
}
