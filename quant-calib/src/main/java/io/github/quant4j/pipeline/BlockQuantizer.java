// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.pipeline;

import io.github.quant4j.decompose.DenseSpec;
import io.github.quant4j.decompose.FitProblem;
import io.github.quant4j.graph.Block;
import io.github.quant4j.graph.BlockModel;
import io.github.quant4j.graph.LinearSite;
import io.github.quant4j.graph.SiteGroup;
import io.github.quant4j.kernel.KernelOptions;
import io.github.quant4j.layer.GroupQuantizationResult;
import io.github.quant4j.layer.LayerInput;
import io.github.quant4j.layer.LinearLayer;
import io.github.quant4j.layer.LinearQuantizationResult;
import io.github.quant4j.layer.LinearQuantizer;
import io.github.quant4j.layer.LinearReport;
import io.github.quant4j.linear.QuantizedLinear;
import io.github.quant4j.linear.WeightTerm;
import io.github.quant4j.progress.Cancellation;
import io.github.quant4j.recipe.Recipe;
import io.github.quant4j.statistic.StatisticNeed;
import io.github.quant4j.tensor.DType;
import io.github.quant4j.tensor.Shape;
import io.github.quant4j.tensor.Tensor;
import io.github.quant4j.transform.InputTransform;
import io.github.quant4j.transform.rule.GivenTransformRule;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Quantizes one open block: first all transforms, on the block as it is, as folding one group's
 * transform changes the weights of groups before it; then group after group, each on what the
 * quantized groups before it produce.
 */
final class BlockQuantizer {
  private final Block block;
  private final Function<LinearSite, Optional<Recipe>> recipes;
  private final WeightScores scores;
  private final Optional<StreamRotation> rotation;
  private final KernelOptions options;
  private final Cancellation cancellation;
  private final Function<LinearSite, DType> storedType;
  private final Consumer<SiteReport> finished;
  private final TransformFolder folder;
  private final Set<LinearSite> residualWriters;
  private final Set<LinearSite> routers;
  private final RoutingCheck routing;
  private final BlockTransforms transforms;
  private final SequencedMap<String, QuantizedLinear> layers = new LinkedHashMap<>();
  private final List<SiteReport> reports = new ArrayList<>();

  /**
   * A block's results.
   *
   * @param layers the quantized layers, and those that are not quantized but changed
   * @param tensors vectors that were changed
   * @param reports of the quantized layers
   * @param flow the calibration batches, on their way through the quantized block; null if there is
   *     no calibration
   * @param given the same on their way through the block as it was given; null if nobody needs it
   */
  record Result(
      SequencedMap<String, QuantizedLinear> layers,
      List<Tensor> tensors,
      List<SiteReport> reports,
      @Nullable BlockFlow flow,
      @Nullable BlockFlow given) {}

  /**
   * Prepares a block.
   *
   * @param rotation of the residual stream, if there is one
   * @param model which sites write to the residual stream and which choose experts
   * @param storedType how the weights of a layer are stored that is not quantized but changed
   * @param finished is told of each layer
   */
  BlockQuantizer(
      Block block,
      Function<LinearSite, Optional<Recipe>> recipes,
      WeightScores scores,
      Optional<StreamRotation> rotation,
      BlockModel<?> model,
      KernelOptions options,
      Cancellation cancellation,
      Function<LinearSite, DType> storedType,
      Consumer<SiteReport> finished) {
    this.block = block;
    this.recipes = recipes;
    this.scores = scores;
    this.rotation = rotation;
    this.residualWriters = Set.copyOf(model.residualWriters());
    this.routers = model.routers();
    this.routing = new RoutingCheck(block, options);
    this.options = options;
    this.cancellation = cancellation;
    this.storedType = storedType;
    this.finished = finished;
    this.folder = new TransformFolder(block, options.compute());
    this.transforms = new BlockTransforms(block, recipes, rotation, folder, options.compute());
  }

  /** Makes the block work on the rotated residual stream, if there is one. */
  void rotate() {
    rotation.ifPresent(
        whole ->
            LayerFailure.naming(
                block.layout().name(),
                () -> {
                  whole.apply(block, folder);
                  return whole;
                }));
  }

  /**
   * Quantizes the block.
   *
   * @param flows begins the calibration batches' way through the block as it is then; null if there
   *     is no calibration
   * @param original the block as it was given; null if what quantization does is not to be made up
   *     for
   */
  Result run(@Nullable FlowFactory flows, @Nullable Original original) {
    // Its passes can be collected before the next ones are made.
    List<BlockTransforms.Found> found = transforms.fold(flows);
    BlockFlow flow = flows == null ? null : flows.begin();
    BlockFlow given = original == null ? null : begin(original);
    for (int g = 0; g < found.size(); g++) {
      quantize(g, found.get(g).result(), found.get(g).seconds(), flow, given);
    }
    return result(flow, given);
  }

  /** Begins in the coordinates that the transforms have given to the streams of this block. */
  private BlockFlow begin(Original original) {
    folder
        .changedVectors()
        .forEach(name -> original.block().replaceVector(name, block.vector(name)));
    folder.changedSites().forEach(site -> original.block().replace(site, block.linear(site)));
    return original.flows().begin();
  }

  /** Begins the batches' way through the block. */
  @FunctionalInterface
  interface FlowFactory {
    BlockFlow begin();
  }

  /**
   * The block as it was given, open a second time.
   *
   * @param flows begins the calibration batches' way through it
   */
  record Original(Block block, FlowFactory flows) {}

