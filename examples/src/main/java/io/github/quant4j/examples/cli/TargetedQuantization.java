// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.examples.cli;

import io.github.quant4j.allocate.Allocation;
import io.github.quant4j.allocate.Allocator;
import io.github.quant4j.graph.BlockModel;
import io.github.quant4j.io.OutputDirectory;
import io.github.quant4j.model.LanguageModel;
import io.github.quant4j.pipeline.PlannedSite;
import io.github.quant4j.pipeline.Quantization;
import io.github.quant4j.pipeline.QuantizationPlan;
import io.github.quant4j.pipeline.QuantizationReport;
import io.github.quant4j.pipeline.SaveOptions;
import io.github.quant4j.sensitivity.LossMeasure;
import io.github.quant4j.sensitivity.ModelLoss;
import io.github.quant4j.sensitivity.SensitivityTable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;

/** Finds a recipe for each layer within a target, and quantizes by them. */
final class TargetedQuantization {
  /** A plan's size is known but for file headers, so that a second attempt is mostly enough. */
  private static final int MOST_ATTEMPTS = 6;

  private static final int MOST_STEPS = 6;

  /** Steps end where the loss is so near below its target. */
  private static final double NEAR = 0.97;

  private final AnyModel model;
  private final QuantizationOptions options;
  private final AllocationOptions targets;
  private final Quant quant;

  /**
   * What came out.
   *
   * @param allocation the plan
   * @param report of the quantization by it
   * @param divergence that was measured for a target of divergence
   */
  record Outcome(Allocation allocation, QuantizationReport report, OptionalDouble divergence) {}

  TargetedQuantization(
      AnyModel model, QuantizationOptions options, AllocationOptions targets, Quant quant) {
    this.model = model;
    this.options = options;
    this.targets = targets;
    this.quant = quant;
  }

  /**
   * Quantizes. Of attempts at a target that is known to be met afterwards alone only one that meets
   * it appears.
   */
  Outcome saveTo(Path directory, SaveOptions save) throws IOException {
    check();
    // An unusable target is reported before the work, not after it.
    OutputDirectory.create(directory, save.overwrite()).close();
    SensitivityTable all = targets.table(model, options.inputs(), quant);
    SensitivityTable table =
        new SensitivityTable(
            all.measure(),
            all.inputs(),
            all.baseLoss(),
            all.sites().stream().filter(site -> !options.isNamed(site.name())).toList(),
            all.pairs());
    Allocator allocator = targets.allocator(table);
    if (targets.targetDivergence().isEmpty() && targets.targetBytes().isEmpty()) {
      Allocation allocation = targets.within(allocator, table, 0);
      return new Outcome(allocation, save(allocation, directory, save), OptionalDouble.empty());
    }
    try (AttemptedOutput output = AttemptedOutput.create(directory, save.overwrite())) {
      SaveOptions attempts = save.withOverwrite(true);
      Outcome found =
          targets.targetBytes().isPresent()
              ? within(table, allocator, targets.targetBytes().getAsLong(), output, attempts)
              : reaching(allocator, targets.targetDivergence().orElseThrow(), output, attempts);
      output.commit();
      return found;
    }
  }

  /** What can be known before anything is measured. */
  private void check() throws IOException {
    if (targets.targetDivergence().isPresent() && model instanceof AnyModel.Speech) {
      throw new UsageException(
          "--target-kl: of a speech encoder, which predicts nothing; expected --target-bits or"
              + " --target-bytes");
    }
    options.requireValidRest(model);
    targets.requireScores(
        model.layers().stream().filter(layer -> !options.isNamed(layer)).toList());
  }

  private Quantization<?> quantization(Allocation allocation) throws IOException {
    return options.quantization(model, Optional.of(allocation.plan()));
  }

  private QuantizationReport save(Allocation allocation, Path directory, SaveOptions save)
      throws IOException {
    try (ProgressLine progress = quant.progress()) {
      return quantization(allocation)
          .progress(progress)
          .cancellation(quant.terminal().cancellation())
          .saveTo(directory, save);
    }
  }

  /** The size of files is known afterwards: what is above the target is taken off the budget. */
  private Outcome within(
      SensitivityTable table,
      Allocator allocator,
      long bytes,
      AttemptedOutput output,
      SaveOptions save)
      throws IOException {
    Allocation allocation = targets.within(allocator, table, bytes);
    long kept = keptBytes(quantization(allocation).plan(), table);
    for (int attempt = 1; ; attempt++) {
      allocation = targets.within(allocator, table, bytes - kept);
      QuantizationReport report = save(allocation, output.attempt(), save);
      long excess = report.bytesAfter() - bytes;
      if (excess <= 0) {
        output.keep();
        return new Outcome(allocation, report, OptionalDouble.empty());
      }
      if (attempt == MOST_ATTEMPTS) {
        throw new UsageException(
            "--target-bytes: "
                + bytes
                + ", but the smallest model found has "
                + report.bytesAfter()
                + "; ask for more");
      }
      // Twice as much each time, as the headers of another plan may be longer.
      kept += excess << (attempt - 1);
    }
  }

  /** All tensors but those of the layers that are chosen for. */
  private static long keptBytes(QuantizationPlan plan, SensitivityTable table) {
    List<String> chosen = table.sites().stream().map(site -> site.name()).toList();
    long bits = 0;
    for (PlannedSite site : plan.sites()) {
      bits += chosen.contains(site.site().name()) ? site.bitsAfter() : 0;
    }
    return plan.bytesAfter() - bits / Byte.SIZE;
  }

  /** Bisection over the sum of the losses of layers, which is near the loss of the model. */
  private Outcome reaching(
      Allocator allocator, double target, AttemptedOutput output, SaveOptions save)
      throws IOException {
    AnyModel.Text text = (AnyModel.Text) model;
    List<int[]> inputs =
        targets.sensitivity().measured(options.inputs().windows(text.model(), quant));
    double low = 0;
    double high = Double.POSITIVE_INFINITY;
    double asked = target;
    @Nullable Outcome best = null;
    for (int step = 0; step < MOST_STEPS; step++) {
      Optional<Allocation> allocation = allocator.reaching(asked);
      if (allocation.isEmpty()) {
        break;
      }
      QuantizationReport report = save(allocation.get(), output.attempt(), save);
      double measured = divergence(text.model(), output.attempt(), inputs);
      if (measured <= target) {
        best = new Outcome(allocation.get(), report, OptionalDouble.of(measured));
        output.keep();
        low = asked;
        if (measured >= NEAR * target) {
          break;
        }
      } else {
        high = asked;
      }
      // In proportion, but halfway between what was too little and too much where there is both.
      double proportional = asked * target / measured;
      boolean isBetween = proportional > low && proportional < high;
      asked = isBetween ? proportional : Math.sqrt(Math.max(low, high / 16) * high);
    }
    if (best == null) {
      throw new UsageException(
          "--target-kl: " + target + " is less than the largest candidates reach; add larger ones");
    }
    return best;
  }

  private double divergence(LanguageModel original, Path directory, List<int[]> inputs)
      throws IOException {
    try (LanguageModel quantized = LanguageModel.open(directory, original.options())) {
      BlockModel<int[]> graph = quantized.graph();
      return new ModelLoss(
              LossMeasure.DIVERGENCE,
              original.options().kernels().team(),
              quant.terminal().cancellation())
          .of(original.graph(), graph, inputs);
    }
  }
}
