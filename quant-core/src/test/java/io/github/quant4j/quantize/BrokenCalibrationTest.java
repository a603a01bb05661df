// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.quantize;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.linalg.Compute;
import io.github.quant4j.rounding.RoundingReport;
import io.github.quant4j.statistic.Gram;
import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.testing.SeededRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Whatever the calibration data, there is a result with a report, and no NaN. */
class BrokenCalibrationTest {
  private static final int COLUMNS = 64;

  private static final List<String> RECIPES =
      List.of(
          "int4:g32:asym gptq",
          "int4:g32:asym gptq(act-order)",
          "int4:g32:sym gptq(current)",
          "int4:g32:sym gptq(damp=0)",
          "int4:g32:asym gptq(act-order)>cd(6)",
          "int4:channel:sym cd(3,act-order)",
          "int4:g32:asym gptq(act-order)>cd(2)>refit(2)",
          "codebook(8):channel gptq>refit(1)",
          "nvfp4 clip refit(1)",
          "int3:g32:asym clip gptq",
          "int3:g32:asym clip(asym,diag) rtn",
          "int3:g32:asym adaround(iterations=20)",
          "int3:g32:asym flexround(iterations=20)",
          "int3:g32:asym signround(iterations=20)",
          "nvfp4 gptq",
          "mxfp4 gptq>cd(2)",
          "codebook(8):channel gptq",
          "bitmod4:g32 gptq",
          "e?m?(4):g32 mse gptq");

  private static FloatMatrix inputs(SeededRandom random, int tokens) {
    return random.gaussianMatrix(tokens, COLUMNS);
  }

  private static Gram gram(String kind) {
    SeededRandom random = new SeededRandom(101);
    FloatMatrix inputs = inputs(random, 200);
    switch (kind) {
      case "one NaN" -> inputs.put(7, 9, Float.NaN);
      case "infinity" -> inputs.put(7, 9, Float.POSITIVE_INFINITY);
      case "overflow" -> inputs.put(7, 9, 3e38f);
      case "dead channels" -> {
        for (int t = 0; t < 200; t++) {
          for (int j = 0; j < COLUMNS; j += 3) {
            inputs.put(t, j, 0);
          }
        }
      }
      case "one dead group" -> {
        for (int t = 0; t < 200; t++) {
          for (int j = 32; j < COLUMNS; j++) {
            inputs.put(t, j, 0);
          }
        }
      }
      case "all dead" -> {
        return Gram.of(FloatMatrix.zeros(10, COLUMNS), Compute.scalar());
      }
      case "few tokens" -> {
        return Gram.of(inputs(random, 5), Compute.scalar());
      }
      case "one token" -> {
        return Gram.of(inputs(random, 1), Compute.scalar());
      }
      case "rank one" -> {
        FloatMatrix one = inputs(random, 1);
        for (int t = 0; t < 200; t++) {
          for (int j = 0; j < COLUMNS; j++) {
            inputs.put(t, j, one.get(0, j) * (t + 1));
          }
        }
      }
      case "no tokens" -> {
        return Gram.empty(COLUMNS);
      }
      case "tiny" -> {
        for (int i = 0; i < inputs.data().length; i++) {
          inputs.data()[i] *= 1e-21f;
        }
      }
      case "huge" -> {
        for (int i = 0; i < inputs.data().length; i++) {
          inputs.data()[i] *= 1e16f;
        }
      }
      case "not positive" -> {
        FloatMatrix values = FloatMatrix.zeros(COLUMNS, COLUMNS);
        for (int i = 0; i < COLUMNS; i++) {
          for (int j = 0; j < COLUMNS; j++) {
            values.put(i, j, i == j ? 1 : 5);
          }
        }
        return Gram.wrap(values, 1, 1);
      }
      case "NaN off the diagonal" -> {
        FloatMatrix values = FloatMatrix.zeros(COLUMNS, COLUMNS);
        for (int i = 0; i < COLUMNS; i++) {
          values.put(i, i, 1);
        }
        values.put(3, 4, Float.NaN);
        values.put(4, 3, Float.NaN);
        return Gram.wrap(values, 1, 1);
      }
      default -> throw new AssertionError(kind);
    }
    return Gram.of(inputs, Compute.scalar());
  }

