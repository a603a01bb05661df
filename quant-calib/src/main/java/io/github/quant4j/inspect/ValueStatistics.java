// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.inspect;

/**
 * The distribution of a tensor's values. Values that are not finite are counted and otherwise left
 * out.
 *
 * @param count how many values there are, finite or not
 * @param nonFinite how many of them are NaN or infinite
 * @param minimum the least finite value; NaN if there is none
 * @param maximum the largest finite value; NaN if there is none
 * @param mean of the finite values; NaN if there is none
 * @param standardDeviation of the finite values, as of a whole population; NaN if there is none
 * @param excessKurtosis fourth central moment by the squared variance, less 3: 0 for normally
 *     distributed values, large where few values stand out; NaN if all values are equal
 */
public record ValueStatistics(
    long count,
    long nonFinite,
    double minimum,
    double maximum,
    double mean,
    double standardDeviation,
    double excessKurtosis) {

  /**
   * The largest magnitude.
   *
   * @return of the finite values; NaN if there is none
   */
  public double absoluteMaximum() {
    return Math.max(Math.abs(minimum), Math.abs(maximum));
  }
}
