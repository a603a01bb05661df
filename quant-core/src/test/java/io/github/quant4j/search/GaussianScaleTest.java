// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.search;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.format.NumberFormat;
import io.github.quant4j.format.NumberFormats;
import io.github.quant4j.linalg.Compute;
import io.github.quant4j.matrix.Grid;
import io.github.quant4j.quantize.Quantizer;
import io.github.quant4j.scheme.QuantScheme;
import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.testing.SeededRandom;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class GaussianScaleTest {

  /**
   * Steps and errors of the best uniform quantizers of a normal variable (Max, Quantizing for
   * Minimum Distortion, IRE Transactions on Information Theory 6, 1960, table II).
   */
  @ParameterizedTest
  @CsvSource({
    "binary, 0.7979, 0.3634",
    "ternary, 1.2240, 0.1902",
    "int2, 0.9957, 0.1188",
    "int3, 0.5860, 0.03744",
    "int4, 0.3352, 0.01154",
    "int5, 0.1881, 0.003495",
  })
  void stepsAreThoseOfTheLiterature(String name, double step, double error) {
    NumberFormat format = NumberFormats.parse(name);
    double scale = GaussianScale.ofRange(format);
    assertEquals(step, scale, 1e-4);
    float[] levels = format.levels();
    float middle = (levels[0] + levels[levels.length - 1]) / 2;
    for (int i = 0; i < levels.length; i++) {
      levels[i] -= middle;
    }
    assertEquals(error, GaussianScale.meanSquaredError(levels, scale), 0.0005 * error);
  }

  /** Integration in small steps, for scales in small steps. */
  @ParameterizedTest
  @ValueSource(strings = {"int4", "fp4e2m1", "e3m0", "nf4", "fp8e4m3", "levels(-8,-1,0,1,2,4)"})
  void noOtherScaleIsBetter(String name) {
    NumberFormat format = NumberFormats.parse(name);
    double scale = GaussianScale.of(format);
    double least = integrated(format, scale);
    assertEquals(
        least, GaussianScale.meanSquaredError(format.levels(), scale), 1e-4 * least + 1e-9);
    for (double factor = 0.02; factor < 50; factor *= 1.07) {
      double other = scale * factor;
      assertTrue(integrated(format, other) >= least * (1 - 1e-4), () -> name + " at " + other);
    }
  }

  private static double integrated(NumberFormat format, double scale) {
    double sum = 0;
    double step = 1.0 / 2048;
    for (double x = -8 + step / 2; x < 8; x += step) {
      double error = x - scale * format.nearest((float) (x / scale));
      sum += error * error * Math.exp(-x * x / 2) / Math.sqrt(2 * Math.PI) * step;
    }
    return sum;
  }

  private static Grid fit(FloatMatrix weights, String scheme) {
    return new GaussianSearch()
        .fit(new FitTask(weights, QuantScheme.parse(scheme), null, Compute.scalar()));
  }

  @Test
  void scalesFollowTheSpreadAndNotTheLargestWeight() {
    SeededRandom random = new SeededRandom(41);
    FloatMatrix weights = random.gaussianMatrix(3, 4096);
    weights.put(1, 77, 60);
    Grid grid = fit(weights, "int4:channel:sym:f32");
    double expected = GaussianScale.of(NumberFormats.parse("int4"));
    assertEquals(expected, grid.scale(0), 0.04 * expected, random::toString);
    double spread = Math.sqrt((4095 + 3600) / 4096.0);
    assertEquals(expected * spread, grid.scale(1), 0.04 * expected, random::toString);
    assertEquals(grid.scale(0), grid.scale(2), 0.06 * expected, random::toString);
  }

  @Test
  void asymmetricRangesLieAroundTheMean() {
    SeededRandom random = new SeededRandom(42);
    float[] values = random.gaussians(8192);
    for (int i = 0; i < values.length; i++) {
      values[i] += 2;
    }
    Grid grid = fit(FloatMatrix.wrap(1, values.length, values), "int4:tensor:asym:f32");
    assertEquals(0.3352, grid.scale(0), 0.01, random::toString);
    double middle = (-0.5 - grid.zeroPoint(0)) * grid.scale(0);
    assertEquals(2, middle, 0.2, random::toString);
  }

  @ParameterizedTest
  @ValueSource(strings = {"int3:channel:sym", "int3:channel:asym", "nf4:g8"})
  void zerosAndConstantsStayFinite(String scheme) {
    FloatMatrix weights = FloatMatrix.zeros(3, 8);
    Arrays.fill(weights.data(), 8, 16, 0.75f);
    weights.put(2, 3, -5);
    FloatMatrix result =
        Quantizer.of(scheme + " gaussian rtn").quantize(weights, Compute.scalar()).dequantize();
    for (int i = 0; i < 8; i++) {
      assertEquals(0, result.data()[i]);
      assertTrue(Math.abs(result.data()[8 + i] - 0.75f) < 0.2f);
    }
  }
}
