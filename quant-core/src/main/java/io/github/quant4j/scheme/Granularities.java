// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.scheme;

import io.github.quant4j.grammar.Step;
import io.github.quant4j.grammar.Steps;
import java.util.List;

/** Which weights share a scale, as steps of recipes. */
public final class Granularities {
  /** The granularities as steps of recipes. */
  public static final Steps<Granularity> STEPS =
      Steps.of(
          "granularity",
          Step.<Granularity>word("tensor", "one scale for the matrix", Granularity.tensor()),
          Step.<Granularity>word("channel", "one scale for each output row", Granularity.channel()),
          Step.family(
              "gN",
              List.of("g64", "g128"),
              "g([0-9]{1,6})",
              "one scale for N consecutive inputs of a row, such as g64",
              (_, match) -> new Granularity.PerGroup(Integer.parseInt(match.group(1)))),
          Step.family(
              "column[(N)]",
              List.of("column"),
              "column(?:\\(\\s*([0-9]{1,6})\\s*\\))?",
              "one scale for each input column, or for N consecutive outputs of it (AdaDim)",
              (_, match) ->
                  match.group(1) == null
                      ? new Granularity.PerInputChannel(0)
                      : new Granularity.PerInputChannel(Integer.parseInt(match.group(1)))),
          Step.family(
              "block(ROWSxCOLUMNS)",
              List.of("block"),
              "block\\(\\s*([0-9]{1,6})x([0-9]{1,6})\\s*\\)",
              "one scale for each rectangle, such as block(128x128)",
              (_, match) ->
                  new Granularity.PerBlock(
                      Integer.parseInt(match.group(1)), Integer.parseInt(match.group(2)))));

  private Granularities() {}
}
