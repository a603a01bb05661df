// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.layer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.activation.ActivationQuantizer;
import io.github.quant4j.activation.ActivationScheme;
import io.github.quant4j.format.MiniFloat;
import io.github.quant4j.linear.QuantizedLinear;
import io.github.quant4j.recipe.Recipe;
import io.github.quant4j.recipe.RecipeException;
import io.github.quant4j.statistic.StatisticNeed;
import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.testing.SeededRandom;
import java.util.EnumSet;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Formats and ranges of activations by the error of the output, against trying all. */
class OutputSearchTest {
  private static final int TOKENS = 96;
  private static final int IN = 64;
  private static final int OUT = 24;

  private static FloatMatrix inputs(SeededRandom random, double largest) {
    FloatMatrix x = random.gaussianMatrix(TOKENS, IN);
    for (int t = 0; t < TOKENS; t += 5) {
      x.put(t, random.nextInt(0, IN), (float) (largest * random.nextGaussian()));
    }
    return x;
  }

  private static QuantizedLinear quantize(String recipe, FloatMatrix weights, FloatMatrix x) {
    return LinearQuantizer.of(recipe).quantize(weights, LayerInput.observe(x)).linear();
  }

  /** {@code |X W^T - Q(X) Q(W)^T|^2} in double. */
  private static double error(
      FloatMatrix x, FloatMatrix weights, FloatMatrix rounded, ActivationQuantizer quantizer) {
    double sum = 0;
    for (int t = 0; t < TOKENS; t++) {
      float[] token = new float[IN];
      quantizer.fakeQuantize(x.data(), t * IN, IN, token, 0);
      for (int r = 0; r < OUT; r++) {
        double e = 0;
        for (int j = 0; j < IN; j++) {
          e += (double) token[j] * rounded.get(r, j) - (double) x.get(t, j) * weights.get(r, j);
        }
        sum += e * e;
      }
    }
    return sum;
  }

  private static double error(QuantizedLinear linear, FloatMatrix weights, FloatMatrix x) {
    return error(x, weights, linear.toDense(), linear.activations().orElseThrow());
  }

  @ParameterizedTest
  @CsvSource({"1, tensor", "30, tensor", "3000, tensor", "30, token", "3000, g32"})
  void theFormatWithTheLeastErrorIsChosen(double largest, String granularity) {
    SeededRandom random = new SeededRandom(91);
    FloatMatrix weights = random.gaussianMatrix(OUT, IN);
    FloatMatrix x = inputs(random, largest);
    String[] formats = {"int8", "e2m5", "e3m4", "e4m3", "e5m2"};
    String best = "";
    double least = Double.POSITIVE_INFINITY;
    for (String format : formats) {
      double error =
          error(
              quantize("int8:channel:sym rtn @ " + format + ":" + granularity, weights, x),
              weights,
              x);
      if (error < least) {
        least = error;
        best = format;
      }
    }
    QuantizedLinear chosen =
        quantize(
            "int8:channel:sym rtn @ best(" + String.join(",", formats) + "):" + granularity,
            weights,
            x);
    ActivationScheme scheme = chosen.activations().orElseThrow().scheme();
    assertEquals(best, scheme.format().name(), random::toString);
    assertEquals(least, error(chosen, weights, x), 1e-6 * least);
  }

  /** No candidate of the exponent bias has less error for these weights. */
  @ParameterizedTest
  @ValueSource(strings = {"fp4e2m1", "e3m2", "e4m3"})
  void theRangeIsTheBestOfAllCandidates(String format) {
    SeededRandom random = new SeededRandom(92);
    FloatMatrix weights = random.gaussianMatrix(OUT, IN);
    FloatMatrix x = inputs(random, 40);
    QuantizedLinear found =
        quantize("int4:g32:sym rtn @ " + format + ":tensor:sym output(1)", weights, x);
    QuantizedLinear full = quantize("int4:g32:sym rtn @ " + format + ":tensor:sym", weights, x);
    ActivationQuantizer quantizer = full.activations().orElseThrow();
    MiniFloat mini = (MiniFloat) quantizer.scheme().format();
    float largest = 0;
    for (float value : x.data()) {
      largest = Math.max(largest, Math.abs(value));
    }
    double least = error(full, weights, x);
    for (int i = 0; i < 100; i++) {
      double gamma = 0.01 + 1.19 * i / 99;
      double log = Math.log(largest) / Math.log(2);
      double two = Math.log(2 - Math.pow(2, -mini.mantissaBits())) / Math.log(2);
      double bias = gamma * (Math.pow(2, mini.exponentBits()) - log + two - 1);
      // The largest value with a real bias, where a format has all its codes for numbers.
      double range = Math.pow(2, Math.pow(2, mini.exponentBits()) - bias - 1 + two);
      float[] scale = {(float) (range / mini.maximum())};
      if (scale[0] >= Float.MIN_NORMAL && scale[0] < 1e30f) {
        ActivationQuantizer candidate =
            ActivationQuantizer.fixed(quantizer.scheme(), scale, new float[1]);
        least = Math.min(least, error(x, weights, full.toDense(), candidate));
      }
    }
    double error = error(found, weights, x);
    assertTrue(error <= least * (1 + 1e-4), error + " of " + least + ", " + random);
    assertTrue(error < 0.98 * error(full, weights, x), random::toString);
  }

  /** Weights and activations in turn: less error than each by itself. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void bothInTurnAreBetter(long seed) {
    SeededRandom random = new SeededRandom(seed);
    FloatMatrix weights = random.gaussianMatrix(OUT, IN);
    FloatMatrix x = inputs(random, 20);
    String own = "e?m?(4):channel:sym mse rtn @ fp4e2m1:tensor:sym mse";
    String joint = "e?m?(4):channel:sym mse rtn @ e?m?(4):tensor:sym output";
    double before = error(quantize(own, weights, x), weights, x);
    double after = error(quantize(joint, weights, x), weights, x);
    assertTrue(after < 0.9 * before, () -> after + " of " + before + ", " + random);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "int8:channel rtn @ best(int8,e4m3):token",
        "int8:channel rtn @ e?m?(6):tensor",
        "int8:channel rtn @ int8:tensor output",
      })
  void aSampleIsNeeded(String recipe) {
    assertTrue(
        Recipe.parse(recipe)
            .needs()
            .containsAll(EnumSet.of(StatisticNeed.SAMPLE, StatisticNeed.CHANNELS)),
        recipe);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "int8:channel rtn @ bitmod4:tensor",
        "int8:channel rtn @ codebook(16):token",
        "int8:channel rtn @ best(int8,e2m1):tensor",
        "int8:channel rtn @ best(int8,e4m3):tensor:asym",
        "int8:channel rtn @ int8:token output",
        "int8:channel rtn @ int8:token clip(0)",
        "int8:channel rtn @ int8:token clip(1.5)",
      })
  void whatDoesNotGoTogetherIsRefused(String recipe) {
    assertThrows(RecipeException.class, () -> Recipe.parse(recipe), recipe);
  }
}
