// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.decoder;

import io.github.quant4j.graph.BlockLayout;
import io.github.quant4j.graph.InputOrigin;
import io.github.quant4j.graph.LinearSite;
import io.github.quant4j.graph.SiteGroup;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A layer of a decoder: {@code h += factor * norm(attention(norm(h)))}, then {@code h += factor *
 * norm(mlp(norm(h)))}, where norms may be absent.
 *
 * @param name the layer's name in the checkpoint
 * @param width of the residual stream
 * @param norms of its branches
 * @param order how branches and sums follow each other
 * @param residualFactor what is multiplied before it is added
 * @param attention the first branch, in which tokens see each other
 * @param mlp the second branch
 */
public record LayerShape(
    String name,
    int width,
    Norms norms,
    Order order,
    double residualFactor,
    MixerShape attention,
    MlpShape mlp) {

  /** The order of a layer's parts. */
  public enum Order {
    /** The second branch reads the stream after the first was added. */
    SEQUENTIAL,
    /** Both branches read the stream as it came. */
    PARALLEL,
    /** Sequential; the norms before branches are applied to the stream after sums instead. */
    NORM_AFTER_SUM
  }

  /**
   * The norms of a layer.
   *
   * @param attention before attention; null if there is none
   * @param attentionOutput after it, before the sum; null if there is none
   * @param mlp before the MLP; null if there is none, or, in a parallel layer, if both branches
   *     read what the first norm gives
   * @param mlpOutput after it, before the sum; null if there is none
   */
  public record Norms(
      @Nullable NormShape attention,
      @Nullable NormShape attentionOutput,
      @Nullable NormShape mlp,
      @Nullable NormShape mlpOutput) {}

  private InputOrigin attentionOrigin() {
    return origin(norms.attention);
  }

  private InputOrigin mlpOrigin() {
    return order == Order.PARALLEL && norms.mlp == null ? attentionOrigin() : origin(norms.mlp);
  }

  private InputOrigin origin(@Nullable NormShape norm) {
    return norm == null || order == Order.NORM_AFTER_SUM ? new InputOrigin.Fixed() : norm.origin();
  }

  /** The norms that read the residual stream for a branch. */
  public List<NormShape> readers() {
    List<NormShape> readers = new ArrayList<>();
    if (norms.attention != null) {
      readers.add(norms.attention);
    }
    if (norms.mlp != null) {
      readers.add(norms.mlp);
    }
    return readers;
  }

  /** The sites whose outputs are added to the residual stream. */
  List<LinearSite> writers() {
    List<LinearSite> writers = new ArrayList<>();
    writers.add(attention.output());
    writers.addAll(mlp.writers());
    return writers;
  }

  /**
   * Whether a rotation of the residual stream is exact: branches begin with norms, and nothing but
   * linear sites stands between them and the sums.
   */
  boolean isRotatable() {
    return order != Order.NORM_AFTER_SUM
        && norms.attention != null
        && norms.attention.weighted()
        && norms.attentionOutput == null
        && norms.mlpOutput == null
        && (norms.mlp != null ? norms.mlp.weighted() : order == Order.PARALLEL);
  }

  BlockLayout layout() {
    List<SiteGroup> groups = new ArrayList<>(attention.groups(attentionOrigin()));
    groups.addAll(mlp.groups(mlpOrigin()));
    return new BlockLayout(name, groups, width, carried());
  }

  List<VectorShape> vectors() {
    List<VectorShape> vectors = new ArrayList<>();
    for (NormShape norm :
        new @Nullable NormShape[] {
          norms.attention, norms.attentionOutput, norms.mlp, norms.mlpOutput
        }) {
      if (norm != null) {
        vectors.addAll(norm.vectors());
      }
    }
    vectors.addAll(attention.vectors());
    vectors.addAll(mlp.vectors());
    return vectors;
  }

  /** Whether the MLP's input is kept while other groups run. */
  boolean keepsMlpInput() {
    return order == Order.PARALLEL || mlp instanceof MlpShape.Mixture;
  }

  /** Whether the sum of the experts is kept, since a norm follows. */
  boolean keepsMlpOutput() {
    return mlp instanceof MlpShape.Mixture && norms.mlpOutput != null;
  }

  /** Where the floats begin, for each token, that attention keeps. */
  int attentionCarriedFrom() {
    return (keepsMlpInput() ? width : 0) + (keepsMlpOutput() ? width : 0);
  }

  private int carried() {
    return attentionCarriedFrom() + attention.carried();
  }
}
