// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.scheme;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.testing.SeededRandom;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DyadicRatioTest {
  /** floor(a m / 2^c + 1/2) in whole numbers of any length. */
  private static BigInteger exact(long accumulator, DyadicRatio ratio) {
    BigInteger twice =
        BigInteger.valueOf(accumulator)
            .multiply(BigInteger.valueOf(ratio.multiplier()))
            .shiftLeft(1)
            .add(BigInteger.ONE.shiftLeft(ratio.shift()));
    return twice.shiftRight(ratio.shift() + 1);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 4, 8, 16, 24, 31})
  void roundsExactly(int bits) {
    SeededRandom random = new SeededRandom(bits);
    for (int i = 0; i < 5000; i++) {
      double value =
          Math.min(Math.exp(random.nextGaussian() * 4 - 6), 0.49 / 2 * (1 << (bits - 1)));
      DyadicRatio ratio = DyadicRatio.nearest(value, bits);
      assertEquals(value, ratio.toDouble(), value * Math.scalb(1.0, -bits), "" + random);
      assertTrue(Integer.SIZE - Integer.numberOfLeadingZeros(ratio.multiplier()) <= bits);
      int accumulator = (int) random.nextLong();
      assertEquals(
          exact(accumulator, ratio).longValueExact(),
          ratio.requantize(accumulator),
          accumulator + " by " + ratio);
    }
  }

  /** A layer of 8-bit weights and inputs, against its real arithmetic in decimals of any length. */
  @Test
  void anIntegerLayerNeedsNoFloats() {
    SeededRandom random = new SeededRandom(7);
    double[] scales = {0.0123, 0.00077};
    DyadicRatio ratio = DyadicRatio.nearest(scales[0] * scales[1] / 0.031, 24);
    BigDecimal real = new BigDecimal(ratio.multiplier()).divide(BigDecimal.TWO.pow(ratio.shift()));
    for (int row = 0; row < 200; row++) {
      int accumulator = 0;
      for (int k = 0; k < 512; k++) {
        accumulator += random.nextInt(-127, 128) * random.nextInt(-128, 128);
      }
      int expected =
          new BigDecimal(accumulator)
              .multiply(real)
              .add(new BigDecimal("0.5"))
              .setScale(0, RoundingMode.FLOOR)
              .intValueExact();
      assertEquals(
          Math.clamp(expected, -128, 127),
          ratio.requantize(accumulator, -128, 127),
          "row " + row + ", " + random);
    }
  }

  @Test
  void extremesAndBadNumbers() {
    DyadicRatio half = DyadicRatio.nearest(0.5, 8);
    assertEquals(2, half.requantize(3));
    assertEquals(-1, half.requantize(-3));
    DyadicRatio largest = new DyadicRatio(Integer.MAX_VALUE, 1);
    assertEquals(
        exact(Integer.MIN_VALUE, largest).longValueExact(), largest.requantize(Integer.MIN_VALUE));
    assertThrows(IllegalArgumentException.class, () -> DyadicRatio.nearest(0, 8));
    assertThrows(IllegalArgumentException.class, () -> DyadicRatio.nearest(1, 32));
    assertThrows(IllegalArgumentException.class, () -> new DyadicRatio(-1, 3));
    assertThrows(IllegalArgumentException.class, () -> new DyadicRatio(1, 63));
  }
}
