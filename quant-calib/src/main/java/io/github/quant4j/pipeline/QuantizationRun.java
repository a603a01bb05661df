// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.pipeline;

import io.github.quant4j.graph.Block;
import io.github.quant4j.graph.BlockLayout;
import io.github.quant4j.graph.BlockModel;
import io.github.quant4j.graph.HiddenStates;
import io.github.quant4j.graph.LinearSite;
import io.github.quant4j.graph.SequenceLayout;
import io.github.quant4j.io.OutputDirectory;
import io.github.quant4j.io.quantized.ModelSource;
import io.github.quant4j.kernel.KernelOptions;
import io.github.quant4j.metric.SignalToNoise;
import io.github.quant4j.progress.Cancellation;
import io.github.quant4j.progress.ProgressListener;
import io.github.quant4j.recipe.Recipe;
import io.github.quant4j.statistic.StatisticNeed;
import io.github.quant4j.tensor.FloatMatrix;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * Carries out a plan: block after block, each from the calibration states that the blocks before it
 * left, which lie in the run's directory; then the model is put together from the finished blocks.
 *
 * <p>A block counts as finished when its file is there. The states of the next block are written
 * before that, and the states that it started from are dropped after it.
 */
final class QuantizationRun<I> {
  /** Tokens that go through a block at a time. */
  static final int TOKENS_IN_BATCH = 2048;

  private final BlockModel<I> model;
  private final ModelSource source;
  private final QuantizationPlan plan;
  private final CalibrationInputs<I> inputs;
  private final TokenWeighting weighting;
  private final WeightScores scores;
  private final KernelOptions options;
  private final ProgressListener progress;
  private final Cancellation cancellation;
  private final Map<LinearSite, Recipe> recipes = new HashMap<>();
  private final List<BlockLayout> blocks;
  private final Optional<StreamRotation> rotation;
  private final int lastRetargeted;
  private long finishedSites;

  QuantizationRun(
      BlockModel<I> model,
      ModelSource source,
      QuantizationPlan plan,
      CalibrationInputs<I> inputs,
      TokenWeighting weighting,
      WeightScores scores,
      KernelOptions options,
      ProgressListener progress,
      Cancellation cancellation) {
    this.model = model;
    this.source = source;
    this.plan = plan;
    this.inputs = inputs;
    this.weighting = weighting;
    this.scores = scores;
    this.options = options;
    this.progress = progress;
    this.cancellation = cancellation;
    plan.sites().forEach(site -> site.recipe().ifPresent(r -> recipes.put(site.site(), r)));
    this.rotation = StreamRotation.of(model, this::recipe, options.compute());
    this.blocks = new ArrayList<>(model.blocks());
    if (rotation.isPresent() || model.head().sites().stream().anyMatch(recipes::containsKey)) {
      blocks.add(model.head());
    }
    this.lastRetargeted = lastRetargeted(blocks, recipes);
  }

  private Optional<Recipe> recipe(LinearSite site) {
    return Optional.ofNullable(recipes.get(site));
  }

  /** Runs, or goes on with an unfinished run. */
  QuantizationReport run(OutputDirectory output, boolean resume, RunSignature signature)
      throws IOException {
    long start = System.nanoTime();
    try (RunDirectory run = RunDirectory.open(output.target(), signature, blocks.size(), resume)) {
      try {
        ResourceCheck.requireDisk(output.target(), plan, model, run.bytes(), inputs.tokens());
        quantizeBlocks(run);
        QuantizationReport report =
            new ModelAssembly(model, source, plan, rotation, run, blocks.size())
                .write(output, calibration(), () -> (System.nanoTime() - start) / 1e9);
        run.finish();
        return report;
      } catch (IOException | RuntimeException | Error e) {
        throw RunFailure.rethrow(e, run);
      }
    }
  }

  private String calibration() {
    if (!plan.isCalibrated()) {
      return "";
    }
    return inputs.remark().isEmpty()
        ? inputs.describe()
        : inputs.describe() + "; " + inputs.remark();
  }

  private boolean isCalibrated(int block) {
    return blocks.get(block).sites().stream()
        .anyMatch(site -> recipe(site).map(r -> !r.needs().isEmpty()).orElse(false));
  }

  /** The last block that needs states of the model as it was given; -1 if none does. */
  private static int lastRetargeted(List<BlockLayout> blocks, Map<LinearSite, Recipe> recipes) {
    int last = -1;
    for (int b = 0; b < blocks.size(); b++) {
      for (LinearSite site : blocks.get(b).sites()) {
        boolean isOne =
            Optional.ofNullable(recipes.get(site))
                .map(recipe -> recipe.needs().contains(StatisticNeed.CROSS_MOMENT))
                .orElse(false);
        last = isOne ? b : last;
      }
    }
    return last;
  }

  private void quantizeBlocks(RunDirectory run) throws IOException {
    int last = -1;
    for (int b = 0; b < blocks.size(); b++) {
      last = isCalibrated(b) ? b : last;
    }
    for (int b = 0; b < blocks.size(); b++) {
      finishedSites += run.isFinished(b) ? quantizedSites(b) : 0;
    }
    for (int next = run.firstUnfinished(); next < blocks.size(); next = run.firstUnfinished()) {
      int b = next <= last ? start(run, next) : next;
      if (run.isFinished(b)) {
        // Its states are needed, from which the next one starts.
        run.drop(b);
        finishedSites -= quantizedSites(b);
      }
      cancellation.check();
      try (Block block = open(b)) {
        if (b <= last) {
          try (CalibrationStates states = run.states(b)) {
            quantize(run, b, block, states, b < last);
          }
        } else {
          run.store(b, quantizer(block).run(null, null), List.of());
        }
      }
      run.dropStates(b);
    }
  }

