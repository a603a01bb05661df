// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.pipeline;

import io.github.quant4j.graph.Block;
import io.github.quant4j.graph.InputOrigin;
import io.github.quant4j.graph.LinearSite;
import io.github.quant4j.graph.NormSite;
import io.github.quant4j.graph.SiteGroup;
import io.github.quant4j.layer.LayerInput;
import io.github.quant4j.linalg.Compute;
import io.github.quant4j.recipe.Recipe;
import io.github.quant4j.statistic.InputStatistics;
import io.github.quant4j.statistic.StatisticNeed;
import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.transform.DiagonalTransform;
import io.github.quant4j.transform.TransformChain;
import io.github.quant4j.transform.rule.CommonFit;
import io.github.quant4j.transform.rule.LayerGroup;
import io.github.quant4j.transform.rule.TransformRule;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/**
 * Transforms of normalizations that several groups of a block read: the router and the experts of a
 * mixture (EAQuant, arXiv 2506.13329), or the branches of a parallel layer. Where all layers that
 * are quantized ask for one and the same diagonal transform, one is fitted for all groups and
 * folded into the normalization behind the last of them; layers that are kept follow.
 */
final class CommonTransforms {
  private final Block block;
  private final TransformFolder folder;
  private final Compute compute;
  private final Function<LinearSite, Optional<Recipe>> recipes;
  private final Map<Integer, Shared> byGroup = new HashMap<>();

  /**
   * A normalization that several groups read.
   *
   * @param readers numbers of the groups, ascending
   * @param rule what all of them ask for
   */
  private record Shared(NormSite norm, List<Integer> readers, TransformRule rule, CommonFit fit) {}

  /**
   * Finds them.
   *
   * @param rules what is left to be done of the transforms of a recipe of a group
   */
  CommonTransforms(
      Block block,
      TransformFolder folder,
      Compute compute,
      Function<LinearSite, Optional<Recipe>> recipes,
      RemainingRules rules) {
    this.block = block;
    this.folder = folder;
    this.compute = compute;
    this.recipes = recipes;
    readers(block).forEach((norm, numbers) -> share(norm, numbers, rules));
  }

  /** What is left to be done of the transforms of a recipe. */
  @FunctionalInterface
  interface RemainingRules {
    List<TransformRule> of(SiteGroup group, Recipe recipe);
  }

  private static Map<NormSite, List<Integer>> readers(Block block) {
    Map<NormSite, List<Integer>> readers = new LinkedHashMap<>();
    List<SiteGroup> groups = block.layout().groups();
    for (int g = 0; g < groups.size(); g++) {
      if (groups.get(g).origin() instanceof InputOrigin.Normalization(NormSite norm)) {
        readers.computeIfAbsent(norm, _ -> new ArrayList<>()).add(g);
      }
    }
    readers.values().removeIf(numbers -> numbers.size() < 2);
    return readers;
  }

  /** Whether a group reads a normalization that others read as well. */
  static boolean sharesNorm(Block block, SiteGroup group) {
    return block.layout().groups().stream()
            .filter(other -> other.origin().equals(group.origin()))
            .count()
        > 1;
  }

  private void share(NormSite norm, List<Integer> numbers, RemainingRules rules) {
    List<TransformRule> common = null;
    for (int number : numbers) {
      SiteGroup group = block.layout().groups().get(number);
      for (LinearSite site : group.sites()) {
        Optional<Recipe> recipe = recipes.apply(site);
        if (recipe.isEmpty()) {
          continue;
        }
        List<TransformRule> wanted = rules.of(group, recipe.get());
        if (common != null && !common.equals(wanted)) {
          return;
        }
        common = wanted;
      }
    }
    if (common == null || common.size() != 1 || common.getFirst().isOnline()) {
      return;
    }
    TransformRule rule = common.getFirst();
    rule.common()
        .ifPresent(
            fit -> {
              Shared shared = new Shared(norm, numbers, rule, fit);
              numbers.forEach(number -> byGroup.put(number, shared));
            });
  }

