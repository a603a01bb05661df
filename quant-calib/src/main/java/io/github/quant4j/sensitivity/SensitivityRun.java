// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.sensitivity;

import io.github.quant4j.graph.Block;
import io.github.quant4j.graph.BlockLayout;
import io.github.quant4j.graph.BlockModel;
import io.github.quant4j.graph.BlockPass;
import io.github.quant4j.graph.HiddenStates;
import io.github.quant4j.graph.LinearSite;
import io.github.quant4j.graph.SiteGroup;
import io.github.quant4j.graph.SiteObserver;
import io.github.quant4j.layer.LayerInput;
import io.github.quant4j.layer.LinearLayer;
import io.github.quant4j.layer.LinearQuantizationResult;
import io.github.quant4j.layer.LinearQuantizer;
import io.github.quant4j.linear.QuantizedLinear;
import io.github.quant4j.metric.BitOperations;
import io.github.quant4j.recipe.Recipe;
import io.github.quant4j.statistic.Gram;
import io.github.quant4j.statistic.OutputError;
import io.github.quant4j.statistic.StatisticNeed;
import io.github.quant4j.tensor.FloatMatrix;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** One run of a {@link SensitivityStudy}: block after block, group after group. */
final class SensitivityRun<I> implements AutoCloseable {
  private static final int TOKENS_IN_BATCH = 2048;

  private final BlockModel<I> model;
  private final SensitivityStudy.Settings<I> settings;
  private final List<Block> blocks = new ArrayList<>();
  private final Map<LinearSite, QuantizedLinear> originals = new HashMap<>();
  private final Set<StatisticNeed> needs = EnumSet.of(StatisticNeed.GRAM);
  private final List<SiteSensitivity> sites = new ArrayList<>();
  private final List<PairInteraction> pairs = new ArrayList<>();
  private @Nullable Neighbour neighbour;
  private long done;

  /** The layer before, for interactions. */
  private record Neighbour(
      int block,
      LinearSite site,
      QuantizedLinear present,
      List<HiddenStates> blockInput,
      Map<Recipe, QuantizedLinear> quantized,
      Map<Recipe, Double> losses) {}

  SensitivityRun(BlockModel<I> model, SensitivityStudy.Settings<I> settings) {
    this.model = model;
    this.settings = settings;
    settings.candidates().forEach(recipe -> needs.addAll(alone(recipe).needs()));
  }

  SensitivityTable table() {
    for (int b = 0; b < model.blocks().size(); b++) {
      blocks.add(model.open(b));
    }
    try (Block head = model.openHead()) {
      List<HiddenStates> measured = embed(settings.measured());
      OutputLoss loss =
          new OutputLoss(settings.measure(), head, settings.kernels().team(), from(0, measured));
      boolean isChanged = bindBase();
      double baseLoss = isChanged ? loss.of(from(0, measured)) : 0;
      List<HiddenStates> calibration = embed(settings.calibration());
      for (int b = 0; b < blocks.size(); b++) {
        List<SiteStatistics> statistics = observe(b, calibration);
        measure(b, statistics, measured, loss, baseLoss);
        measured = through(blocks.get(b), measured);
      }
      return new SensitivityTable(settings.measure(), inputs(), baseLoss, sites, pairs);
    }
  }

  private String inputs() {
    return settings.measured().size()
        + " inputs, layers fitted to "
        + settings.calibration().size()
        + " others";
  }

  private List<HiddenStates> embed(List<I> inputs) {
    List<HiddenStates> states = new ArrayList<>();
    int from = 0;
    while (from < inputs.size()) {
      int tokens = 0;
      int to = from;
      while (to < inputs.size() && (to == from || tokens < TOKENS_IN_BATCH)) {
        tokens += model.tokens(inputs.get(to));
        to++;
      }
      states.add(model.embed(inputs.subList(from, to)));
      from = to;
    }
    return states;
  }

  private List<HiddenStates> through(Block block, List<HiddenStates> states) {
    List<HiddenStates> after = new ArrayList<>();
    for (HiddenStates batch : states) {
      settings.cancellation().check();
      after.add(block.run(batch, SiteObserver.none()));
    }
    return after;
  }

