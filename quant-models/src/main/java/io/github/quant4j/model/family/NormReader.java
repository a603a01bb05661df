// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.family;

import io.github.quant4j.graph.NormSite;
import io.github.quant4j.model.decoder.NormShape;
import org.jspecify.annotations.Nullable;

/** Reads the normalizations of a decoder. */
final class NormReader {
  private final OptionReader options;
  private final String prefix;

  /** What options call a kind. */
  private enum Kind {
    RMS,
    LAYER
  }

  /**
   * A reader.
   *
   * @param prefix what the names of options begin with, {@code norm} or that of another kind
   */
  NormReader(OptionReader options, String prefix) {
    this.options = options;
    this.prefix = prefix;
  }

  /** The normalization in a role; null if the family has none there. */
  @Nullable NormShape read(String role, int width) {
    String name = options.tensor(role);
    return name == null ? null : shape(name, width, options.positive(prefix + "_epsilon"));
  }

  /** The normalization in a role, which every model of the family has. */
  NormShape require(String role, int width, double epsilon) {
    return shape(options.requireTensor(role), width, epsilon);
  }

  private NormShape shape(String name, int width, double epsilon) {
    return new NormShape(
        new NormSite(
            name,
            options.choice(prefix + "_kind", Kind.class) == Kind.RMS
                ? NormSite.Kind.ROOT_MEAN_SQUARE
                : NormSite.Kind.LAYER,
            width,
            epsilon,
            (float) options.number(prefix + "_offset"),
            options.flag(prefix + "_bias")),
        options.flag(prefix + "_weight"));
  }
}
