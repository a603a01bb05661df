// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.family;

import io.github.quant4j.graph.LinearSite;
import io.github.quant4j.graph.NormSite;
import io.github.quant4j.model.decoder.DeltaShape;
import io.github.quant4j.model.decoder.MixerShape;
import io.github.quant4j.model.decoder.NormShape;
import io.github.quant4j.model.runtime.Rotary;
import java.util.Map;

/** Reads the branch of a layer in which tokens see each other. */
final class MixerReader {
  private static final int LONGEST_KERNEL = 1024;

  /** The largest state of a layer, in floats. */
  private static final int LARGEST_STATE = 1 << 28;

  private final OptionReader options;
  private final int hidden;

  MixerReader(OptionReader options, int hidden) {
    this.options = options;
    this.hidden = hidden;
  }

  /** Its kinds. */
  private enum Kind {
    ATTENTION,
    GATED_DELTA
  }

  boolean isAttention() {
    return options.choice("mixer", Kind.class) == Kind.ATTENTION;
  }

  MixerShape read(Map<String, Rotary> rotaries) {
    return isAttention() ? new AttentionReader(options, hidden).read(rotaries) : delta();
  }

  private DeltaShape delta() {
    DeltaShape.Sizes sizes = sizes();
    return new DeltaShape(
        sizes,
        LinearSite.of(
            options.requireTensor("delta_projection"),
            hidden,
            2 * (sizes.keyChannels() + sizes.valueChannels()),
            false),
        LinearSite.of(options.requireTensor("delta_rates"), hidden, 2 * sizes.valueHeads(), false),
        options.requireTensor("delta_convolution") + ".weight",
        options.requireTensor("delta_decay"),
        options.requireTensor("delta_decay_bias"),
        new NormShape(
            new NormSite(
                options.requireTensor("delta_norm"),
                NormSite.Kind.ROOT_MEAN_SQUARE,
                sizes.valueWidth(),
                options.positive("norm_epsilon")),
            true),
        LinearSite.of(options.requireTensor("delta_output"), sizes.valueChannels(), hidden, false));
  }

  private DeltaShape.Sizes sizes() {
    int widest = AttentionReader.WIDEST;
    int keyHeads = options.integer("delta_key_heads", 1, widest);
    int valueHeads = options.integer("delta_value_heads", 1, widest);
    int keyWidth = options.integer("delta_key_width", 1, widest);
    int valueWidth = options.integer("delta_value_width", 1, widest);
    int kernel = options.integer("delta_kernel", 1, LONGEST_KERNEL);
    if (valueHeads % keyHeads != 0) {
      options.problem("delta_value_heads", "a multiple of " + named("delta_key_heads", keyHeads));
      keyHeads = valueHeads;
    }
    long channels = (long) valueHeads * Math.max(keyWidth, valueWidth);
    if (channels > widest
        || channels * Math.min(keyWidth, valueWidth) > LARGEST_STATE
        || channels * kernel > LARGEST_STATE) {
      options.problem(
          "delta_value_heads",
          "fewer heads, or less than "
              + named("delta_key_width", keyWidth)
              + ", "
              + named("delta_value_width", valueWidth)
              + ", or "
              + named("delta_kernel", kernel)
              + ": a layer keeps at most "
              + LARGEST_STATE
              + " numbers");
      return new DeltaShape.Sizes(1, 1, 1, 1, 1);
    }
    return new DeltaShape.Sizes(keyHeads, valueHeads, keyWidth, valueWidth, kernel);
  }

  /** An option's member and value, for messages. */
  private String named(String option, int value) {
    return options.source(option).map(name -> "'" + name + "'").orElse(option)
        + ", which is "
        + value;
  }
}
