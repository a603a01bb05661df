// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.quantize;

import io.github.quant4j.rounding.FlexRound;
import io.github.quant4j.rounding.GptqRounding;
import io.github.quant4j.rounding.NestedRounding;
import io.github.quant4j.rounding.Rounding;
import io.github.quant4j.rounding.SignRound;
import io.github.quant4j.scheme.QuantScheme;
import io.github.quant4j.search.ClipSearch;
import io.github.quant4j.search.MeanSquaredErrorSearch;
import io.github.quant4j.search.MinMaxSearch;
import io.github.quant4j.search.ScaleSearch;
import java.util.List;

/** What can be done with grids of blocks, whose scales and offsets are stored together. */
final class BlockSteps {
  private BlockSteps() {}

  /**
   * Refuses a search or a rounding that does not know blocks.
   *
   * @throws IllegalArgumentException if the scheme is one of blocks and a step does not suit it
   */
  static void require(QuantScheme scheme, ScaleSearch search, List<Rounding> roundings) {
    if (scheme.blocks().isEmpty()) {
      return;
    }
    boolean isKnown =
        switch (search) {
          case MinMaxSearch _, ClipSearch _ -> true;
          case MeanSquaredErrorSearch squared -> squared.exponent() == 2;
          default -> false;
        };
    if (!isKnown) {
      throw new IllegalArgumentException(
          search.label() + ": the scales of " + scheme + " are found by minmax, mse or clip");
    }
    for (Rounding rounding : roundings) {
      boolean suits =
          switch (rounding) {
            case GptqRounding gptq -> !gptq.currentGroups();
            case NestedRounding _, FlexRound _, SignRound _ -> false;
            default -> true;
          };
      if (!suits) {
        throw new IllegalArgumentException(
            rounding.label()
                + ": changes scales one by one, but those of "
                + scheme
                + " share a block; expected rtn, gptq without 'current', cd, refit, adaround or"
                + " stochastic");
      }
    }
  }
}