  static Stream<Arguments> cases() {
    List<Arguments> cases = new ArrayList<>();
    for (String kind :
        List.of(
            "one NaN",
            "infinity",
            "overflow",
            "dead channels",
            "one dead group",
            "all dead",
            "few tokens",
            "one token",
            "rank one",
            "no tokens",
            "tiny",
            "huge",
            "not positive",
            "NaN off the diagonal")) {
      for (String recipe : RECIPES) {
        cases.add(Arguments.of(kind, recipe));
      }
    }
    return cases.stream();
  }

  @ParameterizedTest
  @MethodSource("cases")
  void thereIsAlwaysAResult(String kind, String recipe) {
    SeededRandom random = new SeededRandom(102);
    FloatMatrix weights = random.gaussianMatrix(6, COLUMNS);
    QuantizationResult result = Quantizer.of(recipe).run(weights, gram(kind), Compute.scalar());
    FloatMatrix dense = result.matrix().dequantize();
    double power = 0;
    double error = 0;
    for (int i = 0; i < dense.data().length; i++) {
      assertTrue(Float.isFinite(dense.data()[i]), kind + ", " + recipe);
      power += (double) weights.data()[i] * weights.data()[i];
      double change = (double) dense.data()[i] - weights.data()[i];
      error += change * change;
    }
    // Whatever cannot be calibrated still resembles the weights.
    assertTrue(error < 0.5 * power, kind + ", " + recipe + ": " + error + " of " + power);
    for (RoundingReport report : result.reports()) {
      assertFalse(report.describe().isBlank());
      assertFalse(report.describe().contains("NaN"), report.describe());
    }
  }

  @Test
  void anUnusableMomentRoundsToNearestAndSaysSo() {
    FloatMatrix weights = new SeededRandom(103).gaussianMatrix(6, COLUMNS);
    float[] nearest =
        Quantizer.of("int4:g32:asym rtn").quantize(weights, Compute.scalar()).dequantize().data();
    for (String kind : List.of("one NaN", "infinity", "overflow", "all dead", "no tokens")) {
      QuantizationResult result =
          Quantizer.of("int4:g32:asym gptq>cd(2)>adaround>flexround>signround")
              .run(weights, gram(kind), Compute.scalar());
      assertArrayEquals(nearest, result.matrix().dequantize().data(), kind);
      assertEquals(5, result.reports().size());
      assertTrue(
          result.reports().getFirst().describe().contains("no usable second moment"),
          result.reports().toString());
      for (RoundingReport report : result.reports()) {
        assertTrue(report.describe().contains("no usable second moment"), report::describe);
      }
    }
  }

  @Test
  void theLadderIsReported() {
    FloatMatrix weights = new SeededRandom(104).gaussianMatrix(6, COLUMNS);
    RoundingReport.Feedback report =
        (RoundingReport.Feedback)
            Quantizer.of("int4:g32 gptq")
                .run(weights, gram("not positive"), Compute.scalar())
                .reports()
                .getFirst();
    assertTrue(report.attempts() > 1, report::describe);
    assertFalse(report.outcome() == RoundingReport.Feedback.Outcome.DAMPED, report::describe);
    RoundingReport.Feedback dead =
        (RoundingReport.Feedback)
            Quantizer.of("int4:g32 gptq")
                .run(weights, gram("dead channels"), Compute.scalar())
                .reports()
                .getFirst();
    assertEquals(22, dead.deadColumns());
    assertTrue(dead.describe().contains("22 dead columns"), dead::describe);
  }

  @Test
  void brokenWeightsAreRefusedByPlace() {
    FloatMatrix weights = FloatMatrix.zeros(6, COLUMNS);
    weights.put(2, 5, Float.NaN);
    IllegalArgumentException thrown =
        assertThrows(
            IllegalArgumentException.class,
            () -> Quantizer.of("int4:g32 rtn").quantize(weights, Compute.scalar()));
    assertTrue(String.valueOf(thrown.getMessage()).contains("(2, 5)"), thrown::getMessage);
  }
}
