// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.generate.BatchPrediction;
import io.github.quant4j.generate.DecodingSession;
import io.github.quant4j.generate.GeneratedTokens;
import io.github.quant4j.generate.Sampling;
import io.github.quant4j.generate.TokenGenerator;
import io.github.quant4j.generate.TokenListener;
import io.github.quant4j.model.config.ModelOptions;
import io.github.quant4j.model.config.WeightPlacement;
import io.github.quant4j.testing.SeededRandom;
import io.github.quant4j.testing.models.TestModels;
import io.github.quant4j.testing.models.TestModels.Expected;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class LanguageModelTest {
  /** The oracle computes in double; logits go up to 20. */
  private static final double TOLERANCE = 1e-4;

  /** Batches of other sizes may sum in another order. */
  private static final float ROUNDING = 2e-5f;

  static Stream<String> models() {
    return TestModels.names().stream();
  }

  static Stream<Arguments> modelsAndKernels() {
    return models().flatMap(name -> Stream.of("scalar", "auto").map(k -> Arguments.of(name, k)));
  }

  private static ModelOptions options(String kernels, int threads) {
    return ModelOptions.defaults().withKernels(kernels).withThreads(threads);
  }

  private static float[] row(float[] logits, int row, int vocabulary) {
    return Arrays.copyOfRange(logits, row * vocabulary, (row + 1) * vocabulary);
  }

  @ParameterizedTest
  @MethodSource("modelsAndKernels")
  void logitsAreThoseOfTheOracle(String name, String kernels) {
    Expected expected = Expected.of(name);
    try (LanguageModel model = TestModels.open(name, options(kernels, 2))) {
      int at = 0;
      for (int[] tokens : expected.tokens()) {
        float[] logits = model.logits(tokens).data();
        float[] wanted = Arrays.copyOfRange(expected.logits(), at, at + logits.length);
        assertArrayEquals(wanted, logits, (float) TOLERANCE, name + " with " + kernels);
        at += logits.length;
      }
    }
  }

  @ParameterizedTest
  @MethodSource("modelsAndKernels")
  void weightsInPlaceGiveTheSame(String name, String kernels) {
    Expected expected = Expected.of(name);
    ModelOptions inPlace = options(kernels, 2).withPlacement(WeightPlacement.IN_PLACE);
    try (LanguageModel model = TestModels.open(name, inPlace)) {
      float[] logits = model.logits(expected.tokens()[0]).data();
      float[] wanted = Arrays.copyOf(expected.logits(), logits.length);
      assertArrayEquals(wanted, logits, (float) TOLERANCE, name + " with " + kernels);
    }
  }

  @Test
  void warmingUpChangesNothingButTheSpeed() {
    String name = TestModels.names().iterator().next();
    int[] tokens = Expected.of(name).tokens()[0];
    LanguageModel model = TestModels.open(name, options("auto", 2));
    try (model) {
      float[] before = model.logits(tokens).data();
      assertFalse(model.warmUp(Duration.ZERO), "no time");
      // How long it takes depends on the machine.
      model.warmUp(Duration.ofSeconds(2));
      assertArrayEquals(before, model.logits(tokens).data());
    }
    assertThrows(IllegalStateException.class, () -> model.warmUp(Duration.ZERO));
  }

  @Test
  void theHeapIsUsedWhereThereIsRoom() {
    long room = Runtime.getRuntime().maxMemory() / Float.BYTES;
    assertTrue(WeightPlacement.AUTOMATIC.isHeap(room / 2 - 1, true));
    assertFalse(WeightPlacement.AUTOMATIC.isHeap(room / 2 + 8, true));
    assertTrue(WeightPlacement.AUTOMATIC.isHeap(room / 4 - 1, false));
    assertFalse(WeightPlacement.AUTOMATIC.isHeap(room / 4 + 8, false));
    assertTrue(WeightPlacement.HEAP.isHeap(Long.MAX_VALUE, true));
    assertFalse(WeightPlacement.IN_PLACE.isHeap(1, true));
  }

  @ParameterizedTest
  @MethodSource("models")
  void aBatchGivesWhatItsSequencesGive(String name) {
    SeededRandom random = new SeededRandom(name.hashCode());
    try (LanguageModel model = TestModels.open(name)) {
      int vocabulary = model.vocabularySize();
      List<int[]> sequences = new ArrayList<>();
      for (int length : new int[] {1, 40, 0, 33, 7}) {
        int[] tokens = new int[length];
        Arrays.setAll(tokens, i -> random.nextInt(0, vocabulary));
        sequences.add(tokens);
      }
      try (BatchPrediction batch = model.predict(sequences)) {
        assertEquals(81, batch.tokens());
        float[] all = new float[batch.tokens() * vocabulary];
        batch.logits(0, 50, all);
        float[] rest = new float[31 * vocabulary];
        batch.logits(50, 31, rest);
        System.arraycopy(rest, 0, all, 50 * vocabulary, rest.length);
        int from = 0;
        for (int[] tokens : sequences) {
          if (tokens.length > 0) {
            float[] alone = model.logits(tokens).data();
            assertArrayEquals(
                alone,
                Arrays.copyOfRange(all, from, from + alone.length),
                ROUNDING,
                name + ", " + random);
            from += alone.length;
          }
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("modelsAndKernels")
  void decodingStepByStepEqualsReadingAtOnce(String name, String kernels) {
    Expected expected = Expected.of(name);
    try (LanguageModel model = TestModels.open(name, options(kernels, 1))) {
      int vocabulary = model.vocabularySize();
      int[][] tokens = expected.tokens();
      DecodingSession session = model.decode(2, tokens[0].length);
      // Runs of different lengths for the two sequences, none among them.
      int[][] ends = {{3, 0}, {4, 9}, {4, 10}, {17, 23}, {23, 23}, {24, 24}};
      int[] done = {0, 0};
      for (int[] end : ends) {
        int[][] next = new int[2][];
        for (int s = 0; s < 2; s++) {
          next[s] = Arrays.copyOfRange(tokens[s], done[s], end[s]);
        }
        float[] logits = session.append(next);
        for (int s = 0; s < 2; s++) {
          if (next[s].length > 0) {
            int row = s * tokens[s].length + end[s] - 1;
            assertArrayEquals(
                row(expected.logits(), row, vocabulary),
                row(logits, s, vocabulary),
                (float) TOLERANCE,
                name + ", sequence " + s + " up to " + end[s]);
          }
          done[s] = end[s];
          assertEquals(end[s], session.length(s));
        }
      }
    }
  }

  /** The models have 128 positions. */
  @Test
  void textsEndWhereThePositionsDo() {
    try (LanguageModel model = TestModels.open("llama-untied")) {
      assertEquals(128, model.maximumPositions());
      assertEquals(128, model.logits(new int[128]).rows());
      for (Executable tooLong :
          List.<Executable>of(
              () -> model.logits(new int[129]),
              () -> model.predict(List.of(new int[3], new int[129])),
              () -> model.observe(List.of(new int[129]), (group, input) -> {}),
              () -> model.graph().embed(List.of(new int[129])),
              () -> model.decode(1, 129),
              () ->
                  TokenGenerator.generate(
                      model, new int[129], Sampling.greedy(1), TokenListener.none()))) {
        String message = assertThrows(IllegalArgumentException.class, tooLong).getMessage();
        assertTrue(message.contains("128"), message);
      }
      GeneratedTokens generated =
          TokenGenerator.generate(model, new int[120], Sampling.greedy(20), TokenListener.none());
      assertTrue(generated.tokens().length <= 8);
      assertNotEquals(GeneratedTokens.Stop.LENGTH, generated.stop());
      assertFalse(model.warmUp(Duration.ofMillis(1)));
    }
  }

  @Test
  void aLongPromptIsReadInRuns() {
    try (LanguageModel model =
        TestModels.open("llama3-rope", options("scalar", 1).withPositionsBeyondTraining(true))) {
      SeededRandom random = new SeededRandom(3);
      int[] tokens = new int[1200];
      Arrays.setAll(tokens, i -> random.nextInt(0, model.vocabularySize()));
      float[] whole = model.logits(tokens).data();
      float[] last = model.decode(1, 1200).append(new int[][] {tokens});
      assertArrayEquals(
          row(whole, 1199, model.vocabularySize()), last, ROUNDING, random.toString());
    }
  }

  @ParameterizedTest
  @MethodSource("modelsAndKernels")
  void threadsDoNotChangeABit(String name, String kernels) {
    Expected expected = Expected.of(name);
    float[] one;
    try (LanguageModel model = TestModels.open(name, options(kernels, 1))) {
      one = model.logits(expected.tokens()[0]).data();
    }
    for (int threads : new int[] {2, 3, 8}) {
      try (LanguageModel model = TestModels.open(name, options(kernels, threads))) {
        for (int repeat = 0; repeat < 3; repeat++) {
          assertArrayEquals(
              one, model.logits(expected.tokens()[0]).data(), name + ", threads " + threads);
        }
      }
    }
  }

  @Test
  void callsFromSeveralThreadsDoNotDisturbEachOther() throws InterruptedException {
    Expected expected = Expected.of("qwen3-head-norms");
    try (LanguageModel model = TestModels.open("qwen3-head-norms", options("auto", 2))) {
      float[] first = model.logits(expected.tokens()[0]).data();
      List<Throwable> failures = new ArrayList<>();
      List<Thread> threads = new ArrayList<>();
      for (int t = 0; t < 4; t++) {
        threads.add(
            Thread.ofPlatform()
                .start(
                    () -> {
                      try {
                        for (int i = 0; i < 20; i++) {
                          assertArrayEquals(first, model.logits(expected.tokens()[0]).data());
                        }
                      } catch (Throwable e) {
                        synchronized (failures) {
                          failures.add(e);
                        }
                      }
                    }));
      }
      for (Thread thread : threads) {
        thread.join();
      }
      assertEquals(List.of(), failures);
    }
  }

  @Test
  void badTokensAreNamed() {
    try (LanguageModel model = TestModels.open("llama-untied")) {
      String message =
          assertThrows(IllegalArgumentException.class, () -> model.logits(new int[] {1, 64}))
              .getMessage();
      assertTrue(message.contains("64 at position 1") && message.contains("0 to 63"), message);
      assertThrows(IllegalArgumentException.class, () -> model.logits(new int[] {-1}));
      assertThrows(IllegalArgumentException.class, () -> model.logits(new int[0]));
      DecodingSession session = model.decode(2, 5);
      session.append(new int[][] {{1, 2, 3}, {}});
      String room =
          assertThrows(
                  IllegalArgumentException.class, () -> session.append(new int[][] {{1, 2, 3}, {}}))
              .getMessage();
      assertTrue(room.contains("3 after 3 of sequence 0") && room.contains("at most 5"), room);
      assertThrows(IllegalArgumentException.class, () -> session.append(new int[][] {{1}}));
      assertThrows(IllegalArgumentException.class, () -> session.append(new int[][] {{1}, {99}}));
      assertEquals(3, session.length(0));
      assertThrows(IllegalArgumentException.class, () -> model.decode(0, 5));
      assertThrows(IllegalArgumentException.class, () -> model.decode(1 << 20, Integer.MAX_VALUE));
    }
  }

  /** An array given back twice would be lent to two callers at once. */
  @Test
  void aPredictionClosedTwiceAtOnceGivesItsMemoryBackOnce() throws Exception {
    int[] tokens = {1, 2, 3, 4, 5, 6, 7, 8};
    try (LanguageModel model =
        TestModels.open("llama-untied", ModelOptions.defaults().withThreads(1))) {
      float[] expected = model.logits(tokens).data();
      CyclicBarrier together = new CyclicBarrier(2);
      AtomicInteger wrong = new AtomicInteger();
      for (int round = 0; round < 300; round++) {
        BatchPrediction prediction = model.predict(List.of(tokens));
        atOnce(together, prediction::close);
        atOnce(
            together,
            () -> wrong.addAndGet(Arrays.equals(expected, model.logits(tokens).data()) ? 0 : 1));
      }
      assertEquals(0, wrong.get());
    }
  }

  private static void atOnce(CyclicBarrier together, Runnable work) throws InterruptedException {
    Runnable waiting =
        () -> {
          try {
            together.await();
          } catch (InterruptedException | BrokenBarrierException e) {
            throw new IllegalStateException(e);
          }
          work.run();
        };
    Thread other = Thread.ofPlatform().start(waiting);
    waiting.run();
    other.join();
  }

  @Test
  void aClosedModelSaysSo() {
    LanguageModel model = TestModels.open("llama-untied");
    BatchPrediction prediction = model.predict(List.of(new int[] {1}));
    prediction.close();
    assertThrows(IllegalStateException.class, () -> prediction.logits(0, 1, new float[64]));
    model.close();
    model.close();
    assertThrows(IllegalStateException.class, () -> model.logits(new int[] {1}));
  }
}