  /** What the last block leaves, from a block's input on. */
  private List<HiddenStates> from(int first, List<HiddenStates> states) {
    List<HiddenStates> current = states;
    for (int b = first; b < blocks.size(); b++) {
      current = through(blocks.get(b), current);
    }
    return current;
  }

  /** Keeps the original layers, and puts those of the base model in their place. */
  private boolean bindBase() {
    boolean isChanged = false;
    for (Block block : blocks) {
      for (LinearSite site : block.layout().sites()) {
        originals.put(site, block.linear(site));
        Optional<QuantizedLinear> base = settings.base().apply(site);
        base.ifPresent(linear -> block.replace(site, linear));
        isChanged |= base.isPresent();
      }
    }
    return isChanged;
  }

  /** Takes the calibration through a block and gathers what its groups read. */
  private List<SiteStatistics> observe(int index, List<HiddenStates> calibration) {
    Block block = blocks.get(index);
    List<SiteGroup> groups = block.layout().groups();
    List<SiteStatistics> statistics = new ArrayList<>();
    for (SiteGroup group : groups) {
      statistics.add(new SiteStatistics(group.inFeatures(), needs, settings.kernels().compute()));
    }
    for (int i = 0; i < calibration.size(); i++) {
      settings.cancellation().check();
      BlockPass pass = block.begin(calibration.get(i), false);
      for (SiteStatistics statistic : statistics) {
        statistic.add(pass.input().copy());
        pass.advance();
      }
      calibration.set(i, pass.output());
    }
    return statistics;
  }

  private void measure(
      int index,
      List<SiteStatistics> statistics,
      List<HiddenStates> blockInput,
      OutputLoss loss,
      double baseLoss) {
    BlockLayout layout = blocks.get(index).layout();
    for (int g = 0; g < layout.groups().size(); g++) {
      SiteGroup group = layout.groups().get(g);
      LayerInput input = statistics.get(g).result();
      for (LinearSite site : group.sites()) {
        measure(index, layout.name() + "." + group.name(), site, input, blockInput, loss, baseLoss);
        settings.progress().progressed("sensitivity", ++done, siteCount());
      }
    }
  }

  private long siteCount() {
    return model.blocks().stream().mapToLong(block -> block.sites().size()).sum();
  }

  private void measure(
      int index,
      String group,
      LinearSite site,
      LayerInput input,
      List<HiddenStates> blockInput,
      OutputLoss loss,
      double baseLoss) {
    Block block = blocks.get(index);
    QuantizedLinear present = block.linear(site);
    QuantizedLinear original = originals.getOrDefault(site, present);
    LayerErrors errors =
        new LayerErrors(
            original.toDense(), input.statistics().orElseThrow(), settings.kernels().compute());
    LinearLayer layer = LinearLayer.of(errors.weights());
    Optional<float[]> bias = original.bias();
    LinearLayer whole = bias.isPresent() ? layer.withBias(bias.get()) : layer;
    Map<Recipe, QuantizedLinear> quantized = new LinkedHashMap<>();
    Map<Recipe, Double> losses = new LinkedHashMap<>();
    List<CandidateSensitivity> candidates = new ArrayList<>();
    for (Recipe recipe : settings.candidates()) {
      settings.cancellation().check();
      if (!suits(recipe, site)) {
        continue;
      }
      LinearQuantizationResult result =
          LinearQuantizer.of(alone(recipe)).withOptions(settings.kernels()).quantize(whole, input);
      QuantizedLinear linear = result.linear();
      OptionalDouble measured = OptionalDouble.empty();
      if (settings.withLoss().contains(recipe)) {
        block.replace(site, linear);
        measured = OptionalDouble.of(loss.of(from(index, blockInput)) - baseLoss);
        quantized.put(recipe, linear);
        losses.put(recipe, measured.getAsDouble());
      }
      candidates.add(
          new CandidateSensitivity(
              recipe.toString(),
              recipe.storageBits(site.outFeatures(), site.inFeatures()),
              BitOperations.of(linear).product(),
              errors.ofOutput(result),
              errors.ofWeights(linear),
              measured));
    }
    if (candidates.isEmpty()) {
      throw new IllegalArgumentException("layer '" + site.name() + "': no candidate suits " + site);
    }
    if (settings.pairs()) {
      measurePairs(index, site, quantized, losses, loss, baseLoss);
      neighbour = new Neighbour(index, site, present, blockInput, quantized, losses);
    }
    block.replace(site, present);
    sites.add(
        new SiteSensitivity(
            site.name(),
            group,
            site.outFeatures(),
            site.inFeatures(),
            errors.trace(),
            errors.power(),
            candidates));
  }