  /** Whether a group has its transform in common with others. */
  boolean covers(int group) {
    return byGroup.containsKey(group);
  }

  /** Whether any group has. */
  boolean isEmpty() {
    return byGroup.isEmpty();
  }

  private Shared shared(int group) {
    Shared shared = byGroup.get(group);
    if (shared == null) {
      throw new IllegalArgumentException("group " + group + " has no transform in common");
    }
    return shared;
  }

  private List<LinearSite> quantized(int group) {
    return block.layout().groups().get(group).sites().stream()
        .filter(site -> recipes.apply(site).isPresent())
        .toList();
  }

  /** What must be known of the input of a group that is covered. */
  Set<StatisticNeed> needs(int group) {
    Shared shared = shared(group);
    Set<StatisticNeed> needs = EnumSet.noneOf(StatisticNeed.class);
    for (LinearSite site : quantized(group)) {
      recipes
          .apply(site)
          .ifPresent(
              recipe ->
                  needs.addAll(
                      recipe
                          .withTransforms(List.of(shared.rule))
                          .withRetarget(Optional.empty())
                          .needs()));
    }
    boolean isFirst = group == shared.readers.getFirst();
    if (isFirst && shared.rule.needs(false).contains(StatisticNeed.CHANNELS)) {
      needs.add(StatisticNeed.CHANNELS);
    }
    return needs;
  }

  /** How much attention counts in the statistics of a group that is covered. */
  double attentionWeight(int group) {
    return quantized(group).stream()
        .findFirst()
        .flatMap(recipes)
        .map(Recipe::attentionWeight)
        .orElse(1.0);
  }

  /**
   * Takes note of the input of a group that is covered, in ascending order of the groups.
   *
   * @return behind the last group that reads the normalization, what became of the transforms of
   *     all of them; empty before
   */
  Map<Integer, TransformFolder.Result> add(int group, LayerInput input) {
    Shared shared = shared(group);
    if (group == shared.readers.getFirst()) {
      shared.readers.forEach(reader -> weigh(shared, reader));
      shared.fit.begin(withInput(layers(block.layout().groups().get(group).sites()), input));
    }
    List<LinearSite> sites = quantized(group);
    boolean isUnseen = input.statistics().map(InputStatistics::tokens).orElse(1L) == 0;
    if (!sites.isEmpty() && !isUnseen) {
      shared.fit.add(
          withInput(layers(sites), input),
          TransformFolder.trial(recipes.apply(sites.getFirst()).orElseThrow()));
    }
    if (group != shared.readers.getLast()) {
      return Map.of();
    }
    DiagonalTransform scales = shared.fit.result();
    List<SiteGroup> readers =
        shared.readers.stream().map(number -> block.layout().groups().get(number)).toList();
    folder.foldCommon(shared.norm, readers, scales);
    String folded =
        scales.describe()
            + ", common to the "
            + readers.size()
            + " readers of "
            + shared.norm.name();
    Map<Integer, TransformFolder.Result> results = new HashMap<>();
    for (int reader : shared.readers) {
      results.put(
          reader,
          new TransformFolder.Result(List.of(folded), TransformChain.identity(scales.size())));
    }
    return results;
  }

  private void weigh(Shared shared, int group) {
    List<LinearSite> sites = quantized(group);
    if (!sites.isEmpty()) {
      shared.fit.weigh(
          layers(sites), TransformFolder.trial(recipes.apply(sites.getFirst()).orElseThrow()));
    }
  }

  private LayerGroup layers(List<LinearSite> sites) {
    List<FloatMatrix> weights = sites.stream().map(site -> block.linear(site).toDense()).toList();
    return LayerGroup.of(weights, compute);
  }

  private static LayerGroup withInput(LayerGroup layers, LayerInput input) {
    return TransformFolder.withInput(layers, input);
  }
}
