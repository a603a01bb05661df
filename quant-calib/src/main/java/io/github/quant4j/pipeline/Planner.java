// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.pipeline;

import io.github.quant4j.graph.BlockModel;
import io.github.quant4j.graph.LinearSite;
import io.github.quant4j.io.TensorFileException;
import io.github.quant4j.io.TensorSource;
import io.github.quant4j.io.quantized.ModelSource;
import io.github.quant4j.io.quantized.QuantizedWeights;
import io.github.quant4j.linear.WeightTerm;
import io.github.quant4j.recipe.Recipe;
import io.github.quant4j.statistic.StatisticNeed;
import io.github.quant4j.tensor.Shape;
import io.github.quant4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Decides what becomes of each site, and finds all that is wrong with it. */
final class Planner {
  private static final int ELEMENTS_AT_ONCE = 1 << 20;

  private final BlockModel<?> model;
  private final ModelSource directory;
  private final Recipe recipe;
  private final List<SiteRule> overrides;
  private final WeightScores scores;
  private final PlanProblems problems = new PlanProblems();
  private @Nullable QuantizedWeights quantized;

  /**
   * What was said of some sites; the last word counts.
   *
   * @param recipe empty to keep them as they are
   */
  record SiteRule(SitePattern pattern, Optional<Recipe> recipe) {}

  Planner(
      BlockModel<?> model,
      ModelSource directory,
      Recipe recipe,
      List<SiteRule> overrides,
      WeightScores scores) {
    this.scores = scores;
    this.model = model;
    this.directory = directory;
    this.recipe = recipe;
    this.overrides = overrides;
  }

  /** The recipe of a site: what is usually kept is, unless an override names it. */
  static Optional<Recipe> recipeOf(
      LinearSite site, boolean isKept, Recipe recipe, List<SiteRule> overrides) {
    Optional<Recipe> chosen = isKept ? Optional.empty() : Optional.of(recipe);
    for (SiteRule override : overrides) {
      if (override.pattern.matches(site.name())) {
        chosen = override.recipe;
      }
    }
    return chosen;
  }

  /**
   * Makes the plan.
   *
   * @param calibrationTokens how many tokens the calibration has
   */
  QuantizationPlan plan(long calibrationTokens) {
    List<LinearSite> all = model.sites();
    for (SiteRule override : overrides) {
      if (all.stream().noneMatch(site -> override.pattern.matches(site.name()))) {
        problems.add(
            "pattern '"
                + override.pattern
                + "' matches no linear layer; layers are named like "
                + all.getFirst().name()
                + " and "
                + all.getLast().name());
      }
    }
    List<PlannedSite> sites = new ArrayList<>();
    Set<LinearSite> kept = model.keptUnlessNamed();
    all.forEach(site -> sites.add(plan(site, kept.contains(site))));
    if (sites.stream().allMatch(site -> site.recipe().isEmpty())) {
      problems.add("no layer is left to quantize: every one is kept");
    }
    // A scan of all weights is for the end, when all else is well.
    if (problems.isEmpty()) {
      directory.names().forEach(name -> requireFinite(directory.require(name)));
    }
    boolean calibrated =
        sites.stream().anyMatch(site -> site.recipe().map(r -> !r.needs().isEmpty()).orElse(false));
    long before = bytesBefore();
    long saved =
        sites.stream()
            .filter(site -> site.recipe().isPresent())
            .mapToLong(
                site ->
                    // A tied head is quantized beside the embeddings, which stay.
                    (site.site().isTied() ? 0 : site.bitsBefore()) - site.bitsAfter())
            .sum();
    return new QuantizationPlan(
        recipe.toString(),
        sites,
        calibrated,
        before,
        before - saved / Byte.SIZE,
        new MemoryEstimate(model, sites, calibrated, calibrationTokens).bytes(),
        seconds(sites, calibrationTokens),
        problems.lines());
  }

  private long bytesBefore() {
    TensorSource stored = directory.stored();
    return stored.names().stream().mapToLong(name -> stored.require(name).byteSize()).sum();
  }

