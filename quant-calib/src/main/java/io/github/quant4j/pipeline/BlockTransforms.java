// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.pipeline;

import io.github.quant4j.graph.Block;
import io.github.quant4j.graph.LinearSite;
import io.github.quant4j.graph.SiteGroup;
import io.github.quant4j.layer.LayerInput;
import io.github.quant4j.linalg.Compute;
import io.github.quant4j.recipe.Recipe;
import io.github.quant4j.statistic.InputStatistics;
import io.github.quant4j.statistic.StatisticNeed;
import io.github.quant4j.transform.TransformChain;
import io.github.quant4j.transform.rule.TransformRule;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The transforms of a block, found on the block as it is, group after group, and folded as far as
 * that is exact.
 */
final class BlockTransforms {
  private final Block block;
  private final Function<LinearSite, Optional<Recipe>> recipes;
  private final Optional<StreamRotation> rotation;
  private final TransformFolder folder;
  private final CommonTransforms common;

  BlockTransforms(
      Block block,
      Function<LinearSite, Optional<Recipe>> recipes,
      Optional<StreamRotation> rotation,
      TransformFolder folder,
      Compute compute) {
    this.block = block;
    this.recipes = recipes;
    this.rotation = rotation;
    this.folder = folder;
    this.common =
        new CommonTransforms(
            block,
            folder,
            compute,
            recipes,
            (group, recipe) -> remaining(group, recipe.transforms()));
  }

  /**
   * The transforms of a group.
   *
   * @param result what became of them
   * @param seconds how long it took
   */
  record Found(TransformFolder.Result result, double seconds) {}

  /** Whether the sites of a group have their transforms in common, rather than each its own. */
  boolean isShared(int group) {
    return common.covers(group) || commonRules(block.layout().groups().get(group)).isPresent();
  }

  /**
   * Finds and folds the transforms of all groups.
   *
   * @param flows begins the calibration batches' way through the block as it is then; null if there
   *     is no calibration
   * @return for each group
   */
  List<Found> fold(BlockQuantizer.@Nullable FlowFactory flows) {
    List<TransformFolder.Result> transforms = new ArrayList<>();
    List<Double> searching = new ArrayList<>();
    List<SiteGroup> groups = block.layout().groups();
    boolean needsFlow = !common.isEmpty() || groups.stream().anyMatch(this::hasTransforms);
    BlockFlow flow = flows != null && needsFlow ? flows.begin() : null;
    for (int g = 0; g < groups.size(); g++) {
      long start = System.nanoTime();
      boolean hasNext = g + 1 < groups.size();
      if (common.covers(g)) {
        transforms.add(unchanged(groups.get(g)));
        commonTransform(g, flow, hasNext).forEach(transforms::set);
      } else {
        transforms.add(transform(g, flow, hasNext));
      }
      searching.add((System.nanoTime() - start) / 1e9);
    }
    List<Found> found = new ArrayList<>();
    for (int g = 0; g < groups.size(); g++) {
      found.add(new Found(transforms.get(g), searching.get(g)));
    }
    return found;
  }

  private Map<Integer, TransformFolder.Result> commonTransform(
      int index, @Nullable BlockFlow flow, boolean hasNext) {
    Set<StatisticNeed> needs = common.needs(index);
    LayerInput input =
        flow == null || needs.isEmpty()
            ? LayerInput.unknown()
            : flow.observe(index, needs, common.attentionWeight(index));
    if (flow != null && hasNext) {
      flow.pass(index);
    }
    return LayerFailure.naming(
        block.layout().groups().get(index).sites(), () -> common.add(index, input));
  }

  private static TransformFolder.Result unchanged(SiteGroup group) {
    return new TransformFolder.Result(List.of(), TransformChain.identity(group.inFeatures()));
  }

  private boolean hasTransforms(SiteGroup group) {
    return commonRules(group).map(rules -> !remaining(group, rules).isEmpty()).orElse(false);
  }

  /** The transforms that all sites of a group share, or empty if they differ or one is kept. */
  private Optional<List<TransformRule>> commonRules(SiteGroup group) {
    List<TransformRule> common = null;
    for (LinearSite site : group.sites()) {
      Optional<Recipe> recipe = recipes.apply(site);
      if (recipe.isEmpty() || (common != null && !common.equals(recipe.get().transforms()))) {
        return Optional.empty();
      }
      common = recipe.get().transforms();
    }
    return Optional.ofNullable(common);
  }

  /** A group's transforms without the one that the rotation of the stream stands for. */
  private List<TransformRule> remaining(SiteGroup group, List<TransformRule> rules) {
    boolean rotated =
        rotation.isPresent()
            && rotation.get().reads(group)
            && !rules.isEmpty()
            && rules.getFirst().equals(rotation.get().rule());
    return rotated ? rules.subList(1, rules.size()) : rules;
  }

  private TransformFolder.Result transform(int index, @Nullable BlockFlow flow, boolean hasNext) {
    SiteGroup group = block.layout().groups().get(index);
    Optional<List<TransformRule>> common = commonRules(group);
    List<TransformRule> rules = common.map(all -> remaining(group, all)).orElse(List.of());
    Recipe recipe = recipes.apply(group.sites().getFirst()).orElse(null);
    if (rules.isEmpty() || recipe == null) {
      return unchanged(group);
    }
    Set<StatisticNeed> needs = recipe.withTransforms(rules).withRetarget(Optional.empty()).needs();
    LayerInput input =
        flow == null || needs.isEmpty()
            ? LayerInput.unknown()
            : flow.observe(index, needs, recipe.attentionWeight());
    if (flow != null && hasNext) {
      flow.pass(index);
    }
    if (group.share() < 1 && input.statistics().map(InputStatistics::tokens).orElse(1L) == 0) {
      // No token was sent to this expert.
      return unchanged(group);
    }
    return LayerFailure.naming(group.sites(), () -> folder.apply(group, recipe, rules, input));
  }
}
