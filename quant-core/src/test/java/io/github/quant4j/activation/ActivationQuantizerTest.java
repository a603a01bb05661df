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

  /** Scales are those of a part of the range, and what is beyond it takes the outermost level. */
  @ParameterizedTest
  @ValueSource(strings = {"int4:token:sym", "int4:g16:asym", "fp8e4m3:token:sym", "int8:g32:sym:f16"})
  void aPartOfTheRange(String text) {
    ActivationScheme scheme = ActivationScheme.parse(text);
    ActivationQuantizer quantizer = ActivationQuantizer.dynamic(scheme).withClipRatio(0.75);
    float[] x = new SeededRandom(4).gaussians(COLUMNS);
    float[] found = new float[COLUMNS];
    quantizer.fakeQuantize(x, 0, COLUMNS, found, 0);
    int run = quantizer.runLength(COLUMNS);
    float most = scheme.format().maximum();
    float least = scheme.format().minimum();
    for (int from = 0; from < COLUMNS; from += run) {
      double low = 0;
      double high = 0;
      for (int i = from; i < from + run; i++) {
        low = Math.min(low, 0.75 * x[i]);
        high = Math.max(high, 0.75 * x[i]);
      }
      double scale = scheme.symmetric() ? Math.max(-low, high) / most : (high - low) / (most - least);
      double zero = scheme.symmetric() ? 0 : Math.rint(least - low / scale);
      for (int i = from; i < from + run; i++) {
        double expected =
            (scheme.format().nearest((float) (x[i] / scale + zero)) - zero) * scale;
        assertEquals(expected, found[i], 0.02 * scale + 2e-3 * Math.abs(expected), text);
      }
    }
    assertThrows(IllegalArgumentException.class, () -> quantizer.withClipRatio(0));
    ActivationQuantizer fixed =
        ActivationQuantizer.fixed(
            ActivationScheme.parse("int8:tensor"), new float[] {1}, new float[1]);
    assertThrows(IllegalArgumentException.class, () -> fixed.withClipRatio(0.9));
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
