// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.search;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.activation.ActivationQuantizer;
import io.github.quant4j.activation.ActivationScheme;
import io.github.quant4j.format.MiniFloat;
import io.github.quant4j.linalg.Compute;
import io.github.quant4j.quantize.Quantizer;
import io.github.quant4j.statistic.InputStatistics;
import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.testing.SeededRandom;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ActivationCalibrationTest {
  private static Optional<InputStatistics> statistics(FloatMatrix x) {
    InputStatistics statistics = InputStatistics.ofChannels(x.columns());
    statistics.add(x, Compute.scalar());
    return Optional.of(statistics);
  }

  @ParameterizedTest
  @CsvSource({
    "int8:token,int8:token:sym",
    "int8:tensor:asym,int8:tensor:asym",
    "int4:g64,int4:g64:sym",
    "int8:channel,int8:channel:sym",
    "fp8e4m3:token:f16,fp8e4m3:token:sym:f16",
    "mxfp4,mxfp4",
    "mxfp8e4m3,mxfp8",
    "mxfp6e2m3,mxfp6e2m3",
    "fp4e2m1:g16:sym:e4m3,nvfp4",
  })
  void schemesRoundTrip(String text, String canonical) {
    ActivationScheme scheme = ActivationScheme.parse(text);
    assertEquals(canonical, scheme.toString());
    assertEquals(scheme, ActivationScheme.parse(canonical));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "int8",
        "int8:",
        ":token",
        "int8:row",
        "int8:token:sym:f32:x",
        "int8:g1",
        "mxfp5",
        "fp8e4m3:token:asym",
        "int8:token:symm",
        "int8:gx"
      })
  void otherTextsAreRefused(String text) {
    assertThrows(IllegalArgumentException.class, () -> ActivationScheme.parse(text));
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void minMaxRangesCoverTheSample(long seed) {
    SeededRandom random = new SeededRandom(seed);
    FloatMatrix x = random.gaussianMatrix(60, 24);
    for (String text : new String[] {"int8:tensor", "int8:tensor:asym", "int8:channel:asym"}) {
      ActivationQuantizer quantizer =
          ActivationCalibration.fit(
              ActivationScheme.parse(text), RangeRule.minMax(), statistics(x), Optional.empty());
      float[] rounded = new float[24];
      for (int t = 0; t < 60; t++) {
        quantizer.fakeQuantize(x.data(), t * 24, 24, rounded, 0);
        float[] scales = quantizer.staticScales();
        for (int j = 0; j < 24; j++) {
          float scale = scales[scales.length == 1 ? 0 : j];
          assertEquals(x.get(t, j), rounded[j], 0.5001f * scale + 1e-6f, random + ", " + text);
        }
      }
    }
  }

  @Test
  void searchedAndClippedRangesSuitHeavyTails() {
    SeededRandom random = new SeededRandom(5);
    FloatMatrix x = random.gaussianMatrix(400, 16);
    x.put(7, 3, 60);
    ActivationScheme scheme = ActivationScheme.parse("int4:tensor");
    double all = error(scheme, RangeRule.minMax(), x);
    double searched = error(scheme, new RangeRule.MeanSquaredError(), x);
    double clipped = error(scheme, new RangeRule.Percentile(99.9), x);
    assertTrue(searched < all, () -> "mse " + searched + " of " + all);
    assertTrue(searched <= clipped * 1.001 || searched < all, () -> searched + ", " + clipped);
    float scale =
        ActivationCalibration.fit(
                scheme, new RangeRule.Percentile(99.9), statistics(x), Optional.of(x))
            .staticScales()[0];
    assertTrue(scale * 7 < 10, () -> "the outlier is clipped, scale " + scale);
  }

  private static double error(ActivationScheme scheme, RangeRule rule, FloatMatrix x) {
    ActivationQuantizer quantizer =
        ActivationCalibration.fit(scheme, rule, statistics(x), Optional.of(x));
    float[] rounded = new float[x.columns()];
    double error = 0;
    for (int t = 0; t < x.rows(); t++) {
      quantizer.fakeQuantize(x.data(), t * x.columns(), x.columns(), rounded, 0);
      for (int j = 0; j < rounded.length; j++) {
        double e = (double) rounded[j] - x.get(t, j);
        error += e * e;
      }
    }
    return error;
  }

  /** NVFP4 activations with a tensor scale of their own are NVFP4 weights of one row. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4})
  void nvfp4ActivationsAreRoundedAsWeightsAre(long seed) {
    SeededRandom random = new SeededRandom(seed);
    FloatMatrix x = random.gaussianMatrix(1, 64);
    x.put(0, 40, 30);
    float[] rounded = new float[64];
    ActivationQuantizer.dynamic(ActivationScheme.parse("nvfp4"))
        .fakeQuantize(x.data(), 0, 64, rounded, 0);
    float[] expected = Quantizer.of("nvfp4 rtn").quantize(x, Compute.scalar()).dequantize().data();
    assertArrayEquals(expected, rounded, 1e-5f, random.toString());
  }

  @Test
  void nvfp4TakesItsTensorScaleFromTheRange() {
    SeededRandom random = new SeededRandom(2);
    FloatMatrix x = random.gaussianMatrix(20, 32);
    float largest = 0;
    for (float value : x.data()) {
      largest = Math.max(largest, Math.abs(value));
    }
    ActivationScheme scheme = ActivationScheme.parse("nvfp4");
    ActivationQuantizer quantizer =
        ActivationCalibration.fit(scheme, RangeRule.minMax(), statistics(x), Optional.empty());
    assertEquals(largest / (6 * 448), quantizer.tensorScale(), 1e-9);
    float[] codesScales = new float[2];
    quantizer.quantize(x.data(), 0, 32, new byte[32], 0, codesScales, new float[2]);
    for (float scale : codesScales) {
      float relative = scale / quantizer.tensorScale();
      assertEquals(MiniFloat.FP8_E4M3.nearest(relative), relative, 1e-4 * relative);
    }
    assertThrows(
        IllegalArgumentException.class,
        () -> ActivationQuantizer.blocks(ActivationScheme.parse("mxfp4"), 1));
    assertThrows(IllegalArgumentException.class, () -> ActivationQuantizer.blocks(scheme, 0));
  }

  @Test
  void silentInputsHaveAScale() {
    FloatMatrix x = FloatMatrix.zeros(5, 16);
    for (String text : new String[] {"int8:tensor", "int8:channel:asym", "nvfp4", "int4:token"}) {
      ActivationQuantizer quantizer =
          ActivationCalibration.fit(
              ActivationScheme.parse(text), RangeRule.minMax(), statistics(x), Optional.of(x));
      float[] rounded = new float[16];
      quantizer.fakeQuantize(x.data(), 0, 16, rounded, 0);
      assertArrayEquals(new float[16], rounded, text);
    }
  }

  @Test
  void whatIsMissingIsNamed() {
    ActivationScheme scheme = ActivationScheme.parse("int8:tensor");
    assertThrows(
        IllegalArgumentException.class,
        () ->
            ActivationCalibration.fit(
                scheme, RangeRule.minMax(), Optional.empty(), Optional.empty()));
    FloatMatrix x = new SeededRandom(1).gaussianMatrix(4, 8);
    assertThrows(
        IllegalArgumentException.class,
        () ->
            ActivationCalibration.fit(
                scheme, new RangeRule.MeanSquaredError(), statistics(x), Optional.empty()));
    assertThrows(IllegalArgumentException.class, () -> new RangeRule.Percentile(20));
  }

  @ParameterizedTest
  @CsvSource({"int8:tensor:sym", "int8:tensor:asym"})
  void percentilesOfAllValuesAreThoseOfTheWholeInput(String text) {
    SeededRandom random = new SeededRandom(21);
    FloatMatrix x = random.gaussianMatrix(700, 40);
    InputStatistics sketched = InputStatistics.ofChannels(40).sketchingQuantiles();
    sketched.add(x.rowRange(0, 300), Compute.scalar());
    sketched.add(x.rowRange(300, 700), Compute.scalar());
    ActivationScheme scheme = ActivationScheme.parse(text);
    RangeRule rule = new RangeRule.Percentile(99);
    float[] fromSketch =
        ActivationCalibration.fit(scheme, rule, Optional.of(sketched), Optional.empty())
            .staticScales();
    float[] fromRows =
        ActivationCalibration.fit(scheme, rule, statistics(x), Optional.of(x)).staticScales();
    float[] unclipped =
        ActivationCalibration.fit(scheme, RangeRule.minMax(), statistics(x), Optional.empty())
            .staticScales();
    assertEquals(fromRows[0], fromSketch[0], fromRows[0] / 256, random::toString);
    assertTrue(fromSketch[0] < 0.8 * unclipped[0], random::toString);
  }
}
