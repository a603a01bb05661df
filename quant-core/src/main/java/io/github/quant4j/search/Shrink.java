// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.search;

import java.util.ArrayList;
import java.util.List;

/**
 * A candidate for the range of a tile.
 *
 * @param low what the lower end is multiplied by, from 0 to 1
 * @param high what the upper end is multiplied by, from 0 to 1
 */
record Shrink(double low, double high) {

  /** Both ends alike: {@code 1 - i / steps} down to {@code 1 - most}, the full range first. */
  static List<Shrink> both(int steps, double most) {
    List<Shrink> candidates = new ArrayList<>();
    for (double factor : factors(steps, most)) {
      candidates.add(new Shrink(factor, factor));
    }
    return candidates;
  }

  /** Both ends alike, in equal ratios from 1 down to the least one. */
  static List<Shrink> geometric(int steps, double least) {
    List<Shrink> candidates = new ArrayList<>();
    for (int i = 0; i < steps; i++) {
      double factor = steps == 1 ? 1 : Math.pow(least, (double) i / (steps - 1));
      candidates.add(new Shrink(factor, factor));
    }
    return candidates;
  }

  /** All pairs of such factors, the full range first. */
  static List<Shrink> each(int steps, double most) {
    List<Shrink> candidates = new ArrayList<>();
    for (double low : factors(steps, most)) {
      for (double high : factors(steps, most)) {
        candidates.add(new Shrink(low, high));
      }
    }
    return candidates;
  }

  private static List<Double> factors(int steps, double most) {
    List<Double> factors = new ArrayList<>();
    // A range of zero width is no candidate.
    for (int i = 0; i <= most * steps && i < steps; i++) {
      factors.add(1 - (double) i / steps);
    }
    return factors;
  }
}
