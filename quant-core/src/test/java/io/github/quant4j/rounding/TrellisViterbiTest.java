// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.rounding;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.format.TrellisCode;
import io.github.quant4j.format.TrellisCodes;
import io.github.quant4j.testing.SeededRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** The Viterbi algorithm against all stretches of codes, and on normally distributed numbers. */
class TrellisViterbiTest {
  private static TrellisCode code(int bits, int window, SeededRandom random) {
    List<TrellisCode.Plane> planes = new ArrayList<>();
    while (planes.size() < 3) {
      int mask = random.nextInt(1, 1 << window);
      if (planes.stream().noneMatch(plane -> plane.mask() == mask)) {
        planes.add(new TrellisCode.Plane(mask, random.nextInt(1, 40)));
      }
    }
    return new TrellisCode(bits, window, planes);
  }

  private static double cost(
      TrellisCode code, int start, byte[] codes, float[] targets, float[] weights) {
    int state = start;
    double cost = 0;
    for (int t = 0; t < codes.length; t++) {
      state = code.next(state, codes[t]);
      double off = targets[t] - code.value(state);
      cost += weights[t] * off * off;
    }
    return cost;
  }

  @ParameterizedTest
  @CsvSource({
    "1, 3, 9", "2, 3, 5", "2, 4, 5", "2, 5, 5", "2, 6, 5", "3, 4, 4", "3, 6, 4", "4, 8, 3"
  })
  void noStretchOfCodesIsCloser(int bits, int window, int length) {
    SeededRandom random = new SeededRandom(bits * 100 + window);
    for (int trial = 0; trial < 60; trial++) {
      TrellisCode code = code(bits, window, random);
      int start = random.nextInt(0, code.states());
      int ahead = trial % 2;
      int first = random.nextInt(1, length + 1);
      float[] targets = new float[length];
      float[] weights = new float[length];
      byte[] codes = new byte[length];
      byte[] values = new byte[length];
      for (int t = 0; t < length; t++) {
        targets[t] = 30 * random.nextGaussian();
        weights[t] = t == 1 ? 0 : (float) (0.1 + random.nextDouble());
      }
      TrellisViterbi viterbi = new TrellisViterbi(code, length + 2);
      viterbi.start(start);
      viterbi.extend(0, first, targets, weights);
      // What is known halfway is not final, and changes nothing.
      viterbi.decide(first, 0, targets, weights, codes, values);
      viterbi.extend(first, length, targets, weights);
      int end = viterbi.decide(length, ahead, targets, weights, codes, values);
      double least = Double.POSITIVE_INFINITY;
      byte[] tried = new byte[length];
      for (int number = 0; number < 1 << bits * length; number++) {
        for (int t = 0; t < length; t++) {
          tried[t] = (byte) (number >> bits * t & (1 << bits) - 1);
        }
        least = Math.min(least, cost(code, start, tried, targets, weights));
      }
      String what = random + ", " + code + ", trial " + trial;
      assertEquals(least, cost(code, start, codes, targets, weights), 1e-4 * least + 1e-3, what);
      int state = start;
      for (int t = 0; t < length; t++) {
        state = code.next(state, codes[t]);
        assertEquals(code.value(state), values[t], what);
        if (t == length - ahead - 1) {
          assertEquals(state, end, what);
        }
      }
      byte[] again = new byte[length];
      int last = viterbi.encode(length, targets, weights, start, again, values);
      assertArrayEquals(codes, again, what);
      assertEquals(state, last, what);
    }
  }

  static Stream<TrellisCodes.Entry> codes() {
    return TrellisCodes.all().stream();
  }

  @ParameterizedTest
  @MethodSource("codes")
  void errorOfNormallyDistributedNumbersIsWhatTheSearchFound(TrellisCodes.Entry entry) {
    int length = 4096;
    SeededRandom random = new SeededRandom(9);
    TrellisViterbi viterbi = new TrellisViterbi(entry.code(), length);
    float[] targets = new float[length];
    float[] weights = new float[length];
    byte[] codes = new byte[length];
    byte[] values = new byte[length];
    Arrays.fill(weights, 1);
    double error = 0;
    double power = 0;
    int sequences = 6;
    for (int s = 0; s < sequences; s++) {
      for (int t = 0; t < length; t++) {
        targets[t] = (float) (entry.deviation() * random.nextGaussian());
      }
      viterbi.encode(length, targets, weights, 0, codes, values);
      for (int t = 0; t < length; t++) {
        error += Math.pow(targets[t] - values[t], 2);
        power += Math.pow(targets[t], 2);
      }
    }
    double relative = error / power;
    assertEquals(entry.error(), relative, 0.02 * entry.error(), random + ", " + entry);
    // No code of so many bits can do better than the rate-distortion bound.
    assertTrue(relative > Math.pow(2, -2 * entry.code().bits()), entry.toString());
  }

  @ParameterizedTest
  @MethodSource("codes")
  void shippedCodesHaveMasksOfOneOrThreeBits(TrellisCodes.Entry entry) {
    for (TrellisCode.Plane plane : entry.code().planes()) {
      assertTrue(Integer.bitCount(plane.mask()) % 2 == 1, entry.toString());
      assertTrue(Integer.bitCount(plane.mask()) <= 3, entry.toString());
    }
  }
}
