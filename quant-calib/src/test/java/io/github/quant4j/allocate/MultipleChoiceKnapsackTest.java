// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.allocate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.testing.SeededRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MultipleChoiceKnapsackTest {
  private static List<List<KnapsackOption>> random(
      SeededRandom random, int classes, int options, int costs) {
    List<List<KnapsackOption>> all = new ArrayList<>();
    for (int c = 0; c < classes; c++) {
      List<KnapsackOption> some = new ArrayList<>();
      int count = random.nextInt(1, options + 1);
      for (int o = 0; o < count; o++) {
        // Whole numbers now and then, so that there are equal losses.
        double loss =
            random.nextInt(0, 4) == 0 ? random.nextInt(0, 4) : 4 * random.nextDouble() - 0.5;
        some.add(new KnapsackOption(loss, random.nextInt(0, costs), random.nextInt(0, costs)));
      }
      all.add(some);
    }
    return all;
  }

  /** The least loss of all selections within both budgets; infinite if there is none. */
  private static double bruteForce(
      List<List<KnapsackOption>> classes, int from, long budget, long secondBudget) {
    if (budget < 0 || secondBudget < 0) {
      return Double.POSITIVE_INFINITY;
    }
    if (from == classes.size()) {
      return 0;
    }
    double least = Double.POSITIVE_INFINITY;
    for (KnapsackOption option : classes.get(from)) {
      least =
          Math.min(
              least,
              option.loss()
                  + bruteForce(
                      classes,
                      from + 1,
                      budget - option.cost(),
                      secondBudget - option.secondCost()));
    }
    return least;
  }

  private static void check(
      List<List<KnapsackOption>> classes,
      long budget,
      long secondBudget,
      double least,
      Optional<KnapsackSolution> found,
      String message) {
    assertEquals(Double.isFinite(least), found.isPresent(), message);
    if (found.isEmpty()) {
      return;
    }
    double loss = 0;
    long cost = 0;
    long second = 0;
    for (int c = 0; c < classes.size(); c++) {
      KnapsackOption option = classes.get(c).get(found.get().choices().get(c));
      loss += option.loss();
      cost += option.cost();
      second += option.secondCost();
    }
    assertEquals(least, loss, 1e-9, message);
    assertEquals(loss, found.get().loss(), 1e-9, message);
    assertEquals(cost, found.get().cost(), message);
    assertTrue(cost <= budget && second <= secondBudget, message);
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 5, 20, 1000})
  void agreesWithAllSelections(int costs) {
    SeededRandom random = new SeededRandom(costs);
    for (int i = 0; i < 250; i++) {
      List<List<KnapsackOption>> classes = random(random, random.nextInt(1, 8), 5, costs);
      MultipleChoiceKnapsack knapsack = MultipleChoiceKnapsack.of(classes);
      long budget = random.nextInt(0, 1 + (int) (1.1 * knapsack.largestCost()));
      String message = "instance " + i + ", budget " + budget + ", " + random;
      check(
          classes,
          budget,
          Long.MAX_VALUE,
          bruteForce(classes, 0, budget, Long.MAX_VALUE),
          knapsack.solve(budget),
          message);
      long second = random.nextInt(0, 1 + costs * classes.size());
      check(
          classes,
          budget,
          second,
          bruteForce(classes, 0, budget, second),
          knapsack.solve(budget, second),
          message + ", second " + second);
    }
  }

  @Test
  void lossFallsAsTheBudgetGrows() {
    SeededRandom random = new SeededRandom(1);
    List<List<KnapsackOption>> classes = random(random, 12, 6, 40);
    MultipleChoiceKnapsack knapsack = MultipleChoiceKnapsack.of(classes);
    assertTrue(knapsack.solve(knapsack.leastCost() - 1).isEmpty());
    double before = Double.POSITIVE_INFINITY;
    for (long budget = knapsack.leastCost(); budget <= knapsack.largestCost(); budget++) {
      KnapsackSolution found = knapsack.solve(budget).orElseThrow();
      assertTrue(found.loss() <= before + 1e-12, "budget " + budget + ", " + random);
      assertTrue(found.cost() <= budget);
      assertEquals(found, knapsack.solve(budget).orElseThrow());
      before = found.loss();
    }
    double unlimited =
        classes.stream()
            .mapToDouble(
                some -> some.stream().mapToDouble(KnapsackOption::loss).min().orElseThrow())
            .sum();
    assertEquals(unlimited, before, 1e-9);
  }

  /** Layers of a model: losses that fall fourfold by bit, in sizes that are all different. */
  private static List<List<KnapsackOption>> layers(SeededRandom random, int classes, int options) {
    List<List<KnapsackOption>> all = new ArrayList<>();
    for (int c = 0; c < classes; c++) {
      int size = random.nextInt(1, 9);
      double scale = Math.exp(2 * random.nextGaussian());
      List<KnapsackOption> some = new ArrayList<>();
      for (int o = 0; o < options; o++) {
        int width = random.nextInt(16, 64);
        double loss = scale * Math.pow(4, -width / 8.0) * (1 + 0.3 * random.nextDouble());
        some.add(new KnapsackOption(loss, (long) size * width, (long) size * width * 8));
      }
      all.add(some);
    }
    return all;
  }

  /** Against a table over every budget, which is exact for small whole costs. */
  @Test
  void agreesWithATableOnManyLayers() {
    SeededRandom random = new SeededRandom(300);
    List<List<KnapsackOption>> classes = layers(random, 300, 30);
    MultipleChoiceKnapsack knapsack = MultipleChoiceKnapsack.of(classes);
    int most = (int) knapsack.largestCost();
    double[] least = new double[most + 1];
    for (List<KnapsackOption> options : classes) {
      double[] next = new double[most + 1];
      Arrays.fill(next, Double.POSITIVE_INFINITY);
      for (KnapsackOption option : options) {
        int cost = (int) option.cost();
        for (int b = cost; b <= most; b++) {
          next[b] = Math.min(next[b], least[b - cost] + option.loss());
        }
      }
      least = next;
    }
    for (double share : new double[] {0.05, 0.2, 0.5, 0.8, 0.99}) {
      long range = knapsack.largestCost() - knapsack.leastCost();
      long budget = knapsack.leastCost() + (long) (share * (double) range);
      KnapsackSolution found = knapsack.solve(budget).orElseThrow();
      assertEquals(least[(int) budget], found.loss(), 1e-9 * found.loss(), share + ", " + random);
    }
  }

  @Test
  void twoBudgetsOnManyLayers() {
    SeededRandom random = new SeededRandom(301);
    List<List<KnapsackOption>> classes = new ArrayList<>();
    for (List<KnapsackOption> some : layers(random, 40, 6)) {
      // The second cost has its own opinion, as that of activations of two widths has.
      classes.add(
          some.stream()
              .map(
                  option ->
                      new KnapsackOption(
                          option.loss(),
                          option.cost(),
                          option.cost() * (random.nextInt(0, 2) == 0 ? 8 : 16)))
              .toList());
    }
    MultipleChoiceKnapsack knapsack = MultipleChoiceKnapsack.of(classes);
    long budget = (knapsack.leastCost() + knapsack.largestCost()) / 2;
    KnapsackSolution one = knapsack.solve(budget).orElseThrow();
    KnapsackSolution both = knapsack.solve(budget, one.secondCost() * 9 / 10).orElseThrow();
    assertTrue(both.loss() >= one.loss(), "" + random);
    assertTrue(both.secondCost() <= one.secondCost() * 9 / 10);
    assertEquals(one.loss(), knapsack.solve(budget, one.secondCost()).orElseThrow().loss(), 1e-12);
  }

  @Test
  void badProblemsAreRefused() {
    assertThrows(
        IllegalArgumentException.class, () -> MultipleChoiceKnapsack.of(List.of(List.of())));
    assertThrows(IllegalArgumentException.class, () -> KnapsackOption.of(Double.NaN, 1));
    assertThrows(IllegalArgumentException.class, () -> KnapsackOption.of(1, -1));
    List<KnapsackOption> large = List.of(KnapsackOption.of(1, Long.MAX_VALUE));
    assertThrows(
        IllegalArgumentException.class, () -> MultipleChoiceKnapsack.of(List.of(large, large)));
    assertEquals(List.of(), MultipleChoiceKnapsack.of(List.of()).solve(0).orElseThrow().choices());
  }
}