  private Block open(int index) {
    return index == model.blocks().size() ? model.openHead() : model.open(index);
  }

  private long quantizedSites(int block) {
    return blocks.get(block).sites().stream().filter(recipes::containsKey).count();
  }

  /**
   * The last block before one, or itself, whose states are there; it is the first if there is none.
   */
  private int start(RunDirectory run, int next) throws IOException {
    for (int b = next; b >= 0; b--) {
      if (run.hasStates(b)) {
        return b;
      }
    }
    run.storeStates(0, this::embed);
    return 0;
  }

  private BlockQuantizer quantizer(Block block) {
    BlockQuantizer quantizer =
        new BlockQuantizer(
            block,
            this::recipe,
            scores,
            rotation,
            model,
            options,
            cancellation,
            site ->
                ModelAssembly.storedType(
                    model.arrangedTensors().orElse(source), site.weight(), plan),
            report -> {
              finishedSites++;
              progress.progressed(
                  "quantize " + report.name(), finishedSites, plan.quantizedLayers());
            });
    quantizer.rotate();
    return quantizer;
  }

  private void quantize(
      RunDirectory run, int index, Block block, CalibrationStates states, boolean hasNext)
      throws IOException {
    if (index > lastRetargeted) {
      quantize(run, index, block, null, states, hasNext);
      return;
    }
    try (Block given = open(index)) {
      BlockQuantizer.Original original =
          new BlockQuantizer.Original(given, () -> flow(given, states.fullPrecision(), 2));
      quantize(run, index, block, original, states, hasNext);
    }
  }

  /**
   * Begins the batches' way through a block.
   *
   * @param flows how many share the room for passes
   */
  private BlockFlow flow(Block block, CalibrationStates states, int flows) {
    return new BlockFlow(
        block, states, weighting, Planner.heldBytes() / flows, options, cancellation);
  }

  private void quantize(
      RunDirectory run,
      int index,
      Block block,
      BlockQuantizer.@Nullable Original original,
      CalibrationStates states,
      boolean hasNext)
      throws IOException {
    FloatMatrix reference = ReferenceStates.through(block, states.reference());
    BlockQuantizer quantizer = quantizer(block);
    BlockQuantizer.Result result =
        quantizer.run(() -> flow(block, states, original == null ? 1 : 2), original);
    BlockFlow flow = Objects.requireNonNull(result.flow());
    FloatMatrix first = flow.output(0);
    if (hasNext) {
      run.storeStates(
          index + 1,
          file ->
              CalibrationStates.write(
                  file,
                  states.width(),
                  states.layouts(),
                  reference,
                  batch -> batch == 0 ? first : flow.output(batch),
                  index < lastRetargeted
                      ? Optional.of(Objects.requireNonNull(result.given())::output)
                      : Optional.empty()));
    }
    HiddenStates actual = ReferenceStates.first(first, states.layouts().getFirst());
    run.store(index, result, compare(index, block, reference, actual));
  }

  /** How far a block's output, and that of a head without layers, is from what it was. */
  private List<BlockReport> compare(
      int index, Block block, FloatMatrix reference, HiddenStates actual) throws IOException {
    boolean isHead = index == model.blocks().size();
    FloatMatrix expected =
        isHead ? reference : rotation.map(whole -> whole.rotated(reference)).orElse(reference);
    List<BlockReport> reports = new ArrayList<>();
    reports.add(
        new BlockReport(block.layout().name(), SignalToNoise.decibels(expected, actual.values())));
    boolean isLast = index == model.blocks().size() - 1;
    if (isLast && model.head().sites().isEmpty() && rotation.isEmpty()) {
      try (Block head = model.openHead()) {
        HiddenStates before = new HiddenStates(reference, actual.layout());
        reports.add(
            new BlockReport(
                head.layout().name(),
                SignalToNoise.decibels(
                    ReferenceStates.through(head, before), ReferenceStates.through(head, actual))));
      }
    }
    return reports;
  }

  /** The input of the first block. */
  private void embed(Path path) throws IOException {
    List<? extends I> sequences = inputs.load(progress, cancellation);
    List<List<? extends I>> batches = new ArrayList<>();
    List<SequenceLayout> layouts = new ArrayList<>();
    int from = 0;
    while (from < sequences.size()) {
      int tokens = 0;
      int to = from;
      List<Integer> lengths = new ArrayList<>();
      while (to < sequences.size() && (to == from || tokens < TOKENS_IN_BATCH)) {
        lengths.add(model.tokens(sequences.get(to)));
        tokens += lengths.getLast();
        to++;
      }
      batches.add(sequences.subList(from, to));
      layouts.add(SequenceLayout.of(lengths.stream().mapToInt(Integer::intValue).toArray()));
      from = to;
    }
    HiddenStates first = model.embed(batches.getFirst().subList(0, 1));
    IntFunction<FloatMatrix> embedded =
        batch -> {
          FloatMatrix values = model.embed(batches.get(batch)).values();
          return rotation.map(whole -> whole.rotated(values)).orElse(values);
        };
    CalibrationStates.write(
        path,
        first.values().columns(),
        layouts,
        ReferenceStates.first(first.values(), first.layout()).values(),
        embedded,
        lastRetargeted >= 0 ? Optional.of(embedded) : Optional.empty());
  }
}
