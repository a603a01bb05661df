// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.pipeline;

import io.github.quant4j.graph.Block;
import io.github.quant4j.graph.BlockModel;
import io.github.quant4j.graph.InputOrigin;
import io.github.quant4j.graph.LinearSite;
import io.github.quant4j.graph.NormSite;
import io.github.quant4j.graph.ResidualStream;
import io.github.quant4j.graph.SiteGroup;
import io.github.quant4j.linalg.Compute;
import io.github.quant4j.linear.QuantizedLinear;
import io.github.quant4j.recipe.Recipe;
import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.transform.HadamardTransform;
import io.github.quant4j.transform.rule.HadamardRule;
import io.github.quant4j.transform.rule.TransformRule;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/**
 * A rotation of the whole residual stream, which costs nothing when the model runs (SliceGPT;
 * QuaRot's R1, Ashkboos et al., arXiv:2404.00456): the weights of the norms go into the layers that
 * read them, embeddings and writers are rotated, readers are rotated back.
 */
final class StreamRotation {
  private final ResidualStream stream;
  private final HadamardRule rule;
  private final HadamardTransform rotation;
  private final Compute compute;

  private StreamRotation(ResidualStream stream, HadamardRule rule, Compute compute) {
    this.stream = stream;
    this.rule = rule;
    this.rotation = rule.rotation(stream.width());
    this.compute = compute;
  }

  /**
   * The rotation that a plan asks for: all layers that read the stream within blocks must begin
   * with the same Hadamard rotation, not told to run online, and all norms must be free of a mean.
   *
   * @param recipes of the sites; empty for one that is kept
   * @param compute what it rotates with
   * @return empty if rotations are a matter of each group
   */
  static Optional<StreamRotation> of(
      BlockModel<?> model, Function<LinearSite, Optional<Recipe>> recipes, Compute compute) {
    Optional<ResidualStream> stream = model.residualStream();
    if (stream.isEmpty()
        || stream.get().readers().stream()
            .anyMatch(norm -> norm.kind() != NormSite.Kind.ROOT_MEAN_SQUARE)) {
      return Optional.empty();
    }
    HadamardRule common = null;
    Set<LinearSite> kept = model.keptUnlessNamed();
    List<SiteGroup> readers =
        model.blocks().stream()
            .flatMap(block -> block.groups().stream())
            .filter(group -> reads(stream.get(), group))
            .toList();
    for (SiteGroup group : readers) {
      for (LinearSite site : group.sites()) {
        if (kept.contains(site) && recipes.apply(site).isEmpty()) {
          // A router is turned in full precision.
          continue;
        }
        List<TransformRule> rules = recipes.apply(site).map(Recipe::transforms).orElse(List.of());
        if (rules.isEmpty()
            || !(rules.getFirst() instanceof HadamardRule rule)
            || rule.online()
            || (common != null && !rule.equals(common))) {
          return Optional.empty();
        }
        common = rule;
      }
    }
    return common == null
        ? Optional.empty()
        : Optional.of(new StreamRotation(stream.get(), common, compute));
  }

  private static boolean reads(ResidualStream stream, SiteGroup group) {
    return group.origin() instanceof InputOrigin.Normalization(NormSite norm)
        && stream.readers().contains(norm);
  }

  /** Whether a group reads the stream. */
  boolean reads(SiteGroup group) {
    return reads(stream, group);
  }

  /** The rule that a group that reads the stream need not follow any more. */
  HadamardRule rule() {
    return rule;
  }

  /** Tensors whose rows are added to the stream. */
  List<String> embeddings() {
    return stream.embeddings();
  }

  /** Rows of an embedding, or states, in the rotated stream. */
  FloatMatrix rotated(FloatMatrix rows) {
    return rotation.apply(rows, compute);
  }

  String describe() {
    return "residual stream: " + rotation.describe();
  }

  /** Makes an open block work on the rotated stream. */
  void apply(Block block, TransformFolder changes) {
    // Several groups may read one norm, which is changed behind the last of them.
    Set<NormSite> passed = new LinkedHashSet<>();
    for (SiteGroup group : block.layout().groups()) {
      if (group.origin() instanceof InputOrigin.Normalization(NormSite norm) && reads(group)) {
        float[] gains = TransformFolder.gains(block, norm);
        for (LinearSite site : group.sites()) {
          QuantizedLinear linear = block.linear(site);
          FloatMatrix weights = linear.toDense();
          scaleColumns(weights, gains);
          changes.replace(site, rotation.transformWeights(weights, compute), linear.bias());
        }
        passed.add(norm);
      }
      for (LinearSite site : group.sites()) {
        if (stream.writers().contains(site)) {
          QuantizedLinear linear = block.linear(site);
          changes.replace(
              site,
              rotation.foldIntoRows(linear.toDense(), compute),
              linear.bias().map(bias -> rotation.foldIntoBias(bias, compute)));
        }
      }
    }
    passed.forEach(norm -> free(block, changes, norm));
  }

  private static void free(Block block, TransformFolder changes, NormSite norm) {
    float[] ones = new float[block.vector(norm.weight()).length];
    Arrays.fill(ones, 1f - norm.offset());
    changes.replaceVector(norm.weight(), ones);
  }

  private static void scaleColumns(FloatMatrix weights, float[] factors) {
    for (int i = 0; i < weights.data().length; i++) {
      weights.data()[i] *= factors[i % factors.length];
    }
  }
}
