// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.decoder;

import io.github.quant4j.graph.InputOrigin;
import io.github.quant4j.graph.LinearSite;
import io.github.quant4j.graph.SiteGroup;
import io.github.quant4j.graph.TokenMixer;
import io.github.quant4j.model.runtime.KeyValueCache;
import io.github.quant4j.model.runtime.RecurrentState;
import io.github.quant4j.tensor.Shape;
import java.util.ArrayList;
import java.util.List;

/**
 * Linear attention by the gated delta rule (Yang et al., arXiv:2412.06464), as Qwen3-Next has it.
 *
 * <p>Queries, keys and values pass a causal convolution of each channel and SiLU; queries and keys
 * are normalized to length 1. A value head keeps a matrix {@code S}, {@code [key width, value
 * width]}, which a token changes to {@code a S + b k (v - a S^T k)^T} with a decay {@code a =
 * e^(-e^A softplus(x + t))} and a rate {@code b = sigmoid(y)}, and reads as {@code S^T q / sqrt(key
 * width)}. What is read is normalized head by head and multiplied by SiLU of a gate.
 *
 * @param sizes numbers and widths of heads
 * @param projection makes, for each key head, its query, its key, and the values and gates of its
 *     value heads
 * @param rates makes, for each key head, {@code y} and then {@code x} of its value heads
 * @param convolution the tensor with the weights of the convolution, {@code [channels, 1, kernel]},
 *     channels being those of all queries, all keys and all values
 * @param decay the tensor with {@code A} of each value head
 * @param decayBias the tensor with {@code t} of each value head
 * @param norm of what a head reads
 * @param output the output projection
 */
public record DeltaShape(
    Sizes sizes,
    LinearSite projection,
    LinearSite rates,
    String convolution,
    String decay,
    String decayBias,
    NormShape norm,
    LinearSite output)
    implements MixerShape {

  /**
   * Numbers and widths of heads.
   *
   * @param keyHeads query and key heads; divides {@code valueHeads}
   * @param valueHeads value heads
   * @param keyWidth channels of a query and of a key
   * @param valueWidth channels of a value
   * @param kernel tokens that the convolution sees, the last one included
   */
  public record Sizes(int keyHeads, int valueHeads, int keyWidth, int valueWidth, int kernel) {

    /** Value heads of a key head. */
    int repeats() {
      return valueHeads / keyHeads;
    }

    /** Channels of all queries, and of all keys. */
    public int keyChannels() {
      return keyHeads * keyWidth;
    }

    /** Channels of all values. */
    public int valueChannels() {
      return valueHeads * valueWidth;
    }

    /** Channels of the convolution. */
    public int channels() {
      return 2 * keyChannels() + valueChannels();
    }
  }

  @Override
  public List<SiteGroup> groups(InputOrigin origin) {
    // The norm's weights are shared by all heads, so no channel's scale can go into them.
    return List.of(
        new SiteGroup("linear_attn.input", List.of(projection, rates), origin),
        new SiteGroup("linear_attn.output", List.of(output), new InputOrigin.Fixed()));
  }

  @Override
  public TokenMixer mixer() {
    return new TokenMixer.DeltaRule(
        output,
        sizes.keyHeads,
        sizes.valueHeads,
        sizes.keyWidth,
        sizes.valueWidth,
        sizes.channels(),
        sizes.kernel);
  }

  @Override
  public List<VectorShape> vectors() {
    Shape heads = Shape.of(sizes.valueHeads);
    List<VectorShape> vectors = new ArrayList<>();
    vectors.add(new VectorShape(convolution, Shape.of(sizes.channels(), 1, sizes.kernel)));
    vectors.add(new VectorShape(decay, heads));
    vectors.add(new VectorShape(decayBias, heads));
    vectors.addAll(norm.vectors());
    return vectors;
  }

  @Override
  public int carried() {
    return 0;
  }

  @Override
  public KeyValueCache.Form cached() {
    return new RecurrentState.Form(
        sizes.valueHeads * sizes.keyWidth * sizes.valueWidth,
        (sizes.kernel - 1) * sizes.channels());
  }
}
