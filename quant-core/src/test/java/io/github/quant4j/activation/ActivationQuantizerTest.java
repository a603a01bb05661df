// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.activation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.testing.SeededRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ActivationQuantizerTest {
  private static final int COLUMNS = 64;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "int8:token:sym",
        "int8:token:asym",
        "int4:g16:sym",
        "int2:g32:asym",
        "int1:token:asym",
        "nf4:token:sym",
        "fp8e4m3:token:sym",
        "fp8e5m2:g16:sym",
        "fp4e2m1:token:sym",
        "fp4e2m1:g32:sym:f16",
        "int8:token:sym:bf16",
        "int8:g16:sym:e8m0ceil",
        "mxfp4",
        "mxfp6e3m2",
        "mxfp8",
        "mxfp8:round",
        "mxfp4:round",
        "mxfp8e5m2",
        "mxint8",
        "nvfp4"
      })
  void whatIsNotANumberStaysInItsToken(String text) {
    ActivationScheme scheme = ActivationScheme.parse(text);
    assertEquals(text, scheme.toString());
    ActivationQuantizer quantizer = ActivationQuantizer.dynamic(scheme);
    float[] x = new SeededRandom(3).gaussians(COLUMNS);
    float[] good = new float[COLUMNS];
    quantizer.fakeQuantize(x, 0, COLUMNS, good, 0);
    for (float value : good) {
      assertTrue(Float.isFinite(value), text);
    }
    for (float odd : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
      float[] bad = x.clone();
      bad[37] = odd;
      float[] found = new float[COLUMNS];
      quantizer.fakeQuantize(bad, 0, COLUMNS, found, 0);
      assertFalse(Float.isFinite(found[37]), () -> text + " of " + odd + ": " + found[37]);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "int8:token:sym",
        "int8:token:asym",
        "int4:g16:sym",
        "fp8e4m3:token:sym",
        "fp4e2m1:g32:sym",
        "mxfp4",
        "mxfp8:round",
        "mxint8",
        "nvfp4"
      })
  void tinyInputsBecomeAboutZeroAndZerosStayZeros(String text) {
    ActivationQuantizer quantizer = ActivationQuantizer.dynamic(ActivationScheme.parse(text));
    for (float size : new float[] {Float.MIN_VALUE, 1e-40f, 1e-38f, 1e-36f}) {
      float[] x = new float[COLUMNS];
      for (int i = 0; i < COLUMNS; i++) {
        x[i] = i % 3 == 0 ? 0 : i % 3 == 1 ? size : -size;
      }
      float[] found = new float[COLUMNS];
      quantizer.fakeQuantize(x, 0, COLUMNS, found, 0);
      for (int i = 0; i < COLUMNS; i++) {
        assertEquals(x[i], found[i], 2 * size, text + " of " + x[i]);
      }
      assertEquals(0, found[0], text);
    }
  }

  @Test
  void symmetricFormatsNeedPositiveValues() {
    for (String text : new String[] {"int1:token:sym", "int1:g16:sym", "int1:tensor:sym"}) {
      String message =
          assertThrows(IllegalArgumentException.class, () -> ActivationScheme.parse(text))
              .getMessage();
      assertTrue(message.contains("int1") && message.contains("int2"), message);
    }
    assertEquals("int1:token:asym", ActivationScheme.parse("int1:token:asym").toString());
  }
}
