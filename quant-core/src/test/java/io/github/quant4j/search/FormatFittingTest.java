// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.search;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.format.NumberFormat;
import io.github.quant4j.format.NumberFormats;
import io.github.quant4j.linalg.Compute;
import io.github.quant4j.matrix.Grid;
import io.github.quant4j.matrix.QuantizedMatrix;
import io.github.quant4j.quantize.Quantizer;
import io.github.quant4j.scheme.FormatChoice;
import io.github.quant4j.scheme.QuantScheme;
import io.github.quant4j.statistic.Gram;
import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.testing.SeededRandom;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Choices of formats against each candidate by itself, with errors in double. */
class FormatFittingTest {
  private static final int COLUMNS = 24;

  private static FloatMatrix weights(SeededRandom random, double tails) {
    FloatMatrix weights = random.gaussianMatrix(10, COLUMNS);
    for (int i = 0; i < weights.data().length; i++) {
      weights.data()[i] *= (float) Math.exp(tails * random.nextGaussian());
    }
    return weights;
  }

  private static FloatMatrix inputs(SeededRandom random) {
    FloatMatrix inputs = random.gaussianMatrix(50, COLUMNS);
    for (int t = 0; t < 50; t++) {
      for (int j = 1; j < COLUMNS; j++) {
        inputs.put(t, j, inputs.get(t, j) * (1 + j % 7) + inputs.get(t, j - 1));
      }
    }
    return inputs;
  }

  private static FloatMatrix quantized(String recipe, FloatMatrix weights, @Nullable Gram gram) {
    return matrix(recipe, weights, gram).dequantize();
  }

  private static QuantizedMatrix matrix(String recipe, FloatMatrix weights, @Nullable Gram gram) {
    Quantizer quantizer = Quantizer.of(recipe);
    return gram == null
        ? quantizer.quantize(weights, Compute.scalar())
        : quantizer.quantize(weights, gram, Compute.scalar());
  }

