// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.activation;

import io.github.quant4j.grammar.Step;
import io.github.quant4j.grammar.Steps;
import java.util.List;

/** Which activations share a scale, as steps of recipes. */
public final class ActivationGranularities {
  /** The granularities as steps of recipes. */
  public static final Steps<ActivationGranularity> STEPS =
      Steps.of(
          "activation granularity",
          Step.<ActivationGranularity>word(
              "tensor", "one scale for all, from calibration", ActivationGranularity.tensor()),
          Step.<ActivationGranularity>word(
              "channel",
              "one scale for each input channel, from calibration",
              ActivationGranularity.channel()),
          Step.<ActivationGranularity>word(
              "token",
              "one scale for each token, computed as it comes",
              ActivationGranularity.token()),
          Step.family(
              "gN",
              List.of("g64", "g128"),
              "g([0-9]{1,6})",
              "one scale for N consecutive inputs of a token, computed as it comes",
              (_, match) -> new ActivationGranularity.PerGroup(Integer.parseInt(match.group(1)))));

  private ActivationGranularities() {}
}
