// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.allocate;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Dynamic programming over the classes of a knapsack: the selections of the first classes that no
 * other one beats in all respects and that do not exceed the bound by more than a gap.
 */
final class KnapsackSearch {
  private final List<List<KnapsackOption>> classes;
  private final MultipleChoiceKnapsack.KnapsackBound bound;
  private final double gap;
  private final long budget;
  private final long secondBudget;
  private final boolean isDouble;
  private final int[][] admitted;

  /** Selections of the classes so far, in the order of their cost, then loss. */
  private static final class Selections {
    long[] costs;
    long[] secondCosts;
    double[] losses;
    double[] excesses;
    int[] parents;
    int[] options;
    int count;

    Selections(int capacity) {
      costs = new long[capacity];
      secondCosts = new long[capacity];
      losses = new double[capacity];
      excesses = new double[capacity];
      parents = new int[capacity];
      options = new int[capacity];
    }

    void add(Selections before, int parent, KnapsackOption option, int index, double excess) {
      if (count == costs.length) {
        int larger = 2 * count + 1;
        costs = Arrays.copyOf(costs, larger);
        secondCosts = Arrays.copyOf(secondCosts, larger);
        losses = Arrays.copyOf(losses, larger);
        excesses = Arrays.copyOf(excesses, larger);
        parents = Arrays.copyOf(parents, larger);
        options = Arrays.copyOf(options, larger);
      }
      costs[count] = before.costs[parent] + option.cost();
      secondCosts[count] = before.secondCosts[parent] + option.secondCost();
      losses[count] = before.losses[parent] + option.loss();
      excesses[count] = before.excesses[parent] + excess;
      parents[count] = parent;
      options[count] = index;
      count++;
    }
  }

  KnapsackSearch(
      List<List<KnapsackOption>> classes,
      MultipleChoiceKnapsack.KnapsackBound bound,
      double gap,
      long budget,
      long secondBudget,
      boolean isDouble) {
    this.classes = classes;
    this.bound = bound;
    this.gap = gap;
    this.budget = budget;
    this.secondBudget = secondBudget;
    this.isDouble = isDouble;
    this.admitted = new int[classes.size()][];
    for (int c = 0; c < admitted.length; c++) {
      admitted[c] = admitted(c);
    }
  }

  /** The options of a class that are within the gap and not beaten by another of the class. */
  private int[] admitted(int index) {
    List<KnapsackOption> options = classes.get(index);
    List<Integer> kept = new ArrayList<>();
    for (int o = 0; o < options.size(); o++) {
      if (bound.excess(index, o) <= gap && !isBeaten(options, o)) {
        kept.add(o);
      }
    }
    return kept.stream().mapToInt(Integer::intValue).toArray();
  }

  private boolean isBeaten(List<KnapsackOption> options, int o) {
    KnapsackOption option = seen(options.get(o));
    for (int other = 0; other < options.size(); other++) {
      KnapsackOption rival = seen(options.get(other));
      boolean isFirst = other < o || !rival.isDominatedBy(option);
      if (other != o && option.isDominatedBy(rival) && isFirst) {
        return true;
      }
    }
    return false;
  }

  private KnapsackOption seen(KnapsackOption option) {
    return isDouble ? option : KnapsackOption.of(option.loss(), option.cost());
  }

  /** The feasible selection of the least loss among those within the gap. */
  Optional<KnapsackSolution> best() {
    int count = classes.size();
    long[] leastAfter = new long[count + 1];
    long[] leastSecondAfter = new long[count + 1];
    long[] mostAfter = new long[count + 1];
    long[] mostSecondAfter = new long[count + 1];
    for (int c = count - 1; c >= 0; c--) {
      long least = Long.MAX_VALUE;
      long leastSecond = Long.MAX_VALUE;
      for (int o : admitted[c]) {
        least = Math.min(least, classes.get(c).get(o).cost());
        leastSecond = Math.min(leastSecond, classes.get(c).get(o).secondCost());
      }
      leastAfter[c] = leastAfter[c + 1] + least;
      leastSecondAfter[c] = leastSecondAfter[c + 1] + leastSecond;
      long most = 0;
      long mostSecond = 0;
      for (int o : admitted[c]) {
        most = Math.max(most, classes.get(c).get(o).cost());
        mostSecond = Math.max(mostSecond, classes.get(c).get(o).secondCost());
      }
      mostAfter[c] = mostAfter[c + 1] + most;
      mostSecondAfter[c] = mostSecondAfter[c + 1] + mostSecond;
    }
    List<Selections> stages = new ArrayList<>();
    Selections none = new Selections(1);
    none.count = 1;
    stages.add(none);
    for (int c = 0; c < count; c++) {
      Selections next =
          extended(
              stages.getLast(),
              c,
              new Rest(
                  budget - leastAfter[c + 1],
                  secondBudget - leastSecondAfter[c + 1],
                  (double) budget - mostAfter[c + 1],
                  (double) secondBudget - mostSecondAfter[c + 1]));
      if (next.count == 0) {
        return Optional.empty();
      }
      stages.add(isDouble ? unbeatenOfTwo(next) : unbeaten(next));
    }
    return Optional.of(trace(stages));
  }

