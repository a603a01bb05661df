// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.graph;

import io.github.quant4j.transform.HeadStructure;

/**
 * Where the input of a site group comes from, and so where a change of its basis can be folded to
 * cost nothing at run time.
 *
 * <p>A transform {@code T} of the input is exact if the consumers' weights become {@code W T^-1}
 * and what produces the input yields {@code T(x)}. The kind of origin says which places the
 * producer offers; each kind of {@link io.github.quant4j.transform.InputTransform} says which it
 * fits.
 */
public sealed interface InputOrigin {

  /**
   * A normalization over the residual stream. Scales go into its weight, shifts into its bias if it
   * has one; a rotation is a matter of the whole {@link ResidualStream}.
   *
   * @param norm the normalization
   */
  record Normalization(NormSite norm) implements InputOrigin {}

  /**
   * The mean of a site's outputs over tokens, weighted by attention: the input of an attention
   * output projection. The weights of a token sum to one, so a shift passes unchanged; whatever
   * else passes must treat heads as {@link HeadStructure} says.
   *
   * @param values the value projection
   * @param heads which of its outputs each input channel stems from
   */
  record Attention(LinearSite values, HeadStructure heads) implements InputOrigin {}

  /**
   * A site's output times a factor for each channel and token that does not depend on that site:
   * the input of the down projection of a gated MLP.
   *
   * @param factor the site whose output enters linearly, the up projection
   * @param gate the site whose output goes through the nonlinearity, the gate projection
   */
  record Gated(LinearSite factor, LinearSite gate) implements InputOrigin {}

  /**
   * A site's output after a nonlinearity, channel by channel: the input of the second layer of a
   * plain MLP.
   *
   * @param site the site before the nonlinearity
   */
  record Activated(LinearSite site) implements InputOrigin {}

  /** Something that cannot be changed, such as the input of the network. */
  record Fixed() implements InputOrigin {}
}
