// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.family;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import io.github.quant4j.generate.BatchPrediction;
import io.github.quant4j.generate.DecodingSession;
import io.github.quant4j.graph.ModelWeights;
import io.github.quant4j.io.quantized.ModelSource;
import io.github.quant4j.model.LanguageModel;
import io.github.quant4j.model.config.ModelOptions;
import io.github.quant4j.model.runtime.StoredWeights;
import io.github.quant4j.testing.models.TestModels.Expected;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/**
 * A tiny model with logits of the reference implementation, which are those of all ways to compute
 * them here.
 *
 * @param configuration its config.json, or another spelling of it; the weights and {@code
 *     expected.safetensors} are beside it
 */
record ReferenceModel(Path configuration) {
  private static final float TOLERANCE = 2e-4f;

  private LanguageModel open(int threads) throws IOException {
    ModelWeights weights = new StoredWeights(ModelSource.open(configuration.getParent()));
    return LanguageModel.of(
        Files.readString(configuration),
        weights,
        ModelOptions.defaults().withPositionsBeyondTraining(true).withThreads(threads));
  }

  private Expected expected() {
    return Expected.read(configuration.resolveSibling("expected.safetensors"));
  }

  void checkLogits() throws IOException {
    Expected expected = expected();
    try (LanguageModel model = open(1)) {
      int at = 0;
      for (int[] tokens : expected.tokens()) {
        float[] logits = model.logits(tokens).data();
        float[] wanted = Arrays.copyOfRange(expected.logits(), at, at + logits.length);
        assertArrayEquals(wanted, logits, TOLERANCE, configuration.toString());
        at += logits.length;
      }
    }
  }

  /** Rooms of several threads sum in the same order. */
  void checkThreads() throws IOException {
    Expected expected = expected();
    try (LanguageModel one = open(1);
        LanguageModel several = open(3)) {
      for (int[] tokens : expected.tokens()) {
        assertArrayEquals(
            one.logits(tokens).data(), several.logits(tokens).data(), configuration.toString());
      }
      List<int[]> batch = List.of(expected.tokens()[1], expected.tokens()[0]);
      assertArrayEquals(logits(one, batch), logits(several, batch), configuration.toString());
    }
  }

  private static float[] logits(LanguageModel model, List<int[]> batch) {
    try (BatchPrediction prediction = model.predict(batch)) {
      float[] logits = new float[prediction.tokens() * model.vocabularySize()];
      prediction.logits(0, prediction.tokens(), logits);
      return logits;
    }
  }

  /** A whole text, a part of another and one token in one batch do not see each other. */
  void checkBatches() throws IOException {
    Expected expected = expected();
    int[] first = expected.tokens()[0];
    int[] second = expected.tokens()[1];
    int half = second.length / 2;
    try (LanguageModel model = open(2)) {
      int width = model.vocabularySize();
      List<int[]> batch =
          List.of(Arrays.copyOf(first, 1), second, Arrays.copyOf(second, half), first);
      float[] alone = model.logits(Arrays.copyOf(second, half)).data();
      float[] logits = logits(model, batch);
      int from = width;
      int length = second.length * width;
      assertArrayEquals(
          Arrays.copyOfRange(
              expected.logits(), first.length * width, first.length * width + length),
          Arrays.copyOfRange(logits, from, from + length),
          TOLERANCE);
      from += length;
      assertArrayEquals(alone, Arrays.copyOfRange(logits, from, from + alone.length), TOLERANCE);
      from += alone.length;
      assertArrayEquals(
          Arrays.copyOf(expected.logits(), first.length * width),
          Arrays.copyOfRange(logits, from, from + first.length * width),
          TOLERANCE);
    }
  }

  /** Through the cache: a prompt of some tokens for one text, of none for the other, then steps. */
  void checkSteps() throws IOException {
    Expected expected = expected();
    int[] first = expected.tokens()[0];
    int[] second = expected.tokens()[1];
    int length = first.length;
    try (LanguageModel model = open(2)) {
      int width = model.vocabularySize();
      DecodingSession session = model.decode(2, length + 5);
      session.append(new int[][] {Arrays.copyOf(first, 5), {}});
      for (int i = 0; i < length; i++) {
        int[] next = i + 5 < length ? new int[] {first[i + 5]} : new int[0];
        float[] logits = session.append(new int[][] {next, {second[i]}});
        if (next.length > 0) {
          check(expected, i + 5, Arrays.copyOf(logits, width));
        }
        check(expected, length + i, Arrays.copyOfRange(logits, width, 2 * width));
      }
    }
  }

  private void check(Expected expected, int row, float[] logits) {
    int from = row * logits.length;
    assertArrayEquals(
        Arrays.copyOfRange(expected.logits(), from, from + logits.length),
        logits,
        TOLERANCE,
        configuration + ", row " + row);
  }
}
