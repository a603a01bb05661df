// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.format;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.testing.SeededRandom;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Pairs of OliVe against all pairs that there are. */
class OutlierPairsTest {
  private static final int[] OUTLIERS = {12, 16, 24, 32, 48, 64, 96};

  private static List<double[]> pairs() {
    List<double[]> pairs = new ArrayList<>();
    for (int a = -7; a <= 7; a++) {
      for (int b = -7; b <= 7; b++) {
        pairs.add(new double[] {a, b});
      }
    }
    for (int outlier : OUTLIERS) {
      pairs.add(new double[] {outlier, 0});
      pairs.add(new double[] {-outlier, 0});
      pairs.add(new double[] {0, outlier});
      pairs.add(new double[] {0, -outlier});
    }
    return pairs;
  }

  /** {@code (2 + m) 2^(e + 2)} with two bits of exponent and one of mantissa. */
  @Test
  void outliersAreThoseOfThePaper() {
    for (int magnitude = 1; magnitude < 8; magnitude++) {
      double value = (2 + magnitude % 2) * Math.pow(2, magnitude / 2 + 2);
      assertEquals(OUTLIERS[magnitude - 1], value);
      assertEquals(value, OutlierPairs.decode(magnitude, OutlierPairs.VICTIM));
      assertEquals(-value, OutlierPairs.decode(magnitude | 8, OutlierPairs.VICTIM));
      assertEquals(0, OutlierPairs.decode(OutlierPairs.VICTIM, magnitude));
    }
  }

  @Test
  void everyPairIsTheBestOfAll() {
    SeededRandom random = new SeededRandom(61);
    for (int i = 0; i < 3000; i++) {
      float a = random.nextGaussian() * (random.nextInt(0, 3) == 0 ? 40 : 4);
      float b = random.nextGaussian() * (random.nextInt(0, 3) == 0 ? 40 : 4);
      int code = OutlierPairs.encode(a, b);
      double decodedA = OutlierPairs.decode(code & 15, code >> 4);
      double decodedB = OutlierPairs.decode(code >> 4, code & 15);
      double found = Math.pow(a - decodedA, 2) + Math.pow(b - decodedB, 2);
      double best = Double.POSITIVE_INFINITY;
      for (double[] pair : pairs()) {
        best = Math.min(best, Math.pow(a - pair[0], 2) + Math.pow(b - pair[1], 2));
      }
      assertTrue(found <= best * (1 + 1e-6) + 1e-9, a + ", " + b + ": " + random);
    }
  }
}