  private PlannedSite plan(LinearSite site, boolean isKept) {
    Optional<Recipe> chosen = recipeOf(site, isKept, recipe, overrides);
    Optional<Tensor> weights = model.arrangedTensors().orElse(directory).find(site.weight());
    long before =
        packedBits(site).orElse(weights.map(tensor -> tensor.byteSize() * Byte.SIZE).orElse(0L));
    long after = before;
    if (chosen.isPresent()) {
      try {
        after = chosen.get().storageBits(site.outFeatures(), site.inFeatures());
      } catch (IllegalArgumentException e) {
        problems.add(site, "cannot be quantized to '" + chosen.get() + "': " + e.getMessage());
      }
      if (chosen.get().needsScores()) {
        requireScores(site, chosen.get());
      }
      if (weights.isEmpty()) {
        problems.add(
            site,
            "cannot be quantized, as there is no tensor of plain weights; is the model quantized"
                + " already? Quantize the original");
      }
    }
    return new PlannedSite(site, chosen, before, after);
  }

  /** The size of a layer that is quantized already. */
  private Optional<Long> packedBits(LinearSite site) {
    try {
      QuantizedWeights known = quantized == null ? directory.quantized() : quantized;
      quantized = known;
      return known
          .find(site.name())
          .map(linear -> linear.terms().stream().mapToLong(WeightTerm::storageBits).sum());
    } catch (TensorFileException e) {
      problems.add(site, String.valueOf(e.getMessage()));
      return Optional.empty();
    }
  }

  private void requireScores(LinearSite site, Recipe chosen) {
    Optional<float[]> given = scores.of(site.name());
    long expected = (long) site.outFeatures() * site.inFeatures();
    if (given.isEmpty()) {
      problems.add(
          site,
          "cannot be quantized to '"
              + chosen
              + "': there are no scores to choose outliers by; give them with"
              + " Quantization.scores, or choose by another criterion, such as sensitivity");
    } else if (given.get().length != expected) {
      problems.add(
          site,
          "cannot be quantized to '"
              + chosen
              + "': "
              + given.get().length
              + " scores, expected "
              + expected
              + ", one for each weight");
    }
  }

  /** What is kept matters as much as what is quantized: a NaN anywhere makes all output NaN. */
  private void requireFinite(Tensor tensor) {
    if (!tensor.dtype().isFloatingPoint()) {
      return;
    }
    long count = tensor.shape().elementCount();
    float[] values = new float[(int) Math.min(ELEMENTS_AT_ONCE, count)];
    for (long from = 0; from < count; from += values.length) {
      int length = (int) Math.min(values.length, count - from);
      tensor.readFloats(from, length, values, 0);
      for (int i = 0; i < length; i++) {
        if (!Float.isFinite(values[i])) {
          problems.add(
              "tensor '"
                  + tensor.name()
                  + "': element "
                  + position(tensor.shape(), from + i)
                  + " is "
                  + values[i]
                  + ", expected finite values");
          return;
        }
      }
    }
  }

  /** The indices of an element, {@code (row, column)} in a matrix. */
  private static String position(Shape shape, long element) {
    List<String> indices = new ArrayList<>();
    long left = element;
    for (int d = shape.rank() - 1; d >= 0; d--) {
      indices.addFirst(Long.toString(left % shape.dimension(d)));
      left /= shape.dimension(d);
    }
    return "(" + String.join(", ", indices) + ")";
  }

  /** What the halted passes of all batches may take. */
  static long heldBytes() {
    return Runtime.getRuntime().maxMemory() / 4;
  }

  /** Multiply-adds of all steps by what a processor does with vectors. */
  private double seconds(List<PlannedSite> sites, long tokens) {
    double operations = 0;
    for (PlannedSite planned : sites) {
      if (planned.recipe().isEmpty()) {
        continue;
      }
      double weights = (double) planned.site().weightCount();
      double width = planned.site().inFeatures();
      operations += 400 * weights;
      if (planned.recipe().get().needs().contains(StatisticNeed.GRAM)) {
        operations += weights * width + width * width * width;
      }
      if (planned.recipe().get().needs().contains(StatisticNeed.CROSS_MOMENT)) {
        operations += (double) tokens * (weights + width * width) + 2 * weights * width;
      }
      if (!planned.recipe().get().needs().isEmpty()) {
        operations += (double) tokens * (4 * weights + width * width / 2);
      }
    }
    return operations / (1e10 * Runtime.getRuntime().availableProcessors());
  }
}
