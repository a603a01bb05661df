// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.allocate;

import io.github.quant4j.recipe.Recipe;
import io.github.quant4j.sensitivity.CandidateSensitivity;
import io.github.quant4j.sensitivity.SensitivityTable;
import io.github.quant4j.sensitivity.SiteSensitivity;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * Chooses a recipe for each layer of a model, so that an objective is least within a budget: a
 * {@link MultipleChoiceKnapsack} whose classes are layers, or layers that are tied.
 *
 * <pre>{@code
 * Allocation best =
 *     Allocator.of(table, Objective.LOSS)
 *         .within(Budget.ofBitsPerWeight(3.5, table.weightCount()))
 *         .orElseThrow();
 * QuantizationReport report = best.plan().applyTo(Quantization.of(model)).saveTo(target);
 * }</pre>
 *
 * <p>Instances are immutable.
 */
public final class Allocator {
  private final SensitivityTable table;
  private final Objective objective;
  private final Map<String, Double> scores;
  private final Ties ties;

  private Allocator(
      SensitivityTable table, Objective objective, Map<String, Double> scores, Ties ties) {
    this.table = table;
    this.objective = objective;
    this.scores = scores;
    this.ties = ties;
  }

  /** One recipe for layers that are tied. */
  private record Option(String recipe, double loss, long bits, double operations) {}

  /** Layers that are tied, and the recipes that suit all of them. */
  private record Tied(List<SiteSensitivity> sites, List<Option> options) {}

  /**
   * Prepares allocation.
   *
   * @param table what recipes do to layers
   * @param objective what is made least, not {@link Objective#SCORES}
   * @return the allocator, without ties
   * @throws IllegalArgumentException if the objective is that of scores, which are not given
   */
  public static Allocator of(SensitivityTable table, Objective objective) {
    if (objective == Objective.SCORES) {
      throw new IllegalArgumentException("scores: none; use Allocator.ofScores");
    }
    return new Allocator(table, objective, Map.of(), Ties.NONE);
  }

  /**
   * Prepares allocation by numbers of the user's, such as those of EMQ or LRP-QViT.
   *
   * @param table what recipes do to layers
   * @param scores how much an error of each layer's weights matters, by the layer's name
   * @return the allocator, without ties
   */
  public static Allocator ofScores(SensitivityTable table, Map<String, Double> scores) {
    return new Allocator(table, Objective.SCORES, Map.copyOf(scores), Ties.NONE);
  }

  /**
   * The same with ties.
   *
   * @param chosen which layers must have the same recipe
   * @return the changed allocator
   */
  public Allocator withTies(Ties chosen) {
    return new Allocator(table, objective, scores, chosen);
  }

  /**
   * The best plan within a budget.
   *
   * @param budget what the layers may take
   * @return the plan; empty if even the smallest candidates take more
   * @throws IllegalArgumentException if a loss is not known, or no recipe suits all of some tied
   *     layers
   */
  public Optional<Allocation> within(Budget budget) {
    List<Tied> classes = classes();
    boolean byBits = budget.bits().isPresent();
    long first =
        byBits
            ? budget.bits().orElseThrow()
            : (long) Math.floor(budget.bitOperations().orElseThrow());
    boolean both = byBits && budget.bitOperations().isPresent();
    long second = both ? (long) Math.floor(budget.bitOperations().orElseThrow()) : Long.MAX_VALUE;
    MultipleChoiceKnapsack knapsack = knapsack(classes, byBits, both);
    return knapsack.solve(first, second).map(solution -> allocation(classes, solution));
  }

  /**
   * The smallest plan whose sum of losses is at most a target: bisection over the budget of bits,
   * of which the least loss is a falling function.
   *
   * @param loss the largest sum of the objective
   * @return the plan; empty if even the largest candidates lose more
   * @throws IllegalArgumentException if a loss is not known, or no recipe suits all of some tied
   *     layers
   */
  public Optional<Allocation> reaching(double loss) {
    List<Tied> classes = classes();
    MultipleChoiceKnapsack knapsack = knapsack(classes, true, false);
    long low = knapsack.leastCost() - 1;
    long high = knapsack.largestCost();
    Optional<KnapsackSolution> best = knapsack.solve(high).filter(one -> one.loss() <= loss);
    if (best.isEmpty()) {
      return Optional.empty();
    }
    high = best.get().cost();
    while (high - low > 1) {
      long middle = low + (high - low) / 2;
      Optional<KnapsackSolution> found = knapsack.solve(middle).filter(one -> one.loss() <= loss);
      if (found.isPresent()) {
        best = found;
        high = found.get().cost();
      } else {
        low = middle;
      }
    }
    return best.map(solution -> allocation(classes, solution));
  }

