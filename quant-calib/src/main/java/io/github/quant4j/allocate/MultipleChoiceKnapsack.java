// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.allocate;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * The multiple-choice knapsack: of each class exactly one option, so that the sum of losses is
 * least while one or two sums of costs stay within budgets. Costs are whole numbers and nothing is
 * rounded, so that the solution is the best there is, but for the rounding of sums of losses in
 * binary64.
 *
 * <p>Lagrange multipliers bound the loss from below: with {@code r(o) = loss(o) + m cost(o) - min},
 * which is at least 0, no selection has a loss below {@code bound + sum r}. Dynamic programming
 * over the classes keeps the selections that no other one beats in all respects, as a list
 * (Nemhauser and Ullmann), and only those whose {@code sum r} is within a gap. If the best
 * selection found exceeds the bound by no more than the gap it is optimal; otherwise the gap is
 * widened. The number of selections kept is exponential in the worst case; 300 classes of 30
 * options take milliseconds.
 *
 * <p>The loss does not grow with the budget, and the same problem has always the same solution: of
 * several with the least loss the one of the least cost, then the least second cost, then the first
 * found. Instances are immutable and thread-safe.
 */
public final class MultipleChoiceKnapsack {
  private static final double WIDENING = 3;
  private static final int BISECTIONS = 80;

  private final List<List<KnapsackOption>> classes;
  private final double tolerance;
  private final double largestMultiplier;

  private MultipleChoiceKnapsack(List<List<KnapsackOption>> classes) {
    this.classes = classes;
    double losses = 0;
    double multiplier = 1;
    for (List<KnapsackOption> options : classes) {
      double most = 0;
      double least = Double.MAX_VALUE;
      double highest = -Double.MAX_VALUE;
      for (KnapsackOption option : options) {
        most = Math.max(most, Math.abs(option.loss()));
        least = Math.min(least, option.loss());
        highest = Math.max(highest, option.loss());
      }
      losses += most;
      // Costs are whole, so that a difference of loss is never worth more by unit of cost.
      multiplier = Math.max(multiplier, highest - least);
    }
    this.tolerance = 1e-13 * losses;
    this.largestMultiplier = 2 * multiplier;
  }

  /**
   * States a problem.
   *
   * @param classes the options of each class
   * @return the problem
   * @throws IllegalArgumentException if a class has no options, or costs are so large that their
   *     sum overflows
   */
  public static MultipleChoiceKnapsack of(List<List<KnapsackOption>> classes) {
    List<List<KnapsackOption>> copy = new ArrayList<>();
    long first = 0;
    long second = 0;
    for (int i = 0; i < classes.size(); i++) {
      List<KnapsackOption> options = List.copyOf(classes.get(i));
      if (options.isEmpty()) {
        throw new IllegalArgumentException("class " + i + ": no options, expected at least one");
      }
      try {
        first = Math.addExact(first, most(options, false));
        second = Math.addExact(second, most(options, true));
      } catch (ArithmeticException _) {
        throw new IllegalArgumentException(
            "classes: the sum of their costs exceeds " + Long.MAX_VALUE);
      }
      copy.add(options);
    }
    return new MultipleChoiceKnapsack(List.copyOf(copy));
  }

  private static long most(List<KnapsackOption> options, boolean second) {
    return options.stream()
        .mapToLong(option -> second ? option.secondCost() : option.cost())
        .max()
        .orElse(0);
  }

  /**
   * The least sum of costs: with a smaller budget there is no solution.
   *
   * @return the sum of each class's least cost
   */
  public long leastCost() {
    return classes.stream()
        .mapToLong(options -> options.stream().mapToLong(KnapsackOption::cost).min().orElse(0))
        .sum();
  }

  /**
   * The largest sum of costs: a larger budget changes nothing.
   *
   * @return the sum of each class's largest cost
   */
  public long largestCost() {
    return classes.stream().mapToLong(options -> most(options, false)).sum();
  }

  /**
   * Solves the problem for one budget.
   *
   * @param budget the sum of costs is at most this
   * @return the best choices, or empty if none are within the budget
   */
  public Optional<KnapsackSolution> solve(long budget) {
    return solve(budget, Long.MAX_VALUE);
  }

