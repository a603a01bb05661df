// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.pipeline;

import io.github.quant4j.json.JsonValue;
import java.util.Locale;
import java.util.SequencedMap;

/**
 * Numbers of reports that need not be finite. JSON has neither infinities nor NaN: a ratio of
 * signal to noise that is infinite, as nothing differs, is left out, and one that is not a number
 * is null.
 */
final class ReportNumbers {
  private ReportNumbers() {}

  /** Puts a number that has no other reading than a finite one. */
  static void put(SequencedMap<String, Object> members, String name, double value) {
    if (Double.isFinite(value)) {
      members.put(name, value);
    }
  }

  /** Puts a ratio of signal to noise in decibels. */
  static void putRatio(SequencedMap<String, Object> members, String name, double decibels) {
    if (Double.isFinite(decibels)) {
      members.put(name, decibels);
    } else if (decibels != Double.POSITIVE_INFINITY) {
      members.put(name, new JsonValue.Null());
    }
  }

  /** Reads what {@link #putRatio} has put. */
  static double ratio(JsonValue.Obj json, String name) {
    boolean isLeftOut = !json.members().containsKey(name);
    return json.getDouble(name).orElse(isLeftOut ? Double.POSITIVE_INFINITY : Double.NaN);
  }

  /** A ratio for people. */
  static String decibels(double value) {
    return value == Double.POSITIVE_INFINITY ? "exact" : text("%.2f", value);
  }

  /** A number for people. */
  static String text(String format, double value) {
    return Double.isFinite(value) ? String.format(Locale.ROOT, format, value) : "-";
  }
}
