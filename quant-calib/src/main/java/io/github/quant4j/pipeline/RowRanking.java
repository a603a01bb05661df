// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.pipeline;

import io.github.quant4j.decompose.Decomposition;
import io.github.quant4j.decompose.FitProblem;
import io.github.quant4j.decompose.RowsSpec;
import io.github.quant4j.decompose.TermSpec;
import io.github.quant4j.graph.Block;
import io.github.quant4j.graph.BlockLayout;
import io.github.quant4j.graph.BlockModel;
import io.github.quant4j.graph.HiddenStates;
import io.github.quant4j.graph.LinearSite;
import io.github.quant4j.graph.SiteGroup;
import io.github.quant4j.kernel.KernelOptions;
import io.github.quant4j.linalg.Compute;
import io.github.quant4j.progress.Cancellation;
import io.github.quant4j.progress.ProgressListener;
import io.github.quant4j.recipe.Recipe;
import io.github.quant4j.statistic.Gram;
import io.github.quant4j.statistic.InputStatistics;
import io.github.quant4j.statistic.OutputError;
import io.github.quant4j.tensor.FloatMatrix;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SequencedMap;

/**
 * Shares out the wide rows of a model among its layers (MixLLM, Zheng et al., arXiv 2412.14590):
 * all rows of all layers that have the same quantizers and share are ranked by what they gain for a
 * weight that is widened, and the first of them get the share of the weights that may be wide.
 *
 * <p>The error of a row, {@code e H e^T}, is that of one layer's output, and says nothing of what
 * comes of it. The paper has gradients for that. Here the gain of a row is {@code e H e^T / tr(W H
 * W^T)}, its part of the noise in the layer's output, times {@code |F(x)|^2 / |x + F(x)|^2}, what
 * the block adds of the states that leave it, divided by the weights of the row. All is measured on
 * the original network.
 *
 * <p>Transforms are not considered: weights and inputs are ranked as they are before them. Memory:
 * the hidden states of all calibration tokens, and the moments of one block.
 */
final class RowRanking<I> {
  private final BlockModel<I> model;
  private final CalibrationInputs<I> inputs;
  private final Compute compute;
  private final ProgressListener progress;
  private final Cancellation cancellation;

  /** A row, with what it gains for each weight. */
  private record Candidate(int site, double gain, int weights) {}

  /** How much of its output a block adds to the states that pass through it. */
  private static final class StateChange {
    private double added;
    private double whole;

    void add(FloatMatrix before, FloatMatrix after) {
      boolean isResidual = before.columns() == after.columns();
      for (int i = 0; i < after.data().length; i++) {
        double value = after.data()[i];
        double difference = isResidual ? value - before.data()[i] : value;
        added += difference * difference;
        whole += value * value;
      }
    }

    double share() {
      return whole > 0 ? added / whole : 0;
    }
  }

  RowRanking(
      BlockModel<I> model,
      CalibrationInputs<I> inputs,
      KernelOptions kernels,
      ProgressListener progress,
      Cancellation cancellation) {
    this.model = model;
    this.inputs = inputs;
    this.compute = kernels.compute();
    this.progress = progress;
    this.cancellation = cancellation;
  }

  /** Whether a plan has layers whose rows are ranked together. */
  static boolean isNeeded(QuantizationPlan plan) {
    return plan.sites().stream().anyMatch(site -> spec(site).isPresent());
  }

  private static Optional<RowsSpec> spec(PlannedSite site) {
    return site.recipe().stream()
        .flatMap(recipe -> recipe.decomposition().terms().stream())
        .filter(RowsSpec.class::isInstance)
        .map(RowsSpec.class::cast)
        .filter(RowsSpec::isOfModel)
        .findFirst();
  }

  /** The plan with a share of its own for each layer. */
  QuantizationPlan resolve(QuantizationPlan plan) throws IOException {
    SequencedMap<LinearSite, RowsSpec> specs = new LinkedHashMap<>();
    plan.sites().forEach(site -> spec(site).ifPresent(spec -> specs.put(site.site(), spec)));
    Map<LinearSite, double[]> sensitivities = sensitivities(specs);
    Map<LinearSite, Integer> counts = new HashMap<>();
    Map<String, List<LinearSite>> pools = new LinkedHashMap<>();
    specs.forEach(
        (site, spec) ->
            pools
                .computeIfAbsent(spec.narrow() + " + " + spec.label(), _ -> new ArrayList<>())
                .add(site));
    for (List<LinearSite> alike : pools.values()) {
      double share = Objects.requireNonNull(specs.get(alike.getFirst())).share();
      int[] wide = shareOut(alike, share, sensitivities);
      for (int i = 0; i < wide.length; i++) {
        counts.put(alike.get(i), wide[i]);
      }
    }
    List<PlannedSite> sites = new ArrayList<>();
    for (PlannedSite site : plan.sites()) {
      Integer count = counts.get(site.site());
      sites.add(count == null ? site : resolved(site, count));
    }
    return new QuantizationPlan(
        plan.recipe(),
        sites,
        plan.isCalibrated(),
        plan.bytesBefore(),
        plan.bytesAfter(),
        plan.peakHeapBytes(),
        plan.seconds(),
        plan.problems());
  }

