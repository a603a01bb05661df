// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.family;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import io.github.quant4j.generate.BatchPrediction;
import io.github.quant4j.generate.DecodingSession;
import io.github.quant4j.graph.ModelWeights;
import io.github.quant4j.io.ModelDirectory;
import io.github.quant4j.model.LanguageModel;
import io.github.quant4j.model.config.ModelOptions;
import io.github.quant4j.model.runtime.StoredWeights;
import io.github.quant4j.testing.SharedData;
import io.github.quant4j.testing.models.TestModels.Expected;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Tiny models of every family against the logits of the reference implementation. */
@Tag("conformance")
class FamiliesConformanceTest {
  private static final float TOLERANCE = 2e-4f;

  /** The reference keeps keys that were turned for a shorter text. */
  private static final String LENGTH_DEPENDENT = "llama-rope-dynamic";

  static List<Path> configurations() throws IOException {
    try (Stream<Path> folders = Files.list(SharedData.path("fixtures/families"))) {
      return folders
          .filter(Files::isDirectory)
          .flatMap(
              folder ->
                  Stream.of("config.json", "config-classic.json")
                      .map(folder::resolve)
                      .filter(Files::exists))
          .sorted()
          .toList();
    }
  }

  private static LanguageModel open(Path configuration) throws IOException {
    ModelWeights weights = new StoredWeights(ModelDirectory.open(configuration.getParent()));
    return LanguageModel.of(
        Files.readString(configuration),
        weights,
        ModelOptions.defaults().withPositionsBeyondTraining(true));
  }

  private static Expected expected(Path configuration) {
    return Expected.read(configuration.resolveSibling("expected.safetensors"));
  }

  @ParameterizedTest
  @MethodSource("configurations")
  void logitsAreThoseOfTheReference(Path configuration) throws IOException {
    Expected expected = expected(configuration);
    try (LanguageModel model = open(configuration)) {
      int at = 0;
      for (int[] tokens : expected.tokens()) {
        float[] logits = model.logits(tokens).data();
        float[] wanted = Arrays.copyOfRange(expected.logits(), at, at + logits.length);
        assertArrayEquals(wanted, logits, TOLERANCE, configuration.toString());
        at += logits.length;
      }
    }
  }

  /** A whole text, a part of another and one token in one batch do not see each other. */
  @ParameterizedTest
  @MethodSource("configurations")
  void batchesOfUnequalLengths(Path configuration) throws IOException {
    Expected expected = expected(configuration);
    int[] first = expected.tokens()[0];
    int[] second = expected.tokens()[1];
    int half = second.length / 2;
    try (LanguageModel model = open(configuration)) {
      int width = model.vocabularySize();
      List<int[]> batch =
          List.of(Arrays.copyOf(first, 1), second, Arrays.copyOf(second, half), first);
      float[] alone = model.logits(Arrays.copyOf(second, half)).data();
      try (BatchPrediction prediction = model.predict(batch)) {
        float[] logits = new float[prediction.tokens() * width];
        prediction.logits(0, prediction.tokens(), logits);
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
  }

  /** Through the cache: a prompt of some tokens for one text, of none for the other, then steps. */
  @ParameterizedTest
  @MethodSource("configurations")
  void tokenByToken(Path configuration) throws IOException {
    if (configuration.toString().contains(LENGTH_DEPENDENT)) {
      return;
    }
    Expected expected = expected(configuration);
    int[] first = expected.tokens()[0];
    int[] second = expected.tokens()[1];
    int length = first.length;
    try (LanguageModel model = open(configuration)) {
      int width = model.vocabularySize();
      DecodingSession session = model.decode(2, length + 5);
      session.append(new int[][] {Arrays.copyOf(first, 5), {}});
      for (int i = 0; i < length; i++) {
        int[] next = i + 5 < length ? new int[] {first[i + 5]} : new int[0];
        float[] logits = session.append(new int[][] {next, {second[i]}});
        if (next.length > 0) {
          check(expected, i + 5, Arrays.copyOf(logits, width), configuration);
        }
        check(expected, length + i, Arrays.copyOfRange(logits, width, 2 * width), configuration);
      }
    }
  }

  private static void check(Expected expected, int row, float[] logits, Path configuration) {
    int from = row * logits.length;
    assertArrayEquals(
        Arrays.copyOfRange(expected.logits(), from, from + logits.length),
        logits,
        TOLERANCE,
        configuration + ", row " + row);
  }
}
