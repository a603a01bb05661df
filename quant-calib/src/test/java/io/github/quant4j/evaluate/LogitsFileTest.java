// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.evaluate;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.io.OutputException;
import io.github.quant4j.io.SafetensorsFile;
import io.github.quant4j.model.LanguageModel;
import io.github.quant4j.tensor.Shape;
import io.github.quant4j.testing.models.TestModels;
import io.github.quant4j.testing.models.TestModels.Expected;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.CancellationException;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LogitsFileTest {
  private static final String NAME = "llama-untied";

  @TempDir Path temporary;

  private static int[] text(Expected oracle) {
    return Arrays.stream(oracle.tokens()).flatMapToInt(IntStream::of).toArray();
  }

  @Test
  void theFileHoldsTheOraclesLogits() throws IOException {
    Expected oracle = Expected.of(NAME);
    int length = oracle.tokens()[0].length;
    int windows = oracle.tokens().length;
    Path target = temporary.resolve("logits.safetensors");
    try (LanguageModel model = TestModels.open(NAME)) {
      // Several batches.
      Evaluation evaluation =
          Evaluation.of(model).options(new EvaluationOptions(length, Integer.MAX_VALUE, 1));
      EvaluationResult result = LogitsFile.write(evaluation, text(oracle), target);
      assertEquals(
          evaluation.run(text(oracle)).negativeLogLikelihood(), result.negativeLogLikelihood());
    }
    try (SafetensorsFile file = SafetensorsFile.open(target)) {
      assertEquals(Shape.of(windows, length, 64), file.require("logits").shape());
      assertArrayEquals(oracle.logits(), file.require("logits").toFloatArray(), 1e-4f);
      assertEquals(Shape.of(windows, length), file.require("tokens").shape());
      assertArrayEquals(text(oracle), file.require("tokens").toIntArray());
    }
  }

  @Test
  void nothingIsLeftOfAnEvaluationThatFails() throws IOException {
    Expected oracle = Expected.of(NAME);
    Path target = temporary.resolve("logits.safetensors");
    try (LanguageModel model = TestModels.open(NAME)) {
      int[] stopAfter = {1};
      Evaluation evaluation =
          Evaluation.of(model)
              .options(new EvaluationOptions(8, Integer.MAX_VALUE, 1))
              .cancellation(() -> stopAfter[0]-- == 0);
      assertThrows(
          CancellationException.class, () -> LogitsFile.write(evaluation, text(oracle), target));
      Path elsewhere = temporary.resolve("missing").resolve("logits.safetensors");
      OutputException e =
          assertThrows(
              OutputException.class, () -> LogitsFile.write(evaluation, text(oracle), elsewhere));
      assertTrue(e.getMessage().startsWith(elsewhere.toString()), e.getMessage());
    }
    try (Stream<Path> left = Files.list(temporary)) {
      assertEquals(0, left.count());
    }
  }
}
