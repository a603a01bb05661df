// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.decompose;

import java.math.BigDecimal;

/** Numbers in text forms. */
final class Labels {
  private Labels() {}

  static String number(double value) {
    return new BigDecimal(Double.toString(value)).stripTrailingZeros().toPlainString();
  }
}
