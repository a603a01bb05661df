// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.linear;

/** Numbers in text forms. */
final class Labels {
  private Labels() {}

  static String number(double value) {
    if (value == Math.rint(value) && Math.abs(value) < 1e9) {
      return Long.toString((long) value);
    }
    return new java.math.BigDecimal(Double.toString(value)).toPlainString();
  }
}
