// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.runtime;

import io.github.quant4j.graph.SequenceLayout;
import io.github.quant4j.graph.SiteInput;
import io.github.quant4j.graph.TokenSelection;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A batch inside a model: the residual stream, the input of the next site group, and its past. */
public final class Activations {
  private final SequenceLayout layout;
  private final float[] hidden;
  private final float[] output;
  private final float[] input;
  private final @Nullable KeyValueCache cache;
  private final float @Nullable [] attentionReceived;
  private final float[] carried;
  private boolean attentionKnown;
  private @Nullable TokenSelection selection;
  private @Nullable SequenceLayout selectedLayout;
  private @Nullable Object routing;

  /**
   * Uses arrays of the caller's.
   *
   * @param hidden the block's input {@code [tokens, width]}; may be longer
   * @param output receives the block's output {@code [tokens, outFeatures]}; the same array as
   *     {@code hidden} if both are of one width, and the block then works in place
   * @param input room for the widest site input, {@code [tokens, in]}
   * @param cache what the sequences have seen before, if anything
   * @param attentionReceived room for one value for each token, if attention is to be traced
   * @param carried room for {@code tokens * carried} floats of the block's layout
   */
  public Activations(
      SequenceLayout layout,
      float[] hidden,
      float[] output,
      float[] input,
      @Nullable KeyValueCache cache,
      float @Nullable [] attentionReceived,
      float[] carried) {
    this.layout = layout;
    this.hidden = hidden;
    this.output = output;
    this.input = input;
    this.cache = cache;
    this.attentionReceived = attentionReceived;
    this.carried = carried;
  }

  /** What the block's program keeps between groups. */
  public float[] carried() {
    return carried;
  }

  /** What goes into the next group, as it lies in {@link #input()}. */
  SiteInput siteInput(int width) {
    TokenSelection some = selection;
    return new SiteInput(
        input,
        0,
        width,
        some != null && selectedLayout != null ? selectedLayout : layout,
        Optional.ofNullable(some));
  }

  /** Says that the next group's input are some tokens, or all of them if null. */
  public void select(@Nullable TokenSelection tokens) {
    selection = tokens;
    selectedLayout = tokens == null ? null : tokens.layout(layout);
  }

  /** The tokens that the next group's input are, null for all. */
  public @Nullable TokenSelection selection() {
    return selection;
  }

  /** What a program has kept with {@link #keepRouting}. */
  public @Nullable Object routing() {
    return routing;
  }

  /** Keeps where tokens go until the end of the block. */
  public void keepRouting(@Nullable Object kept) {
    routing = kept;
  }

  public SequenceLayout layout() {
    return layout;
  }

  public int tokens() {
    return layout.tokens();
  }

  public float[] hidden() {
    return hidden;
  }

  public float[] output() {
    return output;
  }

  public float[] input() {
    return input;
  }

  public @Nullable KeyValueCache cache() {
    return cache;
  }

  /** Room for the trace, null if there is to be none. */
  public float @Nullable [] attentionReceived() {
    return attentionReceived;
  }

  boolean isAttentionKnown() {
    return attentionKnown;
  }

  public void markAttentionKnown() {
    attentionKnown = true;
  }
}