  /**
   * What the classes still to come leave.
   *
   * @param room the most that the classes so far may cost
   * @param secondRoom the same of the second cost
   * @param used what the classes so far must cost, or some of the budget stays unused
   * @param secondUsed the same of the second cost
   */
  private record Rest(long room, long secondRoom, double used, double secondUsed) {}

  private Selections extended(Selections before, int index, Rest rest) {
    List<KnapsackOption> options = classes.get(index);
    Selections next = new Selections(before.count * admitted[index].length);
    // Option by option, so that costs come in a few ascending runs, which sorting merges.
    for (int o : admitted[index]) {
      KnapsackOption option = options.get(o);
      double excess = bound.excess(index, o);
      for (int parent = 0; parent < before.count; parent++) {
        long cost = before.costs[parent] + option.cost();
        long secondCost = isDouble ? before.secondCosts[parent] + option.secondCost() : 0;
        boolean isWithin =
            cost <= rest.room
                && (!isDouble || secondCost <= rest.secondRoom)
                && before.excesses[parent]
                        + excess
                        + bound.unused(
                            rest.used - cost, isDouble ? rest.secondUsed - secondCost : 0)
                    <= gap;
        if (isWithin) {
          next.add(before, parent, option, o, excess);
        }
      }
    }
    return next;
  }

  private static int[] order(Selections all) {
    Integer[] order = new Integer[all.count];
    Arrays.setAll(order, i -> i);
    Arrays.sort(
        order,
        (a, b) -> {
          int byCost = Long.compare(all.costs[a], all.costs[b]);
          if (byCost != 0) {
            return byCost;
          }
          int byLoss = Double.compare(all.losses[a], all.losses[b]);
          return byLoss != 0 ? byLoss : Long.compare(all.secondCosts[a], all.secondCosts[b]);
        });
    return Arrays.stream(order).mapToInt(Integer::intValue).toArray();
  }

  private static Selections unbeaten(Selections all) {
    Selections kept = new Selections(all.count);
    double least = Double.POSITIVE_INFINITY;
    for (int i : order(all)) {
      if (all.losses[i] < least) {
        least = all.losses[i];
        copy(all, i, kept);
      }
    }
    return kept;
  }

  /** Going up in cost, the loss that is known for each second cost or a lower one. */
  private static Selections unbeatenOfTwo(Selections all) {
    Selections kept = new Selections(all.count);
    TreeMap<Long, Double> least = new TreeMap<>();
    for (int i : order(all)) {
      Map.Entry<Long, Double> below = least.floorEntry(all.secondCosts[i]);
      if (below != null && below.getValue() <= all.losses[i]) {
        continue;
      }
      Map.Entry<Long, Double> above = least.ceilingEntry(all.secondCosts[i]);
      while (above != null && above.getValue() >= all.losses[i]) {
        least.remove(above.getKey());
        above = least.ceilingEntry(all.secondCosts[i]);
      }
      least.put(all.secondCosts[i], all.losses[i]);
      copy(all, i, kept);
    }
    return kept;
  }

  private static void copy(Selections from, int i, Selections to) {
    to.costs[to.count] = from.costs[i];
    to.secondCosts[to.count] = from.secondCosts[i];
    to.losses[to.count] = from.losses[i];
    to.excesses[to.count] = from.excesses[i];
    to.parents[to.count] = from.parents[i];
    to.options[to.count] = from.options[i];
    to.count++;
  }

  private static KnapsackSolution trace(List<Selections> stages) {
    Selections last = stages.getLast();
    int best = 0;
    for (int i = 1; i < last.count; i++) {
      int byLoss = Double.compare(last.losses[i], last.losses[best]);
      best = byLoss < 0 ? i : best;
    }
    List<Integer> choices = new ArrayList<>();
    int at = best;
    for (int c = stages.size() - 1; c > 0; c--) {
      choices.add(stages.get(c).options[at]);
      at = stages.get(c).parents[at];
    }
    Collections.reverse(choices);
    return new KnapsackSolution(
        choices, last.losses[best], last.costs[best], last.secondCosts[best]);
  }
}
