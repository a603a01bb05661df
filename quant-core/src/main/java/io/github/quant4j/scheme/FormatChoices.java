// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.scheme;

import io.github.quant4j.format.NumberFormat;
import io.github.quant4j.format.NumberFormats;
import io.github.quant4j.grammar.Phrase;
import io.github.quant4j.grammar.Range;
import io.github.quant4j.grammar.Step;
import io.github.quant4j.grammar.Steps;
import io.github.quant4j.scheme.FormatChoice.BestPerMatrix;
import io.github.quant4j.scheme.FormatChoice.BestPerTile;
import io.github.quant4j.scheme.FormatChoice.Companded;
import io.github.quant4j.scheme.FormatChoice.FittedCodebook;
import io.github.quant4j.scheme.FormatChoice.Fixed;
import java.util.ArrayList;
import java.util.List;

/** The formats of weights, given and chosen ones, as steps of recipes. */
public final class FormatChoices {
  /** All of them; those that are given come first. */
  public static final Steps<FormatChoice> STEPS =
      given()
          .with(
              Step.<BestPerMatrix>named(
                      "best", "the format with the least error for the matrix (LLM-FP4)")
                  .list("FORMAT", FormatChoice::toString, "formats of one width")
                  .make(values -> new BestPerMatrix(formats(values.list("FORMAT")))),
              Step.<BestPerTile>named(
                      "best-per-tile", "the format with the least error for each scale (BitMoD)")
                  .list("FORMAT", FormatChoice::toString, "2 to 256 formats of one width")
                  .make(values -> new BestPerTile(formats(values.list("FORMAT")))),
              Step.<BestPerMatrix>named(
                      "e?m?", "the minifloat of a width with the least error (LLM-FP4)")
                  .required("BITS", Range.whole(3, 8), FormatChoice::bits, "the width")
                  .make(values -> new BestPerMatrix(FormatChoice.minifloats(values.count("BITS")))),
              Step.<FormatChoice>word(
                  "bitmod3",
                  "the four code books of BitMoD with 3 bits",
                  new BestPerTile(FormatChoice.bitMod(3))),
              Step.<FormatChoice>word(
                  "bitmod4",
                  "the four code books of BitMoD with 4 bits",
                  new BestPerTile(FormatChoice.bitMod(4))),
              Step.<Companded>named(
                      "power?", "companded by the power with the least error (PowerQuant, NUPES)")
                  .required("BITS", Range.whole(2, 8), Companded::bits, "the width")
                  .make(values -> new Companded(values.count("BITS"))),
              Step.<FittedCodebook>named(
                      "codebook", "values fitted by exact one-dimensional k-means (SqueezeLLM)")
                  .required("LEVELS", Range.whole(2, 256), FittedCodebook::size, "how many values")
                  .make(values -> new FittedCodebook(values.count("LEVELS"))));

  private FormatChoices() {}

  private static Steps<FormatChoice> given() {
    List<Step<?, ? extends FormatChoice>> steps = new ArrayList<>();
    NumberFormats.STEPS.all().forEach(step -> steps.add(step.as(Fixed::new)));
    return new Steps<>(NumberFormats.STEPS.kind(), steps);
  }

  private static List<NumberFormat> formats(List<Phrase> names) {
    List<NumberFormat> formats = new ArrayList<>();
    names.forEach(name -> formats.add(NumberFormats.STEPS.read(name)));
    return formats;
  }
}
