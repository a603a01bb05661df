// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.format;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The papers' formulas, written out again. */
class CodebookFamiliesTest {

  /** {@code sign(q) |q|^(1/a)}, with the largest q at 1. */
  @ParameterizedTest
  @CsvSource({"0.5, 4", "0.625, 3", "1, 2", "0.1, 8", "2, 5"})
  void companding(double exponent, int bits) {
    Codebook format = CodebookFamilies.power(exponent, bits);
    int most = (1 << (bits - 1)) - 1;
    float[] levels = format.levels();
    assertEquals(2 * most + 1, levels.length);
    assertEquals(bits, format.bits());
    for (int q = -most; q <= most; q++) {
      double expected =
          Math.signum(q) * Math.exp(Math.log(Math.max(Math.abs(q), 1e-300) / most) / exponent);
      assertEquals(
          q == 0 ? 0 : expected, levels[q + most], 1e-6 * Math.abs(expected), format::name);
    }
  }

  @Test
  void powersOfTwo() {
    assertArrayEquals(
        new float[] {-8, -4, -2, -1, 1, 2, 4, 8}, CodebookFamilies.powersOfTwo(3).levels());
    assertEquals(128, CodebookFamilies.powersOfTwo(4).maximum());
  }

  /**
   * Counted by patterns of 7 bits behind the sign: n zeros, a one, and 6 - n bits of fraction give
   * decade -n and a middle of so many parts; no pattern has no one but zero, and one stands for 1.
   */
  @Test
  void dynamicMap() {
    Set<Float> expected = new TreeSet<>(Set.of(0f, 1f));
    for (int pattern = 1; pattern < 128; pattern++) {
      int zeros = Integer.numberOfLeadingZeros(pattern) - 25;
      int fractionBits = 6 - zeros;
      int fraction = pattern & ((1 << fractionBits) - 1);
      double part = 0.9 / (1 << fractionBits);
      double value = Math.pow(10, -zeros) * (0.1 + part * fraction + part / 2);
      expected.add((float) value);
      expected.add((float) -value);
    }
    float[] levels = Codebook.DYNAMIC8.levels();
    assertEquals(256, levels.length);
    int i = 0;
    for (float value : expected) {
      assertEquals(value, levels[i++], 1e-6f * Math.abs(value));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"power(0.5,4)", "power(0.333,8)", "pot(4)", "dynamic8"})
  void namesAreReadBack(String name) {
    NumberFormat format = NumberFormats.parse(name);
    assertEquals(name, format.name());
    assertEquals(format, NumberFormats.parse(format.name()));
    for (int code = 0; code < format.levels().length; code++) {
      assertEquals(format.decode(code), format.nearest(format.decode(code)));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"power(0.05,4)", "power(0.5,9)", "power(0.5)", "pot(7)", "pot(1)"})
  void whatIsOutOfRangeIsRefused(String name) {
    assertThrows(IllegalArgumentException.class, () -> NumberFormats.parse(name));
  }
}
