// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.decompose;

import io.github.quant4j.grammar.Range;
import io.github.quant4j.grammar.Step;
import io.github.quant4j.quantize.Quantizer;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;

/** Different widths within a layer, as steps of recipes. */
public final class WidthSteps {

  /** One bit more for some groups, one less for as many others. */
  public static final Step<WidthsSpec, Function<Quantizer, TermSpec>> WIDTHS =
      Step.<WidthsSpec>named(
              "widths",
              "one bit more for the most salient groups of inputs, one less for as many of the least"
                  + " salient (SliM-LLM)")
          .choice(
              "measure",
              List.of(lower(WidthsSpec.Measure.KL), lower(WidthsSpec.Measure.ERROR)),
              lower(WidthsSpec.Measure.KL),
              spec -> lower(spec.measure()),
              "how many: to the least divergence of the softmax of the outputs, or to the least"
                  + " error of the outputs")
          .make(
              values -> {
                var measure =
                    WidthsSpec.Measure.valueOf(values.word("measure").toUpperCase(Locale.ROOT));
                return quantizer -> new WidthsSpec(quantizer, measure);
              });

  /** Wide groups beside narrow ones. */
  public static final Step<GroupsSpec, Function<Quantizer, TermSpec>> GROUPS =
      Step.<GroupsSpec>named(
              "groups", "groups of inputs in a wider format, such as 4 bits beside 2 (Fast 2-bit)")
          .required("SHARE", Range.between(0, 1), GroupsSpec::share, "of the groups, such as 0.25")
          .phrase("QUANTIZER", true, GroupsSpec::wide, "of these groups")
          .choice(
              "criterion",
              Arrays.stream(GroupsSpec.Criterion.values()).map(WidthSteps::lower).toList(),
              lower(GroupsSpec.Criterion.RANGE),
              spec -> lower(spec.criterion()),
              "which groups: those of the largest range, the same weighed by the inputs, or those whose"
                  + " removal costs most when the others make up for it")
          .make(
              values -> {
                Quantizer wide = Quantizer.of(values.phrase("QUANTIZER").orElseThrow());
                var criterion =
                    GroupsSpec.Criterion.valueOf(values.word("criterion").toUpperCase(Locale.ROOT));
                return quantizer ->
                    new GroupsSpec(quantizer, values.number("SHARE"), wide, criterion);
              });

  /** Wide rows beside narrow ones. */
  public static final Step<RowsSpec, Function<Quantizer, TermSpec>> ROWS =
      Step.<RowsSpec>named("rows", "outputs whose error is largest in a wider format (MixLLM)")
          .required("SHARE", Range.between(0, 1), RowsSpec::share, "of the outputs, such as 0.1")
          .phrase("QUANTIZER", true, RowsSpec::wide, "of these outputs")
          .flag("model", RowsSpec::isOfModel, "the outputs of all layers are ranked together")
          .make(
              values -> {
                Quantizer wide = Quantizer.of(values.phrase("QUANTIZER").orElseThrow());
                return quantizer ->
                    new RowsSpec(quantizer, values.number("SHARE"), wide, values.flag("model"));
              });

  private WidthSteps() {}

  private static String lower(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT);
  }
}