  /**
   * A recipe for a layer before which nothing is changed, so that there is nothing to make up for.
   */
  private static Recipe alone(Recipe recipe) {
    return recipe.withRetarget(Optional.empty());
  }

  private static boolean suits(Recipe recipe, LinearSite site) {
    try {
      return recipe.storageBits(site.outFeatures(), site.inFeatures()) > 0;
    } catch (IllegalArgumentException _) {
      // A group size that does not divide the inputs, or a rotation of another width.
      return false;
    }
  }

  private void measurePairs(
      int index,
      LinearSite site,
      Map<Recipe, QuantizedLinear> quantized,
      Map<Recipe, Double> losses,
      OutputLoss loss,
      double baseLoss) {
    Neighbour before = neighbour;
    if (before == null) {
      return;
    }
    Block first = blocks.get(before.block());
    quantized.forEach(
        (recipe, linear) -> {
          QuantizedLinear other = before.quantized().get(recipe);
          if (other != null) {
            first.replace(before.site(), other);
            blocks.get(index).replace(site, linear);
            double together = loss.of(from(before.block(), before.blockInput())) - baseLoss;
            pairs.add(
                new PairInteraction(
                    before.site().name(),
                    site.name(),
                    recipe.toString(),
                    together
                        - before.losses().getOrDefault(recipe, 0.0)
                        - losses.getOrDefault(recipe, 0.0)));
          }
        });
    first.replace(before.site(), before.present());
  }

  @Override
  public void close() {
    blocks.forEach(Block::close);
  }

  /** Errors of a layer against its original weights. */
  private record LayerErrors(
      FloatMatrix weights,
      io.github.quant4j.statistic.InputStatistics statistics,
      io.github.quant4j.linalg.Compute compute) {

    private Gram gram() {
      return statistics.gram().orElseThrow();
    }

    private double byToken(FloatMatrix matrix) {
      double weight = gram().weight();
      return weight > 0 ? Math.max(0, OutputError.total(matrix, gram(), compute)) / weight : 0;
    }

    double trace() {
      double sum = 0;
      for (float value : gram().diagonal()) {
        sum += value;
      }
      return gram().weight() > 0 ? sum / gram().weight() : 0;
    }

    double power() {
      return byToken(weights);
    }

    /** With quantized activations what was seen on tokens, else what follows from the moment. */
    double ofOutput(LinearQuantizationResult result) {
      OptionalDouble seen = result.report().sampleError();
      return result.linear().activations().isPresent() && seen.isPresent()
          ? seen.getAsDouble() * power()
          : byToken(change(result.linear()));
    }

    double ofWeights(QuantizedLinear linear) {
      double sum = 0;
      for (float value : change(linear).data()) {
        sum += (double) value * value;
      }
      return sum;
    }

    private FloatMatrix change(QuantizedLinear linear) {
      FloatMatrix dense = linear.toDense();
      FloatMatrix changed =
          linear
              .transform()
              .map(map -> map.contragredient().inverse().apply(dense, compute))
              .orElse(dense);
      FloatMatrix change = FloatMatrix.zeros(changed.rows(), changed.columns());
      for (int i = 0; i < change.data().length; i++) {
        change.data()[i] = changed.data()[i] - weights.data()[i];
      }
      return change;
    }
  }
}
