// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.runtime;

import io.github.quant4j.graph.Block;
import io.github.quant4j.graph.BlockLayout;
import io.github.quant4j.graph.InputOrigin;
import io.github.quant4j.graph.LinearSite;
import io.github.quant4j.graph.ModelWeights;
import io.github.quant4j.graph.ResidualStream;
import io.github.quant4j.model.config.ModelOptions;
import io.github.quant4j.transform.HeadStructure;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What encoders of speech have in common whose convolutions are followed by blocks of {@link
 * EncoderProgram} and a layer norm. What comes before the blocks is theirs.
 */
public abstract class LayeredEncoder implements AudioEncoder {
  private final EncoderLayout layout;
  private final HeadStructure heads;
  private final @Nullable RotaryTable rotary;
  private final ModelWeights weights;
  private final ModelOptions options;
  private final List<String> warnings;
  private final GroupedAttention attention;

  /**
   * Takes what there is.
   *
   * @param rotary turns queries and keys; null if nothing does
   */
  protected LayeredEncoder(
      EncoderLayout layout,
      HeadStructure heads,
      @Nullable RotaryTable rotary,
      ModelWeights weights,
      ModelOptions options,
      List<String> warnings) {
    this.layout = layout;
    this.heads = heads;
    this.rotary = rotary;
    this.weights = weights;
    this.options = options;
    this.warnings = List.copyOf(warnings);
    this.attention =
        new GroupedAttention(
            heads, false, options.kernels().compute().algebra(), options.kernels());
  }

  /** The weights. */
  protected final ModelWeights weights() {
    return weights;
  }

  @Override
  public final ModelOptions options() {
    return options;
  }

  @Override
  public final List<String> warnings() {
    return warnings;
  }

  @Override
  public final List<BlockLayout> blocks() {
    return layout.blocks();
  }

  @Override
  public final BlockLayout head() {
    return layout.head();
  }

  @Override
  public final List<String> otherLinearModules() {
    return RecognizerModules.besidesEncoder(weights.tensors());
  }

  /**
   * {@inheritDoc}
   *
   * @return empty: the convolutions write to the stream, and layer norms do not commute with
   *     rotations
   */
  @Override
  public final Optional<ResidualStream> residualStream() {
    return Optional.empty();
  }

  @Override
  public final List<LinearSite> residualWriters() {
    return blocks().stream()
        .flatMap(block -> block.groups().stream())
        .filter(group -> !(group.origin() instanceof InputOrigin.Normalization))
        .flatMap(group -> group.sites().stream())
        .toList();
  }

  @Override
  public final Block open(int index) {
    Objects.checkIndex(index, blocks().size());
    return openBlock(index, BlockWeights.fitsHeap(blocks().get(index), options));
  }

  @Override
  public final Block openHead() {
    BlockWeights opened =
        new BlockWeights(
            head(),
            Stream.concat(
                    Stream.of(layout.finalNorm().weight()), layout.finalNorm().bias().stream())
                .toList(),
            weights,
            options.kernels(),
            true);
    return new OpenBlock(
        head().outFeatures(),
        opened,
        new EncoderHeadProgram(opened, layout.finalNorm(), options.kernels().team()));
  }

  @Override
  public final Block openBlock(int index, boolean heap) {
    EncoderProgram.Norms norms = layout.norms(index);
    BlockLayout block = blocks().get(index);
    BlockWeights opened =
        new BlockWeights(block, norms.vectors(), weights, options.kernels(), heap);
    return new OpenBlock(
        block.outFeatures(),
        opened,
        new EncoderProgram(heads, norms, opened, attention, rotary, options.kernels()));
  }
}