  private static PlannedSite resolved(PlannedSite planned, int count) {
    LinearSite site = planned.site();
    Recipe recipe = planned.recipe().orElseThrow();
    List<TermSpec> terms = new ArrayList<>();
    for (TermSpec term : recipe.decomposition().terms()) {
      terms.add(
          term instanceof RowsSpec spec && spec.isOfModel()
              ? spec.withRows(count, site.outFeatures())
              : term);
    }
    Recipe changed =
        new Recipe(
            recipe.transforms(),
            new Decomposition(terms, recipe.decomposition().loops()),
            recipe.activations(),
            recipe.hasBiasCorrection(),
            recipe.attentionWeight(),
            recipe.retarget());
    return new PlannedSite(
        site,
        Optional.of(changed),
        planned.bitsBefore(),
        changed.storageBits(site.outFeatures(), site.inFeatures()));
  }

  /** How many rows of each layer are wide. */
  private static int[] shareOut(
      List<LinearSite> sites, double share, Map<LinearSite, double[]> sensitivities) {
    List<Candidate> candidates = new ArrayList<>();
    double budget = 0;
    for (int s = 0; s < sites.size(); s++) {
      LinearSite site = sites.get(s);
      budget += share * site.weightCount();
      for (double error : sensitivities.getOrDefault(site, new double[0])) {
        candidates.add(new Candidate(s, error / site.inFeatures(), site.inFeatures()));
      }
    }
    // The sort is stable: of equal rows the first ones of the model come first.
    candidates.sort(Comparator.comparingDouble(Candidate::gain).reversed());
    int[] wide = new int[sites.size()];
    double used = 0;
    for (Candidate candidate : candidates) {
      if (used + candidate.weights / 2.0 > budget) {
        break;
      }
      used += candidate.weights;
      wide[candidate.site]++;
    }
    return wide;
  }

  private Map<LinearSite, double[]> sensitivities(Map<LinearSite, RowsSpec> specs)
      throws IOException {
    Map<LinearSite, double[]> found = new HashMap<>();
    List<HiddenStates> batches = embed();
    List<BlockLayout> layouts = new ArrayList<>(model.blocks());
    layouts.add(model.head());
    int last = layouts.size() - 1;
    while (layouts.get(last).sites().stream().noneMatch(specs::containsKey)) {
      last--;
    }
    for (int b = 0; b <= last; b++) {
      boolean isHead = b == model.blocks().size();
      try (Block block = isHead ? model.openHead() : model.open(b)) {
        rank(block, isHead, batches, specs, found);
      }
      progress.progressed("rank rows of " + layouts.get(b).name(), b + 1, last + 1);
    }
    return found;
  }

  /** Takes all batches through a block, and ranks its rows by what they have shown. */
  private void rank(
      Block block,
      boolean isHead,
      List<HiddenStates> batches,
      Map<LinearSite, RowsSpec> specs,
      Map<LinearSite, double[]> found) {
    Map<SiteGroup, InputStatistics> statistics = new HashMap<>();
    for (SiteGroup group : block.layout().groups()) {
      if (group.sites().stream().anyMatch(specs::containsKey)) {
        statistics.put(group, InputStatistics.withGram(group.inFeatures()));
      }
    }
    StateChange change = new StateChange();
    for (int i = 0; i < batches.size(); i++) {
      cancellation.check();
      HiddenStates before = batches.get(i);
      HiddenStates after =
          block.run(
              before,
              (group, input) -> {
                InputStatistics known = statistics.get(group);
                if (known != null) {
                  known.add(input.copy(), compute);
                }
              });
      change.add(before.values(), after.values());
      if (!isHead) {
        // The head's are as wide as the vocabulary, and nobody reads them.
        batches.set(i, after);
      }
    }
    for (SiteGroup group : block.layout().groups()) {
      for (LinearSite site : group.sites()) {
        RowsSpec spec = specs.get(site);
        InputStatistics known = statistics.get(group);
        if (spec != null && known != null) {
          FloatMatrix weights = block.linear(site).toDense();
          FitProblem problem =
              FitProblem.of(weights.rows(), weights.columns(), compute).withStatistics(known);
          double[] errors = spec.sensitivities(weights, problem);
          double power = power(weights, known);
          double factor = power > 0 ? change.share() / power : 0;
          for (int row = 0; row < errors.length; row++) {
            errors[row] *= factor;
          }
          found.put(site, errors);
        }
      }
    }
  }

  /** The power of a layer's output for each token, {@code tr(W H W^T)}. */
  private double power(FloatMatrix weights, InputStatistics statistics) {
    Gram gram = statistics.gram().orElseThrow();
    return OutputError.total(weights, gram, compute) / gram.weight();
  }

  private List<HiddenStates> embed() throws IOException {
    List<? extends I> sequences = inputs.load(progress, cancellation);
    List<HiddenStates> batches = new ArrayList<>();
    int from = 0;
    while (from < sequences.size()) {
      int tokens = 0;
      int to = from;
      while (to < sequences.size() && (to == from || tokens < QuantizationRun.TOKENS_IN_BATCH)) {
        tokens += model.tokens(sequences.get(to));
        to++;
      }
      batches.add(model.embed(sequences.subList(from, to)));
      from = to;
    }
    return batches;
  }
}
