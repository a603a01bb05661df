// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.decompose;

import io.github.quant4j.grammar.Numerals;
import io.github.quant4j.grammar.Phrase;
import io.github.quant4j.grammar.Range;
import io.github.quant4j.grammar.Step;
import io.github.quant4j.quantize.Quantizer;
import io.github.quant4j.scheme.QuantScheme;
import io.github.quant4j.tensor.DType;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;

/** The terms that stand beside or in place of one quantized matrix, as steps of recipes. */
public final class TermSteps {
  private static final String SIGMA = "sigma";
  private static final Range SHARE = Range.above(0, 0.5);
  private static final Range DEVIATIONS = Range.between(0, 100);

  /** Two ternary planes in place of the matrix. */
  public static final Step<PlanesSpec, Function<QuantScheme, PlanesSpec>> PLANES =
      Step.<PlanesSpec>named("ptqtp", "fits two ternary planes (PTQTP)")
          .optional(
              "ITERATIONS",
              Range.whole(1, 10_000),
              PlanesSpec.DEFAULT_ITERATIONS,
              PlanesSpec::iterations,
              "passes at most")
          .flag("weighted", PlanesSpec::isWeighted, "by the power of the inputs")
          .make(
              values ->
                  scheme ->
                      new PlanesSpec(scheme, values.count("ITERATIONS"), values.flag("weighted")));

  /** Single weights apart from the others. */
  public static final Step<SparseSpec, SparseSpec> SPARSE =
      Step.<SparseSpec>named(
              "sparse", "single weights apart, the others quantized (SpQR, SqueezeLLM, EasyQuant)")
          .phrase(
              "SHARE|Ksigma",
              true,
              spec ->
                  spec.sigmas() > 0
                      ? Numerals.plain(spec.sigmas()) + SIGMA
                      : Numerals.plain(spec.share()),
              "the share of the weights, up to 0.5, or beyond how many standard deviations")
          .choice(
              "criterion",
              Arrays.stream(OutlierCriterion.values()).map(OutlierCriterion::label).toList(),
              OutlierCriterion.MAGNITUDE.label(),
              spec -> spec.criterion().label(),
              "which weights: the largest, those whose removal or rounding costs most when the"
                  + " others make up for it, those of the largest effect, by scores of the caller,"
                  + " those that cost most within the loop of gptq (SpQR), or in turn with cd"
                  + " (QuantEase)")
          .choice(
              "values",
              List.of("f16", "f32", "int8"),
              "f16",
              spec -> spec.values() == DType.I8 ? "int8" : lower(spec.values()),
              "how they are stored; with int8 places take as few bits as possible, too (PB-LLM)")
          .flag("last", SparseSpec::isLast, "chosen from what quantization has left over")
          .make(
              values -> {
                Phrase amount = values.phrase("SHARE|Ksigma").orElseThrow();
                boolean isSigmas = amount.text().endsWith(SIGMA);
                double number =
                    isSigmas
                        ? DEVIATIONS.number(amount.part(0, amount.text().length() - SIGMA.length()))
                        : SHARE.number(amount);
                return new SparseSpec(
                    isSigmas ? 0 : number,
                    isSigmas ? number : 0,
                    OutlierCriterion.of(values.word("criterion")),
                    values.is("values", "f32")
                        ? DType.F32
                        : values.is("values", "int8") ? DType.I8 : DType.F16,
                    values.flag("last"));
              });

  /** A low-rank matrix beside the quantized one. */
  public static final Step<LowRankSpec, LowRankSpec> LOW_RANK =
      Step.<LowRankSpec>named("lowrank", "a low-rank matrix beside it (LoRC, SVDQuant, LQ-LoRA)")
          .required("RANK", Range.wholeFrom(1), LowRankSpec::rank, "the rank, such as 16")
          .flag("first", LowRankSpec::isFirst, "of the weights, the rest is quantized")
          .choice(
              "weighting",
              List.of("weighted", "scaled"),
              "plain",
              spec -> lower(spec.weighting()),
              "the error of the output, or by the power of single inputs")
          .choice(
              "factors",
              Arrays.stream(LowRankSpec.Factors.values()).map(TermSteps::lower).toList(),
              "f16",
              spec -> lower(spec.factors()),
              "how they are stored")
          .make(
              values ->
                  new LowRankSpec(
                      values.count("RANK"),
                      LowRankSpec.Weighting.valueOf(upper(values.word("weighting"))),
                      LowRankSpec.Factors.valueOf(upper(values.word("factors"))),
                      values.flag("first")));

  /** One more quantized matrix. */
  public static final Step<QuantizedSpec, QuantizedSpec> PLANE =
      Step.<QuantizedSpec>named("plane", "what is left over, quantized again")
          .phrase("QUANTIZER", true, QuantizedSpec::quantizer, "how, such as int2:g64:sym mse rtn")
          .make(
              values ->
                  new QuantizedSpec(Quantizer.of(values.phrase("QUANTIZER").orElseThrow()), true));

  /** Several matrices of ranges of weights in place of one. */
  public static final Step<SplitSpec, Function<Quantizer, TermSpec>> SPLIT =
      Step.<SplitSpec>named("split", "low, middle and high weights by themselves (SplitQuant)")
          .optional("PARTS", Range.whole(2, 8), 3, SplitSpec::parts, "how many ranges")
          .alwaysPrinted()
          .make(values -> quantizer -> new SplitSpec(quantizer, values.count("PARTS")));

  /** Wide columns beside narrow ones. */
  public static final Step<ColumnsSpec, Function<Quantizer, TermSpec>> COLUMNS =
      Step.<ColumnsSpec>named(
              "columns", "input channels of large activations in a wider format (QUIK, PTQ1.61)")
          .required(
              "SHARE", Range.between(0, 1), ColumnsSpec::share, "of the columns, such as 0.05")
          .phrase("QUANTIZER", false, ColumnsSpec::wide, "of these columns, f16 if not given")
          .make(
              values -> {
                var wide = values.phrase("QUANTIZER").map(Quantizer::of);
                return quantizer -> new ColumnsSpec(quantizer, values.number("SHARE"), wide);
              });

  private TermSteps() {}

  private static String lower(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT);
  }

  private static String upper(String word) {
    return word.toUpperCase(Locale.ROOT);
  }
}
