// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.evaluate;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.graph.ModelWeights;
import io.github.quant4j.model.LanguageModel;
import io.github.quant4j.model.config.ModelOptions;
import io.github.quant4j.tensor.Shape;
import io.github.quant4j.tensor.Tensor;
import io.github.quant4j.testing.SeededRandom;
import io.github.quant4j.testing.models.TestModels;
import io.github.quant4j.testing.models.TestModels.Expected;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EvaluationTest {
  private static final int VOCABULARY = 64;

  /** Logarithms of probabilities by the definition. */
  private static double[] logProbabilities(float[] logits, int row) {
    double[] result = new double[VOCABULARY];
    double sum = 0;
    for (int i = 0; i < VOCABULARY; i++) {
      sum += Math.exp(logits[row * VOCABULARY + i]);
    }
    for (int i = 0; i < VOCABULARY; i++) {
      result[i] = logits[row * VOCABULARY + i] - Math.log(sum);
    }
    return result;
  }

  private static int[] concatenated(int[][] rows) {
    return Arrays.stream(rows).flatMapToInt(IntStream::of).toArray();
  }

  @ParameterizedTest
  @ValueSource(strings = {"llama-untied", "qwen2-biased", "mistral-window"})
  void likelihoodIsThatOfTheOraclesLogits(String name) {
    Expected oracle = Expected.of(name);
    int length = oracle.tokens()[0].length;
    double sum = 0;
    for (int w = 0; w < 2; w++) {
      for (int i = 0; i + 1 < length; i++) {
        sum -= logProbabilities(oracle.logits(), w * length + i)[oracle.tokens()[w][i + 1]];
      }
    }
    double mean = sum / (2.0 * (length - 1));
    // A tail of one token less than a window is dropped.
    int[] text = Arrays.copyOf(concatenated(oracle.tokens()), 3 * length - 1);
    try (LanguageModel model = TestModels.open(name)) {
      EvaluationResult result =
          Evaluation.of(model).options(EvaluationOptions.defaults().withContext(length)).run(text);
      assertEquals(mean, result.negativeLogLikelihood(), 1e-6, name);
      assertEquals(1, result.perplexity() / Math.exp(mean), 1e-6);
      assertEquals(2L * (length - 1), result.tokens());
      assertEquals(2, result.windows());
      assertTrue(result.comparison().isEmpty());
      assertTrue(result.seconds() > 0 && result.tokensPerSecond() > 0);
    }
  }

  private static int[] text(long seed, int length) {
    SeededRandom random = new SeededRandom(seed);
    int[] text = new int[length];
    Arrays.setAll(text, i -> random.nextInt(0, VOCABULARY));
    return text;
  }

  @Test
  void comparisonIsByTheDefinition() {
    int[] text = text(3, 20);
    try (LanguageModel model = TestModels.open("llama-untied");
        LanguageModel reference = TestModels.open("llama3-rope")) {
      EvaluationResult result =
          Evaluation.of(model)
              .against(reference)
              .options(EvaluationOptions.defaults().withContext(10))
              .run(text);
      double divergence = 0;
      int agreements = 0;
      for (int w = 0; w < 2; w++) {
        double divergenceBefore = divergence;
        int agreementsBefore = agreements;
        double loss = 0;
        int[] window = Arrays.copyOfRange(text, w * 10, w * 10 + 10);
        float[] own = model.logits(window).data();
        float[] other = reference.logits(window).data();
        for (int i = 0; i < 9; i++) {
          double[] q = logProbabilities(own, i);
          double[] p = logProbabilities(other, i);
          int bestOwn = 0;
          int bestOther = 0;
          for (int v = 0; v < VOCABULARY; v++) {
            divergence += Math.exp(p[v]) * (p[v] - q[v]);
            bestOwn = q[v] > q[bestOwn] ? v : bestOwn;
            bestOther = p[v] > p[bestOther] ? v : bestOther;
          }
          agreements += bestOwn == bestOther ? 1 : 0;
          loss -= q[window[i + 1]];
        }
        EvaluationResult.Window sums = result.each().get(w);
        assertEquals(9, sums.tokens());
        assertEquals(loss, sums.negativeLogLikelihood(), 1e-5);
        assertEquals(divergence - divergenceBefore, sums.divergence(), 1e-5);
        assertEquals(agreements - agreementsBefore, sums.agreements());
      }
      EvaluationResult.Comparison comparison = result.comparison().orElseThrow();
      assertEquals(2, result.each().size());
      assertEquals(divergence / 18, comparison.divergence(), 1e-6);
      assertEquals(agreements / 18.0, comparison.agreement());

      EvaluationResult same =
          Evaluation.of(model)
              .against(model)
              .options(EvaluationOptions.defaults().withContext(10))
              .run(text);
      assertEquals(0, same.comparison().orElseThrow().divergence(), 1e-12);
      assertEquals(1, same.comparison().orElseThrow().agreement());
    }
  }

  @Test
  void batchesThreadsAndLimitsDoNotChangeTheScore() {
    int[] text = text(5, 107);
    EvaluationOptions options = EvaluationOptions.defaults().withContext(8);
    EvaluationResult one;
    try (LanguageModel model = TestModels.open("qwen3-head-norms")) {
      one = Evaluation.of(model).options(options.withTokensAtOnce(1)).run(text);
      assertEquals(13, one.windows());
      for (int tokensAtOnce : new int[] {16, 50, 10_000}) {
        EvaluationResult batched =
            Evaluation.of(model).options(options.withTokensAtOnce(tokensAtOnce)).run(text);
        assertEquals(one.negativeLogLikelihood(), batched.negativeLogLikelihood(), 1e-5);
      }
      EvaluationResult limited =
          Evaluation.of(model).options(options.withMaximumWindows(2)).run(text);
      EvaluationResult shorter = Evaluation.of(model).options(options).run(Arrays.copyOf(text, 16));
      assertEquals(shorter.negativeLogLikelihood(), limited.negativeLogLikelihood(), 1e-5);
      assertEquals(2, limited.windows());
    }
    try (LanguageModel model =
        TestModels.open(
            "qwen3-head-norms", ModelOptions.defaults().withKernels("scalar").withThreads(4))) {
      assertEquals(
          one.negativeLogLikelihood(),
          Evaluation.of(model)
              .options(options.withTokensAtOnce(1))
              .run(text)
              .negativeLogLikelihood());
    }
  }

  @Test
  void logitsAreHandedOutInOrder() {
    Expected oracle = Expected.of("llama-untied");
    int length = oracle.tokens()[0].length;
    List<Float> seen = new ArrayList<>();
    List<String> progress = new ArrayList<>();
    try (LanguageModel model = TestModels.open("llama-untied")) {
      Evaluation.of(model)
          .options(EvaluationOptions.defaults().withContext(length).withTokensAtOnce(1))
          .progress((stage, done, total) -> progress.add(stage + " " + done + "/" + total))
          .logits(
              (rows, logits) -> {
                for (int i = 0; i < rows * VOCABULARY; i++) {
                  seen.add(logits[i]);
                }
              })
          .run(concatenated(oracle.tokens()));
    }
    float[] all = new float[seen.size()];
    for (int i = 0; i < all.length; i++) {
      all[i] = seen.get(i);
    }
    assertArrayEquals(oracle.logits(), all, 1e-4f);
    assertEquals(List.of("evaluate 1/2", "evaluate 2/2"), progress);
  }

  @Test
  void badCallsAreRefused() {
    try (LanguageModel model = TestModels.open("llama-untied")) {
      Evaluation evaluation =
          Evaluation.of(model).options(EvaluationOptions.defaults().withContext(30));
      String message =
          assertThrows(IllegalArgumentException.class, () -> evaluation.run(text(1, 29)))
              .getMessage();
      assertTrue(message.contains("29 tokens") && message.contains("at least 30"), message);
      assertThrows(
          CancellationException.class, () -> evaluation.cancellation(() -> true).run(text(1, 30)));
      Thread.currentThread().interrupt();
      try {
        assertThrows(CancellationException.class, () -> evaluation.run(text(1, 30)));
      } finally {
        Thread.interrupted();
      }
      int[] foreign = text(1, 30);
      foreign[3] = 64;
      assertThrows(IllegalArgumentException.class, () -> evaluation.run(foreign));
    }
    assertThrows(IllegalArgumentException.class, () -> EvaluationOptions.defaults().withContext(1));
    assertThrows(
        IllegalArgumentException.class, () -> EvaluationOptions.defaults().withMaximumWindows(0));
  }

  @Test
  void aPredictionThatIsNoNumberIsReported() {
    Map<String, Tensor> tensors =
        TestModels.copy(TestModels.weights(TestModels.directory("llama-untied")).tensors());
    float[] norm = new float[32];
    Arrays.fill(norm, Float.NaN);
    tensors.put("model.norm.weight", Tensor.ofFloats(Shape.of(32), norm));
    try (LanguageModel model =
        TestModels.open(
            "llama-untied",
            ModelWeights.of(TestModels.tensors(tensors)),
            ModelOptions.defaults())) {
      String message =
          assertThrows(
                  ArithmeticException.class,
                  () ->
                      Evaluation.of(model)
                          .options(EvaluationOptions.defaults().withContext(5))
                          .run(text(1, 10)))
              .getMessage();
      assertTrue(message.contains("position 0 of window 0"), message);
    }
  }
}
