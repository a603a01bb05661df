// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.decompose;

import io.github.quant4j.grammar.Range;
import io.github.quant4j.grammar.Step;
import io.github.quant4j.grammar.Steps;
import io.github.quant4j.matrix.VectorBook;
import io.github.quant4j.matrix.VectorCodes;
import io.github.quant4j.rounding.VectorFit;

/** Vector-quantized weights as a step of recipes, in place of a quantizer. */
public final class VectorSteps {
  static final Step<VectorSpec, VectorSpec> VECTORS =
      Step.<VectorSpec>named("vq", "vectors of weights from a book for each matrix (VPTQ)")
          .required(
              "LENGTH",
              Range.whole(1, VectorBook.MOST_LENGTH),
              spec -> spec.fit().length(),
              "outputs of one input that are a vector")
          .key(
              "bits",
              Range.whole(1, VectorCodes.MOST_BITS),
              VectorSpec.DEFAULT_BITS,
              spec -> spec.fit().bits(),
              "of a code, so that a weight takes BITS / LENGTH, and the book 16 LENGTH 2^BITS")
          .alwaysPrinted()
          .key(
              "residual",
              Range.whole(0, VectorCodes.MOST_BITS),
              0,
              spec -> spec.fit().residualBits(),
              "bits of the code of a second vector that is added; 0 for none")
          .key(
              "outliers",
              Range.from(0, 0.5),
              0,
              spec -> spec.fit().outliers(),
              "share of the columns, those of most power, that have a book of their own")
          .flag("norm", spec -> spec.fit().isNormed(), "columns are divided by their norm first")
          .key(
              "iterations",
              Range.whole(1, VectorFit.MOST_ITERATIONS),
              VectorSpec.DEFAULT_ITERATIONS,
              spec -> spec.fit().iterations(),
              "of k-means at most")
          .key(
              "damp",
              Range.from(0, 1),
              VectorSpec.DEFAULT_DAMPING,
              spec -> spec.fit().damping(),
              "what is added to the diagonal, as a share of its mean")
          .withExponent()
          .key("seed", Range.seed(), 0, spec -> spec.fit().seed(), "of the starts of k-means")
          .flag("plain", VectorSpec::isPlain, "as near to the weights as possible, uncalibrated")
          .make(
              values ->
                  new VectorSpec(
                      new VectorFit(
                          values.count("LENGTH"),
                          values.count("bits"),
                          values.count("residual"),
                          values.number("outliers"),
                          values.flag("norm"),
                          values.count("iterations"),
                          values.number("damp"),
                          values.whole("seed")),
                      values.flag("plain")));

  /** All of them. */
  public static final Steps<VectorSpec> STEPS = Steps.of("vector-quantized weights", VECTORS);

  private VectorSteps() {}
}
