// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.scheme;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.format.IntegerFormat;
import io.github.quant4j.testing.SeededRandom;
import java.math.BigDecimal;
import java.util.Map;
import org.junit.jupiter.api.Test;

class RowMultipleScaleCodecTest {
  private static final IntegerFormat INT4 = new IntegerFormat(4);

  private final RowMultipleScaleCodec codec = new RowMultipleScaleCodec();

  @Test
  void isPartOfTheSchemeText() {
    QuantScheme scheme = QuantScheme.parse("int4:g128:sym:i8row");
    assertEquals(codec, scheme.scaleCodec());
    assertEquals("int4:g128:sym:i8row", scheme.toString());
  }

  @Test
  void scalesAreExactMultiplesOfTheRowScale() {
    SeededRandom random = new SeededRandom(11);
    ScaleLayout layout = new ScaleLayout(40, 320, 1, 32);
    double[] wanted = new double[layout.count()];
    for (int i = 0; i < wanted.length; i++) {
      wanted[i] = Math.exp(3 * random.nextGaussian()) * Math.pow(2, i / 40 * 10 - 50);
    }
    GroupParameters scales = codec.encode(wanted, layout, INT4);
    int[] multiples = RowMultipleScaleCodec.multiples(scales);
    float[] rows = RowMultipleScaleCodec.rowScales(scales);
    for (int i = 0; i < wanted.length; i++) {
      float row = rows[i / layout.scaleColumns()];
      assertTrue(multiples[i] >= 1 && multiples[i] <= 127, random + ", multiple " + multiples[i]);
      assertEquals(
          new BigDecimal(row).multiply(BigDecimal.valueOf(multiples[i])),
          new BigDecimal(scales.values()[i]).setScale(new BigDecimal(row).scale()),
          random + ", scale " + i);
      double error = Math.abs(scales.values()[i] - wanted[i]);
      double bound = wanted[i] < 0.5 * row ? row : 0.5 * row + wanted[i] * 0x1p-15;
      assertTrue(error <= bound, random + ", scale " + i + ": " + wanted[i] + ", error " + error);
    }
  }

  @Test
  void decodesWhatItEncoded() {
    ScaleLayout layout = new ScaleLayout(2, 6, 1, 2);
    GroupParameters scales = codec.encode(new double[] {1, 0.5, 0.1, 0, 0, 0}, layout, INT4);
    assertArrayEquals(
        scales.values(), codec.decode(Map.copyOf(scales.parts()), layout).values(), 0f);
    assertArrayEquals(new int[] {127, 64, 13, 1, 1, 1}, RowMultipleScaleCodec.multiples(scales));
    assertEquals(6 * 8 + 2 * 32, scales.storageBits());
  }

  @Test
  void extremeScalesStayFiniteAndPositive() {
    ScaleLayout layout = new ScaleLayout(2, 4, 1, 2);
    GroupParameters scales =
        codec.encode(new double[] {Float.MAX_VALUE, 1e30, 1e-44, 0}, layout, INT4);
    for (float value : scales.values()) {
      assertTrue(value > 0 && value < Float.POSITIVE_INFINITY, "scale " + value);
    }
  }

  @Test
  void refusesScalesOfOtherCodecs() {
    ScaleLayout layout = new ScaleLayout(1, 2, 1, 2);
    GroupParameters scales = FloatScaleCodec.FLOAT16.encode(new double[] {1}, layout, INT4);
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> RowMultipleScaleCodec.multiples(scales));
    assertTrue(e.getMessage().contains("'row'"), e.getMessage());
    assertThrows(
        IllegalArgumentException.class, () -> codec.encode(new double[] {-1}, layout, INT4));
    assertThrows(IllegalArgumentException.class, () -> codec.decode(scales.parts(), layout));
  }
}