  /** {@code tr(E H E^T)} over all inputs, or with the identity. */
  private static double error(FloatMatrix weights, FloatMatrix changed, @Nullable Gram gram) {
    double sum = 0;
    for (int row = 0; row < weights.rows(); row++) {
      for (int i = 0; i < COLUMNS; i++) {
        for (int j = 0; j < COLUMNS; j++) {
          double moment = gram == null ? (i == j ? 1 : 0) : gram.values()[i * COLUMNS + j];
          sum +=
              ((double) changed.get(row, i) - weights.get(row, i))
                  * moment
                  * ((double) changed.get(row, j) - weights.get(row, j));
        }
      }
    }
    return sum;
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "best(int4,fp4e2m1,nf4);channel;0.0",
        "best(int4,fp4e2m1,nf4);g8;0.9",
        "e?m?(4);channel;0.3",
        "e?m?(6);channel:sym;1.5",
        "e?m?(8);tensor;2.5",
        "best(e3m0,levels(-8,-4,-2,-1,0,1,2,3,4));g8:sym:f32;0.5",
      })
  void theBestFormatOfAMatrixIsFound(String choice, String rest, double tails) {
    SeededRandom random = new SeededRandom(61);
    for (boolean calibrated : new boolean[] {false, true}) {
      FloatMatrix weights = weights(random, tails);
      Gram gram = calibrated ? Gram.of(inputs(random), Compute.scalar()) : null;
      List<NumberFormat> candidates =
          ((FormatChoice.BestPerMatrix) FormatChoice.parse(choice)).candidates();
      double least = Double.POSITIVE_INFINITY;
      NumberFormat best = candidates.getFirst();
      for (NumberFormat format : candidates) {
        FloatMatrix alone = quantized(format.name() + ":" + rest + " mse rtn", weights, gram);
        double error = error(weights, alone, gram);
        if (error < least) {
          least = error;
          best = format;
        }
      }
      QuantizedMatrix found = matrix(choice + ":" + rest + " mse rtn", weights, gram);
      assertEquals(best, found.scheme().format(), random::toString);
      assertEquals(QuantScheme.parse(best.name() + ":" + rest), found.scheme());
      assertTrue(found.grid().palette().isUniform());
    }
  }

  @Test
  void allMinifloatsOfAWidthAreCandidates() {
    assertEquals(
        List.of("e1m6", "e2m5", "e3m4", "e4m3", "e5m2", "e6m1", "e7m0"),
        FormatChoice.minifloats(8).stream().map(NumberFormat::name).toList());
  }

  @ParameterizedTest
  @ValueSource(strings = {"best-per-tile(int4,fp4e2m1,nf4)", "bitmod4", "bitmod3"})
  void theBestFormatOfATileIsFound(String choice) {
    SeededRandom random = new SeededRandom(62);
    for (boolean calibrated : new boolean[] {false, true}) {
      FloatMatrix weights = weights(random, 0.7);
      Gram gram = calibrated ? Gram.of(inputs(random), Compute.scalar()) : null;
      List<NumberFormat> candidates =
          ((FormatChoice.BestPerTile) FormatChoice.parse(choice)).candidates();
      List<FloatMatrix> alone = new ArrayList<>();
      for (NumberFormat format : candidates) {
        alone.add(quantized(format.name() + ":g8 mse rtn", weights, gram));
      }
      FloatMatrix found = quantized(choice + ":g8 mse rtn", weights, gram);
      for (int row = 0; row < weights.rows(); row++) {
        for (int left = 0; left < COLUMNS; left += 8) {
          double least = Double.POSITIVE_INFINITY;
          for (FloatMatrix candidate : alone) {
            least = Math.min(least, tileError(weights, candidate, gram, row, left));
          }
          double error = tileError(weights, found, gram, row, left);
          assertEquals(least, error, 1e-5 * least, choice + ", " + random);
        }
      }
    }
  }

  private static double tileError(
      FloatMatrix weights, FloatMatrix changed, @Nullable Gram gram, int row, int left) {
    double sum = 0;
    for (int column = left; column < left + 8; column++) {
      double error = (double) changed.get(row, column) - weights.get(row, column);
      sum += error * error * (gram == null ? 1 : gram.values()[column * COLUMNS + column]);
    }
    return sum;
  }

  @ParameterizedTest
  @ValueSource(strings = {"codebook(4):channel", "codebook(5):g8", "codebook(16):channel"})
  void codeBooksAreTheBestOfAll(String scheme) {
    SeededRandom random = new SeededRandom(63);
    int size = ((FormatChoice.FittedCodebook) QuantScheme.parse(scheme).choice()).size();
    int width = scheme.endsWith("g8") ? 8 : COLUMNS;
    for (boolean calibrated : new boolean[] {false, true}) {
      FloatMatrix weights = weights(random, 0.5);
      Gram gram = calibrated ? Gram.of(inputs(random), Compute.scalar()) : null;
      QuantizedMatrix found = matrix(scheme + " rtn", weights, gram);
      FloatMatrix dense = found.dequantize();
      for (int row = 0; row < weights.rows(); row++) {
        for (int left = 0; left < COLUMNS; left += width) {
          float[] values = new float[width];
          float[] importance = new float[width];
          double sum = 0;
          double power = 0;
          for (int i = 0; i < width; i++) {
            values[i] = weights.get(row, left + i);
            importance[i] = gram == null ? 1 : gram.values()[(left + i) * (COLUMNS + 1)];
            double error = (double) dense.get(row, left + i) - values[i];
            sum += importance[i] * error * error;
            power += importance[i] * values[i] * values[i];
          }
          double least = WeightedClustersTest.leastError(values, importance, size);
          // Levels are rounded to 11 bits.
          assertEquals(least, sum, 1e-3 * least + 1e-6 * power, scheme + ", " + random);
        }
      }
      long tiles = (long) weights.rows() * (COLUMNS / width);
      assertEquals(tiles * size * 16, found.grid().storageBits());
    }
  }

  @ParameterizedTest
  @ValueSource(floats = {1e-30f, 1e-6f, 1, 1e6f, 1e30f})
  void codeBooksFitAnyMagnitude(float magnitude) {
    SeededRandom random = new SeededRandom(64);
    FloatMatrix weights = random.gaussianMatrix(3, COLUMNS);
    for (int i = 0; i < weights.data().length; i++) {
      weights.data()[i] *= magnitude;
    }
    Grid grid = matrix("codebook(256):channel rtn", weights, null).grid();
    assertEquals(3L * 256 * 16, grid.storageBits());
    FloatMatrix dense = quantized("codebook(256):channel rtn", weights, null);
    for (int i = 0; i < weights.data().length; i++) {
      float expected = weights.data()[i];
      assertEquals(expected, dense.data()[i], 0x1p-7f * magnitude, random::toString);
    }
  }

  @Test
  void zerosAndConstantsHaveCodeBooks() {
    FloatMatrix weights = FloatMatrix.zeros(2, COLUMNS);
    for (int column = 0; column < COLUMNS; column++) {
      weights.put(1, column, -0.75f);
    }
    assertArrayEquals(weights.data(), quantized("codebook(16):channel rtn", weights, null).data());
  }

  @Test
  void namesAreKnown() {
    for (NumberFormat format : FormatChoice.minifloats(5)) {
      assertEquals(format, NumberFormats.parse(format.name()));
    }
  }
}
