// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.pipeline;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.model.LanguageModel;
import io.github.quant4j.progress.Cancellation;
import io.github.quant4j.progress.ProgressListener;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class BalancedCalibrationTest {
  private static final Path FAMILIES =
      Path.of(System.getProperty("quant4j.root", ".."))
          .resolve("quant-models/src/test/resources/families");

  @TempDir private Path folder;

  private static LanguageModel open(String family) throws IOException {
    return LanguageModel.open(FAMILIES.resolve(family));
  }

  private static BalancedCalibration.Text write(
      LanguageModel model, int windows, int context, double weight) {
    return new BalancedCalibration(windows, context, 3, 4, weight)
        .write(model, ProgressListener.none(), Cancellation.never());
  }

  /** Counted here from the inputs of the experts, not as the writer does. */
  private static double imbalance(LanguageModel model, List<int[]> windows) {
    java.util.Map<String, long[]> layers = new java.util.LinkedHashMap<>();
    model.observe(
        windows,
        (group, input) -> {
          String site = group.sites().getFirst().name();
          if (input.selection().isPresent() && group.name().endsWith(".input")) {
            String layer = site.replaceAll("(.*\\.layers\\.[0-9]+)\\..*", "$1");
            int expert = Integer.parseInt(group.name().split("\\.", -1)[2]);
            layers.computeIfAbsent(layer, _ -> new long[64])[expert] += input.tokens();
          }
        });
    int experts =
        1 + layers.values().stream().mapToInt(BalancedCalibrationTest::last).max().orElse(0);
    return layers.values().stream()
        .mapToDouble(
            counts -> {
              double mean = Arrays.stream(counts).sum() / (double) experts;
              double squares = 0;
              for (int e = 0; e < experts; e++) {
                squares += Math.pow(counts[e] - mean, 2);
              }
              return Math.sqrt(squares / experts) / mean;
            })
        .average()
        .orElseThrow();
  }

  private static int last(long[] counts) {
    int last = 0;
    for (int i = 0; i < counts.length; i++) {
      last = counts[i] > 0 ? i : last;
    }
    return last;
  }

  @ParameterizedTest
  @CsvSource({"olmoe, 16, 16", "granitemoe, 16, 16", "deepseek-v3, 16, 16"})
  void expertsAreUsedMoreEvenly(String family, int windows, int context) throws IOException {
    try (LanguageModel model = open(family)) {
      BalancedCalibration.Text text =
          write(model, windows, context, BalancedCalibration.DEFAULT_WEIGHT);
      assertEquals(imbalance(model, List.of(text.windows())), text.imbalance(), 1e-9);
      List<int[]> plain =
          List.of(
              SelfGeneratedCalibration.of(windows, context, 3)
                  .write(model, ProgressListener.none(), Cancellation.never()));
      double before = imbalance(model, plain);
      assertTrue(text.imbalance() < 0.8 * before, text + " of plain text: " + before);
      assertTrue(text.imbalance() < text.drawnImbalance(), text::toString);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 3, 5, 17})
  void windowsAreFullAndTheSeedDecides(int context) throws IOException {
    try (LanguageModel model = open("olmoe")) {
      int[][] windows = write(model, 5, context, 1).windows();
      assertEquals(5, windows.length);
      for (int[] window : windows) {
        assertEquals(context, window.length);
        for (int i = 1; i < context; i++) {
          assertFalse(model.endTokens().contains(window[i]));
        }
      }
      assertArrayEquals(windows, write(model, 5, context, 1).windows());
      if (context > 3) {
        int[][] others =
            new BalancedCalibration(5, context, 4, 4, 1)
                .write(model, ProgressListener.none(), Cancellation.never())
                .windows();
        assertFalse(Arrays.deepEquals(windows, others));
      }
    }
  }

  /** Without weight the likeliest candidates are taken, which are likelier than draws. */
  @Test
  void withoutWeightTextIsLikely() throws IOException {
    try (LanguageModel model = open("olmoe")) {
      double likely = surprise(model, List.of(write(model, 16, 16, 0).windows()));
      double even = surprise(model, List.of(write(model, 16, 16, 1000).windows()));
      assertTrue(likely < even, likely + " nats, with weight " + even);
    }
  }

  private static double surprise(LanguageModel model, List<int[]> windows) {
    double sum = 0;
    for (int[] window : windows) {
      var logits = model.logits(window);
      for (int t = 0; t + 1 < window.length; t++) {
        double total = 0;
        for (int v = 0; v < logits.columns(); v++) {
          total += Math.exp(logits.data()[t * logits.columns() + v]);
        }
        sum += Math.log(total) - logits.data()[t * logits.columns() + window[t + 1]];
      }
    }
    return sum;
  }

  @Test
  void theReportTellsTheImbalance() throws IOException {
    try (LanguageModel model = open("olmoe")) {
      QuantizationReport report =
          Quantization.of(model)
              .recipe("int4:g4:asym gptq")
              .calibration(Calibration.balanced(4, 16))
              .saveTo(folder.resolve("out"));
      assertTrue(
          report.calibration().matches("4 windows .* balanced .*; imbalance of experts .* [0-9.]+"),
          report.calibration());
    }
  }

  @Test
  void modelsWithoutExpertsAreRefusedBeforeWork() throws IOException {
    try (LanguageModel model = open("glm")) {
      IllegalArgumentException e =
          assertThrows(
              IllegalArgumentException.class,
              () -> Quantization.of(model).calibration(Calibration.balanced(2, 8)));
      assertTrue(e.getMessage().contains("has no experts"), e.getMessage());
    }
  }

  @Test
  void progressIsToldAndCancellationHeard() throws IOException {
    try (LanguageModel model = open("olmoe")) {
      List<Long> done = new ArrayList<>();
      new BalancedCalibration(5, 8, 0, 8, 1)
          .write(model, (_, now, _) -> done.add(now), Cancellation.never());
      assertEquals(List.of(16L, 32L, 40L), done);
      AtomicInteger asked = new AtomicInteger();
      assertThrows(
          CancellationException.class,
          () ->
              new BalancedCalibration(5, 8, 0, 8, 1)
                  .write(model, ProgressListener.none(), () -> asked.incrementAndGet() == 3));
    }
  }

  @Test
  void badNumbersAreRefused() {
    assertThrows(IllegalArgumentException.class, () -> new BalancedCalibration(0, 8, 0, 4, 1));
    assertThrows(IllegalArgumentException.class, () -> new BalancedCalibration(1, 1, 0, 4, 1));
    assertThrows(IllegalArgumentException.class, () -> new BalancedCalibration(1, 8, 0, 1, 1));
    for (double weight : new double[] {-1, Double.NaN, Double.POSITIVE_INFINITY}) {
      assertThrows(
          IllegalArgumentException.class, () -> new BalancedCalibration(1, 8, 0, 4, weight));
    }
  }
}