  /**
   * The lowest width of each layer that loses at most so much by itself, without a budget, as AdaPT
   * (arXiv:2107.13490) chooses widths by divergence.
   *
   * @param loss the largest value of the objective for one layer, or for tied ones together
   * @return the plan; layers that no candidate suits well enough get the one that loses least
   * @throws IllegalArgumentException if a loss is not known, or no recipe suits all of some tied
   *     layers
   */
  public Allocation lowestWithin(double loss) {
    List<Tied> classes = classes();
    List<Integer> choices = new ArrayList<>();
    for (Tied tied : classes) {
      int best = 0;
      for (int o = 1; o < tied.options().size(); o++) {
        best = isBetter(tied.options().get(o), tied.options().get(best), loss) ? o : best;
      }
      choices.add(best);
    }
    return allocation(classes, new KnapsackSolution(choices, 0, 0, 0));
  }

  private static boolean isBetter(Option option, Option than, double loss) {
    boolean suits = option.loss() <= loss;
    boolean thanSuits = than.loss() <= loss;
    if (suits != thanSuits) {
      return suits;
    }
    return suits ? option.bits() < than.bits() : option.loss() < than.loss();
  }

  private static MultipleChoiceKnapsack knapsack(List<Tied> classes, boolean byBits, boolean both) {
    return MultipleChoiceKnapsack.of(
        classes.stream()
            .map(
                tied ->
                    tied.options().stream()
                        .map(
                            option ->
                                new KnapsackOption(
                                    option.loss(),
                                    byBits ? option.bits() : whole(option.operations()),
                                    both ? whole(option.operations()) : 0))
                        .toList())
            .toList());
  }

  /** Rounded up, so that a sum is never above its budget. */
  private static long whole(double operations) {
    return (long) Math.ceil(operations);
  }

  private List<Tied> classes() {
    Map<String, List<SiteSensitivity>> byKey = new LinkedHashMap<>();
    Ties chosen = ties == Ties.NONE && hasTransforms() ? Ties.GROUPS : ties;
    for (SiteSensitivity site : table.sites()) {
      byKey.computeIfAbsent(chosen.key(site), _ -> new ArrayList<>()).add(site);
    }
    CandidateLosses losses = new CandidateLosses(table, objective, scores);
    return byKey.values().stream().map(sites -> tied(sites, losses)).toList();
  }

  private boolean hasTransforms() {
    return table.sites().stream()
        .flatMap(site -> site.candidates().stream())
        .map(CandidateSensitivity::recipe)
        .distinct()
        .anyMatch(recipe -> !Recipe.parse(recipe).transforms().isEmpty());
  }

  private static Tied tied(List<SiteSensitivity> sites, CandidateLosses losses) {
    List<Option> options = new ArrayList<>();
    for (CandidateSensitivity candidate : sites.getFirst().candidates()) {
      double loss = 0;
      long bits = 0;
      double operations = 0;
      boolean suitsAll = true;
      for (SiteSensitivity site : sites) {
        Optional<CandidateSensitivity> own = site.candidate(candidate.recipe());
        suitsAll &= own.isPresent();
        if (own.isPresent()) {
          loss += losses.of(site, own.get());
          bits += own.get().bits();
          operations += own.get().bitOperations();
        }
      }
      if (suitsAll) {
        options.add(new Option(candidate.recipe(), loss, bits, operations));
      }
    }
    if (options.isEmpty()) {
      throw new IllegalArgumentException(
          "ties: no candidate suits all of "
              + sites.stream().map(SiteSensitivity::name).toList()
              + "; add one, or tie fewer layers");
    }
    return new Tied(sites, options);
  }

  private Allocation allocation(List<Tied> classes, KnapsackSolution solution) {
    double loss = 0;
    long bits = 0;
    double operations = 0;
    Map<String, String> recipes = new LinkedHashMap<>();
    for (int c = 0; c < classes.size(); c++) {
      Option option = classes.get(c).options().get(solution.choices().get(c));
      loss += option.loss();
      bits += option.bits();
      operations += option.operations();
      classes.get(c).sites().forEach(site -> recipes.put(site.name(), option.recipe()));
    }
    List<LayerChoice> layers =
        table.sites().stream()
            .map(
                site ->
                    new LayerChoice(
                        site.name(),
                        Optional.of(Recipe.parse(recipes.getOrDefault(site.name(), "")))))
            .toList();
    long weights = table.weightCount();
    String note =
        String.format(
            Locale.ROOT,
            "%.4f bits per weight, %.4g bit operations a token (%s), %s %.6g",
            (double) bits / (double) weights,
            operations,
            SensitivityTable.OPERATIONS,
            objective == Objective.LOSS ? "sum of " + table.measure().label() : objective.label(),
            loss);
    return new Allocation(
        new AllocationPlan(List.of(note), layers), loss, bits, operations, weights);
  }
}