  private void quantize(
      int index,
      TransformFolder.Result transform,
      double searching,
      @Nullable BlockFlow flow,
      @Nullable BlockFlow given) {
    SiteGroup group = block.layout().groups().get(index);
    boolean shared = transforms.isShared(index);
    Map<Recipe, List<LinearSite>> byRecipe = new LinkedHashMap<>();
    Set<StatisticNeed> needs = EnumSet.noneOf(StatisticNeed.class);
    for (LinearSite site : group.sites()) {
      Optional<Recipe> recipe = recipes.apply(site);
      if (recipe.isPresent()) {
        byRecipe.computeIfAbsent(recipe.get(), _ -> new ArrayList<>()).add(site);
        needs.addAll(recipe.get().needs());
      }
    }
    if (byRecipe.isEmpty()) {
      return;
    }
    if (group.sites().size() > 1 || !residualWriters.contains(group.sites().getFirst())) {
      needs.remove(StatisticNeed.RESIDUAL_MOMENT);
    }
    long start = System.nanoTime();
    Map<Double, LayerInput> inputs = new HashMap<>();
    for (Recipe recipe : byRecipe.keySet()) {
      inputs.computeIfAbsent(
          recipe.attentionWeight(),
          weight ->
              flow == null ? LayerInput.unknown() : flow.observe(index, needs, weight, given));
    }
    double observing = searching + (System.nanoTime() - start) / 1e9;
    byRecipe.forEach(
        (recipe, sites) -> {
          cancellation.check();
          long begin = System.nanoTime();
          Recipe changed = shared ? behind(transform, recipe) : recipe;
          LinearQuantizer quantizer = LinearQuantizer.of(changed).withOptions(options);
          LayerInput input = inputs.getOrDefault(recipe.attentionWeight(), LayerInput.unknown());
          GroupQuantizationResult quantized =
              LayerFailure.namingOne(
                  sites,
                  some ->
                      quantizer.quantize(
                          some.stream().map(site -> layer(site, recipe)).toList(), input));
          double seconds = (System.nanoTime() - begin) / 1e9 / sites.size();
          for (int i = 0; i < sites.size(); i++) {
            LinearQuantizationResult layer = quantized.layers().get(i);
            LinearReport report =
                GroupNotes.added(block, group, transform.hasOnline(), flow != null, layer.report());
            LinearSite site = sites.get(i);
            double share = seconds + observing / group.sites().size();
            if (routers.contains(site)) {
              QuantizedLinear exact = block.linear(site);
              RoutingCheck.Change change =
                  flow == null ? null : routing.compare(index, site, exact, layer.linear(), flow);
              if (change != null && !change.isAcceptable()) {
                block.replace(site, exact);
                report(
                    site,
                    "kept",
                    transform.folded(),
                    "",
                    RoutingCheck.kept(change, report, exact.bitsPerWeight()),
                    share);
                continue;
              }
              report = RoutingCheck.noted(change, report);
            }
            keep(site, recipe, shared ? transform : null, layer.linear(), report, share);
          }
        });
  }

  private static Recipe behind(TransformFolder.Result transform, Recipe recipe) {
    return recipe.withTransforms(
        transform.hasOnline() ? List.of(new GivenTransformRule(transform.online())) : List.of());
  }

  private LinearLayer layer(LinearSite site, Recipe recipe) {
    QuantizedLinear linear = block.linear(site);
    LinearLayer plain = LinearLayer.of(linear.toDense());
    LinearLayer layer =
        recipe.needsScores() ? scores.of(site.name()).map(plain::withScores).orElse(plain) : plain;
    return linear.bias().map(layer::withBias).orElse(layer);
  }

  private void keep(
      LinearSite site,
      Recipe recipe,
      TransformFolder.@Nullable Result transform,
      QuantizedLinear quantized,
      LinearReport result,
      double seconds) {
    block.replace(site, quantized);
    layers.put(site.name(), quantized);
    List<String> folded = new ArrayList<>();
    rotation
        .filter(_ -> folder.changedSites().contains(site))
        .ifPresent(whole -> folded.add(whole.describe()));
    if (transform != null) {
      folded.addAll(transform.folded());
    }
    report(
        site,
        recipe.toString(),
        folded,
        quantized.transform().map(InputTransform::describe).orElse(""),
        result,
        seconds);
  }

  private void report(
      LinearSite site,
      String recipe,
      List<String> folded,
      String online,
      LinearReport result,
      double seconds) {
    SiteReport report =
        new SiteReport(
            site.name(),
            site.outFeatures(),
            site.inFeatures(),
            recipe,
            String.join(", ", folded),
            online,
            result,
            seconds);
    reports.add(report);
    finished.accept(report);
  }

  /** Weights that had to follow a transform, rounded to the type in which they are stored. */
  private QuantizedLinear stored(LinearSite site) {
    QuantizedLinear linear = block.linear(site);
    List<WeightTerm> terms =
        new DenseSpec(storedType.apply(site))
            .fit(
                linear.toDense(),
                FitProblem.of(site.outFeatures(), site.inFeatures(), options.compute()));
    QuantizedLinear rounded = QuantizedLinear.of(terms);
    return linear.bias().map(rounded::withBias).orElse(rounded);
  }

  private Result result(@Nullable BlockFlow flow, @Nullable BlockFlow given) {
    for (LinearSite site : block.layout().sites()) {
      if (folder.changedSites().contains(site) && !layers.containsKey(site.name())) {
        layers.put(site.name(), LayerFailure.naming(List.of(site), () -> stored(site)));
      }
    }
    List<Tensor> tensors =
        folder.changedVectors().stream()
            .sorted()
            .map(
                name -> {
                  float[] values = block.vector(name);
                  return Tensor.ofFloats(Shape.of(values.length), values).withName(name);
                })
            .toList();
    return new Result(layers, tensors, List.copyOf(reports), flow, given);
  }
}
