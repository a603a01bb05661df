// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.metric;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.testing.SeededRandom;
import java.math.BigDecimal;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LinearMultiplyTest {
  private static final BigDecimal TWO = BigDecimal.TWO;

  private static BigDecimal power(int exponent) {
    return exponent >= 0 ? TWO.pow(exponent) : BigDecimal.ONE.divide(TWO.pow(-exponent));
  }

  /** The formula in decimals of any length, from whole mantissas. */
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 7, 10, 23})
  void agreesWithTheFormula(int bits) {
    SeededRandom random = new SeededRandom(bits);
    LinearMultiply formula = new LinearMultiply(bits, LinearMultiply.Carry.NONE);
    int l = bits <= 3 ? bits : bits == 4 ? 3 : 4;
    assertEquals(l, formula.offsetBits());
    for (int i = 0; i < 2000; i++) {
      int xm = random.nextInt(0, 1 << bits);
      int ym = random.nextInt(0, 1 << bits);
      int xe = random.nextInt(-60, 60);
      int ye = random.nextInt(-60, 60);
      int sign = random.nextInt(0, 2) == 0 ? 1 : -1;
      BigDecimal sum = BigDecimal.valueOf((long) xm + ym).multiply(power(-bits)).add(power(-l));
      BigDecimal expected =
          BigDecimal.ONE.add(sum).multiply(power(xe + ye)).multiply(BigDecimal.valueOf(sign));
      float x = (float) ((1 + xm * Math.scalb(1.0, -bits)) * Math.scalb(1.0, xe));
      float y = (float) (sign * (1 + ym * Math.scalb(1.0, -bits)) * Math.scalb(1.0, ye));
      String message = x + " by " + y + ", " + random;
      assertEquals(0, expected.compareTo(new BigDecimal(formula.multiply(x, y))), message);
      assertEquals(formula.multiply(x, y), formula.multiply(y, x), message);
    }
  }

  /** As the adder of hardware does it: the fields of two binary32 added as whole numbers. */
  @Test
  void carryIsThatOfIntegerAddition() {
    SeededRandom random = new SeededRandom(23);
    LinearMultiply adder = new LinearMultiply(23, LinearMultiply.Carry.INTO_EXPONENT);
    for (int i = 0; i < 5000; i++) {
      float x = Math.scalb(1 + (float) random.nextDouble(), random.nextInt(-30, 30));
      float y = Math.scalb(1 + (float) random.nextDouble(), random.nextInt(-30, 30));
      int fields =
          Float.floatToRawIntBits(x) + Float.floatToRawIntBits(y) - (127 << 23) + (1 << (23 - 4));
      float expected = Float.intBitsToFloat(fields);
      double actual = adder.multiply(x, y);
      // Two mantissas of 23 bits may add up to one of 24, of which the adder's field is exact.
      assertEquals(expected, actual, x + " by " + y + ", " + random);
    }
  }

  @Test
  void isNearAProduct() {
    SeededRandom random = new SeededRandom(4);
    float[] x = random.gaussians(4096);
    float[] y = random.gaussians(4096);
    LinearMultiply formula = new LinearMultiply(4, LinearMultiply.Carry.INTO_EXPONENT);
    double error = 0;
    double energy = 0;
    for (int i = 0; i < x.length; i++) {
      double exact = (double) x[i] * y[i];
      double difference = formula.multiply(x[i], y[i]) - exact;
      error += difference * difference;
      energy += exact * exact;
    }
    assertTrue(Math.sqrt(error / energy) < 0.08, "" + random);
    double sum = 0;
    for (int i = 0; i < 16; i++) {
      sum += formula.multiply(x[2 + i], y[5 + i]);
    }
    assertEquals(sum, formula.dot(x, 2, y, 5, 16));
  }

  @Test
  void zerosAndBadOperands() {
    LinearMultiply multiply = new LinearMultiply(3, LinearMultiply.Carry.NONE);
    assertEquals(0, multiply.multiply(0, 5));
    assertEquals(0, multiply.multiply(-3, -0f));
    // 2^-149 by 1: (1 + 2^-3) 2^-149.
    assertEquals(1.125 * Math.scalb(1.0, -149), multiply.multiply(Float.MIN_VALUE, 1));
    assertThrows(IllegalArgumentException.class, () -> multiply.multiply(Float.NaN, 1));
    assertThrows(
        IllegalArgumentException.class, () -> new LinearMultiply(0, LinearMultiply.Carry.NONE));
    assertThrows(
        IndexOutOfBoundsException.class, () -> multiply.dot(new float[2], 0, new float[3], 0, 3));
  }
}