  /**
   * Solves the problem for two budgets at once.
   *
   * @param budget the sum of costs is at most this
   * @param secondBudget the sum of second costs is at most this
   * @return the best choices, or empty if none are within both budgets
   */
  public Optional<KnapsackSolution> solve(long budget, long secondBudget) {
    boolean isDouble =
        classes.stream().mapToLong(options -> most(options, true)).sum() > secondBudget;
    double[] multipliers = multipliers(budget, isDouble ? secondBudget : Long.MAX_VALUE);
    KnapsackBound bound =
        new KnapsackBound(classes, multipliers[0], multipliers[1], budget, secondBudget, isDouble);
    double gap = bound.firstGap();
    while (true) {
      Optional<KnapsackSolution> found =
          new KnapsackSearch(classes, bound, gap + tolerance, budget, secondBudget, isDouble)
              .best();
      if (found.isPresent()) {
        double exceeding = found.get().loss() - bound.value();
        if (exceeding <= gap + tolerance) {
          return found;
        }
        // Whatever is better is within this gap.
        gap = exceeding;
      } else if (gap == Double.POSITIVE_INFINITY) {
        return Optional.empty();
      } else {
        // Beyond the largest excess only what is left unused of the budgets keeps a selection out.
        gap = gap < bound.largestGap() ? gap * WIDENING : Double.POSITIVE_INFINITY;
      }
    }
  }

  /** Multipliers near those that make the bound largest; any that are not negative are right. */
  private double[] multipliers(long budget, long secondBudget) {
    if (secondBudget == Long.MAX_VALUE) {
      return new double[] {bisect(0, budget, false), 0};
    }
    double low = 0;
    double high = largestMultiplier;
    if (excess(bisect(0, budget, false), 0, secondBudget, true) <= 0) {
      return new double[] {bisect(0, budget, false), 0};
    }
    for (int i = 0; i < BISECTIONS; i++) {
      double middle = middle(low, high);
      if (excess(bisect(middle, budget, false), middle, secondBudget, true) > 0) {
        low = middle;
      } else {
        high = middle;
      }
    }
    return new double[] {bisect(high, budget, false), high};
  }

  /** The first multiplier for which the selection of the least sum is within the first budget. */
  private double bisect(double second, long budget, boolean ofSecond) {
    if (excess(0, second, budget, ofSecond) <= 0) {
      return 0;
    }
    double low = 0;
    double high = largestMultiplier;
    for (int i = 0; i < BISECTIONS; i++) {
      double middle = middle(low, high);
      if (excess(middle, second, budget, ofSecond) > 0) {
        low = middle;
      } else {
        high = middle;
      }
    }
    return high;
  }

  /** Halves the orders of magnitude while the ends are far apart. */
  private static double middle(double low, double high) {
    return high > 4 * low ? Math.sqrt(Math.max(low, high * 1e-12) * high) : (low + high) / 2;
  }

  /** By how much the selection of the least sum is above a budget. */
  private double excess(double first, double second, long budget, boolean ofSecond) {
    double total = 0;
    for (List<KnapsackOption> options : classes) {
      KnapsackOption chosen = options.getFirst();
      double least = Double.POSITIVE_INFINITY;
      for (KnapsackOption option : options) {
        double sum = option.loss() + first * option.cost() + second * option.secondCost();
        if (sum < least) {
          least = sum;
          chosen = option;
        }
      }
      total += ofSecond ? chosen.secondCost() : chosen.cost();
    }
    return total - budget;
  }

  /** The sizes. */
  @Override
  public String toString() {
    return classes.size()
        + " classes of at most "
        + classes.stream().mapToInt(List::size).max().orElse(0)
        + " options";
  }

  /** What multipliers say of the options. */
  static final class KnapsackBound {
    private final double[][] excess;
    private final double value;
    private final double first;
    private final double second;

    KnapsackBound(
        List<List<KnapsackOption>> classes,
        double first,
        double second,
        long budget,
        long secondBudget,
        boolean isDouble) {
      this.first = first;
      this.second = second;
      double sum = 0;
      excess = new double[classes.size()][];
      for (int c = 0; c < excess.length; c++) {
        List<KnapsackOption> options = classes.get(c);
        double[] row = new double[options.size()];
        double least = Double.POSITIVE_INFINITY;
        for (int o = 0; o < row.length; o++) {
          KnapsackOption option = options.get(o);
          row[o] = option.loss() + first * option.cost() + second * option.secondCost();
          least = Math.min(least, row[o]);
        }
        for (int o = 0; o < row.length; o++) {
          row[o] -= least;
        }
        sum += least;
        excess[c] = row;
      }
      value = sum - first * budget - (isDouble ? second * secondBudget : 0);
    }

    double value() {
      return value;
    }

    double excess(int index, int option) {
      return excess[index][option];
    }

    /** What it costs to leave so much of the budgets unused. */
    double unused(double ofFirst, double ofSecond) {
      return first * Math.max(0, ofFirst) + second * Math.max(0, ofSecond);
    }

    /** The most that a selection can exceed the bound by. */
    double largestGap() {
      return Arrays.stream(excess).mapToDouble(row -> Arrays.stream(row).max().orElse(0)).sum();
    }

    /** About the least difference that one choice makes. */
    double firstGap() {
      double least = Double.POSITIVE_INFINITY;
      for (double[] row : excess) {
        for (double value : row) {
          least = value > 0 ? Math.min(least, value) : least;
        }
      }
      return Double.isFinite(least) ? Math.max(least, largestGap() * 1e-9) : 0;
    }
  }
}
