// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.generate;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.testing.SeededRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TokenSamplerTest {

  /** Probabilities by the definition: sort, cut, divide. */
  private static double[] expected(float[] logits, Sampling sampling) {
    List<Integer> order = new ArrayList<>();
    for (int i = 0; i < logits.length; i++) {
      order.add(i);
    }
    order.sort(Comparator.comparingDouble((Integer i) -> -logits[i]).thenComparing(i -> i));
    if (sampling.topK() > 0) {
      order = order.subList(0, Math.min(sampling.topK(), order.size()));
    }
    double sum = 0;
    for (int i : order) {
      sum += Math.exp(logits[i] / sampling.temperature());
    }
    double[] probabilities = new double[logits.length];
    double before = 0;
    double kept = 0;
    for (int i : order) {
      double probability = Math.exp(logits[i] / sampling.temperature()) / sum;
      if (before < sampling.topP()) {
        probabilities[i] = probability;
        kept += probability;
      }
      before += probability;
    }
    for (int i = 0; i < probabilities.length; i++) {
      probabilities[i] /= kept;
    }
    return probabilities;
  }

  @ParameterizedTest
  @CsvSource({
    "1.0, 0, 1.0", "0.7, 0, 1.0", "2.0, 0, 1.0", "1.0, 5, 1.0", "1.0, 1, 1.0", "1.0, 100, 1.0",
    "1.0, 0, 0.9", "1.0, 0, 0.3", "1.0, 0, 0.0001", "0.8, 12, 0.8", "1.5, 3, 0.5", "1.0, 39, 0.99"
  })
  void frequenciesAreThoseOfTheDefinition(double temperature, int topK, double topP) {
    SeededRandom random = new SeededRandom(11);
    float[] padded = new float[50];
    Arrays.fill(padded, 1e9f);
    float[] logits = random.gaussians(40);
    logits[7] = logits[3];
    logits[20] = -100;
    System.arraycopy(logits, 0, padded, 5, 40);
    Sampling sampling = new Sampling(1, temperature, topK, topP, 99);
    double[] expected = expected(logits, sampling);
    int draws = 100_000;
    int[] counts = new int[40];
    TokenSampler sampler = new TokenSampler(sampling);
    for (int i = 0; i < draws; i++) {
      counts[sampler.next(padded, 5, 40)]++;
    }
    for (int i = 0; i < 40; i++) {
      double deviation = Math.sqrt(draws * expected[i] * (1 - expected[i]));
      assertEquals(draws * expected[i], counts[i], 5 * deviation, sampling + ", token " + i);
    }
  }

  @Test
  void temperatureZeroTakesTheFirstOfTheLikeliest() {
    TokenSampler sampler = new TokenSampler(Sampling.greedy(1).withTopK(3).withTopP(0.5));
    assertEquals(1, sampler.next(new float[] {0, 2, 2, -1}, 0, 4));
    assertEquals(0, sampler.next(new float[] {Float.NEGATIVE_INFINITY, -5}, 1, 1));
  }

  @Test
  void theSeedDecides() {
    SeededRandom random = new SeededRandom(5);
    float[] logits = random.gaussians(1000);
    Sampling sampling = Sampling.random(1, 7).withTopP(0.95);
    int[] first = draws(sampling, logits);
    assertArrayEquals(first, draws(sampling, logits));
    assertFalse(Arrays.equals(first, draws(sampling.withSeed(8), logits)));
  }

  private static int[] draws(Sampling sampling, float[] logits) {
    TokenSampler sampler = new TokenSampler(sampling);
    int[] tokens = new int[50];
    Arrays.setAll(tokens, i -> sampler.next(logits, 0, logits.length));
    return tokens;
  }

  @Test
  void excludedTokensAreNotDrawn() {
    float[] logits = {Float.NEGATIVE_INFINITY, 0, Float.NEGATIVE_INFINITY};
    for (Sampling sampling :
        List.of(
            Sampling.greedy(1),
            Sampling.random(1, 1),
            Sampling.random(1, 1).withTopK(2),
            Sampling.random(1, 1).withTopP(0.999))) {
      TokenSampler sampler = new TokenSampler(sampling);
      for (int i = 0; i < 100; i++) {
        assertEquals(1, sampler.next(logits, 0, 3), sampling.toString());
      }
    }
  }

  @Test
  void predictionsThatAreNotNumbersAreRefused() {
    TokenSampler sampler = new TokenSampler(Sampling.greedy(1));
    assertThrows(
        ArithmeticException.class, () -> sampler.next(new float[] {1, Float.NaN, 2}, 0, 3));
    assertThrows(
        ArithmeticException.class,
        () -> sampler.next(new float[] {1, Float.POSITIVE_INFINITY}, 0, 2));
    float[] nothing = {Float.NEGATIVE_INFINITY, Float.NEGATIVE_INFINITY};
    assertThrows(ArithmeticException.class, () -> sampler.next(nothing, 0, 2));
    assertThrows(IndexOutOfBoundsException.class, () -> sampler.next(nothing, 1, 2));
  }

  @Test
  void rangesAreChecked() {
    for (double temperature : new double[] {-0.1, Double.NaN, Double.POSITIVE_INFINITY}) {
      String message =
          assertThrows(
                  IllegalArgumentException.class,
                  () -> Sampling.greedy(1).withTemperature(temperature))
              .getMessage();
      assertTrue(message.startsWith("temperature: " + temperature), message);
    }
    for (double topP : new double[] {0, -1, 1.01, Double.NaN}) {
      assertThrows(IllegalArgumentException.class, () -> Sampling.greedy(1).withTopP(topP));
    }
    assertThrows(IllegalArgumentException.class, () -> Sampling.greedy(1).withTopK(-1));
    assertThrows(IllegalArgumentException.class, () -> Sampling.greedy(-1));
  }
}
