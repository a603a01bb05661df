// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.recipe;

import io.github.quant4j.decompose.Decomposition;
import io.github.quant4j.decompose.TermSpec;
import io.github.quant4j.decompose.TermSteps;
import io.github.quant4j.decompose.WidthSteps;
import io.github.quant4j.grammar.Range;
import io.github.quant4j.grammar.Step;
import io.github.quant4j.grammar.Steps;
import io.github.quant4j.quantize.Quantizer;
import java.util.function.Function;

/** What stands behind a plus sign in a recipe. */
sealed interface Compensation {
  /** A term beside the quantized matrix. */
  record Beside(TermSpec term) implements Compensation {}

  /** A term in place of the quantized matrix. */
  record InPlace(Function<Quantizer, TermSpec> term) implements Compensation {}

  /** How often terms are fitted in turn. */
  record Loop(int passes) implements Compensation {}

  /** The mean error of the output is taken off the bias. */
  record Bias() implements Compensation {}

  /** The table of all. */
  final class Words {
    static final Step<Decomposition, Loop> LOOP =
        Step.<Decomposition>named("loop", "terms are fitted in turn, so often (LQ-LoRA)")
            .required("N", Range.whole(1, 1000), Decomposition::loops, "passes, such as 5")
            .make(values -> new Loop(values.count("N")));

    static final Steps<Compensation> STEPS =
        Steps.of(
            "compensation",
            TermSteps.SPARSE.as(Beside::new),
            TermSteps.LOW_RANK.as(Beside::new),
            TermSteps.PLANE.as(Beside::new),
            TermSteps.SPLIT.as(InPlace::new),
            TermSteps.COLUMNS.as(InPlace::new),
            WidthSteps.WIDTHS.as(InPlace::new),
            WidthSteps.GROUPS.as(InPlace::new),
            WidthSteps.ROWS.as(InPlace::new),
            LOOP,
            Step.<Compensation>word(
                "bias", "the mean error of the output is taken off the bias", new Bias()));

    private Words() {}
  }
}
