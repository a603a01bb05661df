// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.examples.cli;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Numbers for people, the same in every locale. */
final class Numbers {
  private static final String[] UNITS = {"B", "kB", "MB", "GB", "TB"};
  private static final double THOUSAND = 1000;

  private Numbers() {}

  /** A number with so many digits behind the point. */
  static String fixed(double value, int digits) {
    return String.format(Locale.ROOT, "%." + digits + "f", value);
  }

  /** A number of any size in four significant digits. */
  static String significant(double value) {
    return Double.isNaN(value) ? "-" : String.format(Locale.ROOT, "%.4g", value);
  }

  /** A ratio of signal to noise, or a dash where there is no noise. */
  static String decibels(double ratio) {
    return Double.isFinite(ratio) ? fixed(ratio, 2) + " dB" : "-";
  }

  static String bytes(double count) {
    double value = count;
    int unit = 0;
    while (value >= THOUSAND && unit < UNITS.length - 1) {
      value /= THOUSAND;
      unit++;
    }
    return fixed(value, unit == 0 ? 0 : 2) + " " + UNITS[unit];
  }

  /** A number as JSON can say it: null if it is not finite. */
  static @Nullable Double json(double value) {
    return Double.isFinite(value) ? value : null;
  }
}
