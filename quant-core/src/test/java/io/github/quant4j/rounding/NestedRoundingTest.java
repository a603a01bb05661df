// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.rounding;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.quant4j.linalg.Compute;
import io.github.quant4j.matrix.QuantizedMatrix;
import io.github.quant4j.quantize.Quantizer;
import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.testing.SeededRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code q_low = clip(round(q_high / 2^(h - l)))}, whole number by whole number. */
class NestedRoundingTest {

  @ParameterizedTest
  @ValueSource(ints = {2, 3, 4, 6, 7})
  void narrowCodesAreRoundedWideOnes(int bits) {
    SeededRandom random = new SeededRandom(21);
    FloatMatrix weights = random.gaussianMatrix(9, 40);
    QuantizedMatrix wide =
        Quantizer.of("int8:g8:sym rtn").quantize(weights, Compute.scalar());
    QuantizedMatrix direct =
        Quantizer.of("int" + bits + ":g8:sym nested(8)").quantize(weights, Compute.scalar());
    QuantizedMatrix narrow = NestedRounding.narrow(wide, bits);
    assertArrayEquals(direct.dequantize().data(), narrow.dequantize().data());
    double unit = Math.pow(2, 8 - bits);
    double most = Math.pow(2, bits - 1);
    for (int row = 0; row < 9; row++) {
      for (int column = 0; column < 40; column++) {
        int high = wide.codes().get(row, column) - 128;
        double low = Math.clamp(Math.rint(high / unit), -most, most - 1);
        assertEquals(low + 0.0, narrow.codes().get(row, column) - most, random::toString);
        float scale = wide.grid().scale(row * 5 + column / 8);
        assertEquals(low * unit * scale, narrow.get(row, column), 1e-6, random::toString);
      }
    }
    assertEquals("int" + bits + ":g8:sym nested(8)", Quantizer.of("int" + bits + ":g8 nested(8)") + "");
  }

  @Test
  void whatIsNoSymmetricIntegerOfFewerBitsIsRefused() {
    FloatMatrix weights = new SeededRandom(22).gaussianMatrix(2, 8);
    for (String text : new String[] {"int4:g8:asym nested(8)", "nf4:g8 nested(8)", "int4:g8 nested(4)"}) {
      Quantizer quantizer = Quantizer.of(text);
      assertThrows(
          IllegalArgumentException.class, () -> quantizer.quantize(weights, Compute.scalar()), text);
    }
    assertThrows(IllegalArgumentException.class, () -> new NestedRounding(9));
  }
}
