// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.decompose;

import io.github.quant4j.linear.QuantizedTerm;
import io.github.quant4j.linear.SparseTerm;
import io.github.quant4j.linear.WeightTerm;
import io.github.quant4j.matrix.QuantizedMatrix;
import io.github.quant4j.matrix.SparseMatrix;
import io.github.quant4j.quantize.Quantizer;
import io.github.quant4j.quantize.SparseQuantizationResult;
import io.github.quant4j.rounding.CoordinateDescent;
import io.github.quant4j.rounding.GptqRounding;
import io.github.quant4j.statistic.Gram;
import io.github.quant4j.tensor.FloatMatrix;
import java.util.BitSet;
import java.util.Locale;
import java.util.Optional;

/** Outliers that are chosen while the others are rounded: the main term and the sparse one. */
final class JointOutliers {
  private JointOutliers() {}

  /** Both terms. */
  record Fitted(WeightTerm main, SparseTerm sparse) {}

  /** Codes and what is added to them, both for columns in the same order. */
  record Split(QuantizedMatrix matrix, BitSet places, FloatMatrix values) {}

  /**
   * Refuses a chain of roundings that a criterion cannot take part in.
   *
   * @throws IllegalArgumentException if the step is missing that the outliers are chosen in
   */
  static void requireSuits(OutlierCriterion criterion, Quantizer quantizer) {
    BlockTerms.refuse(quantizer, "sparse(.., " + criterion.label() + ")");
    boolean suits =
        criterion == OutlierCriterion.LOOP
            ? quantizer.roundings().getFirst() instanceof GptqRounding
            : quantizer.roundings().stream().anyMatch(CoordinateDescent.class::isInstance);
    if (!suits) {
      throw new IllegalArgumentException(
          "sparse(.., "
              + criterion.label()
              + "): "
              + (criterion == OutlierCriterion.LOOP
                  ? "outliers are chosen within the loop of gptq, expected roundings that begin"
                      + " with it"
                  : "outliers are chosen in turn with sweeps, expected cd(SWEEPS) among the"
                      + " roundings")
              + ", found '"
              + quantizer
              + "'");
    }
  }

  /** Fits both terms to a matrix. */
  static Fitted fit(Quantizer quantizer, SparseSpec spec, FloatMatrix matrix, FitProblem problem) {
    Gram given =
        problem
            .moment()
            .given()
            .orElseThrow(
                () ->
                    new IllegalArgumentException(
                        "gram: none, but '" + spec.label() + "' is calibrated"));
    OrderedColumns ordered = OrderedColumns.of(quantizer, Optional.of(given)).orElse(null);
    if (ordered == null) {
      Split split = split(quantizer, spec, matrix, given, problem);
      return new Fitted(
          new QuantizedTerm(split.matrix()),
          new SparseTerm(SparseMatrix.of(split.values(), split.places(), spec.values())));
    }
    int[] order = ordered.order();
    Split split =
        split(ordered.quantizer(), spec, ordered.ordered(matrix), given.permuted(order), problem);
    BitSet places = new BitSet();
    split.places().stream()
        .map(at -> at / order.length * order.length + order[at % order.length])
        .forEach(places::set);
    return new Fitted(
        ordered.term(split.matrix()),
        new SparseTerm(SparseMatrix.of(ordered.restored(split.values()), places, spec.values())));
  }

  private static Split split(
      Quantizer quantizer, SparseSpec spec, FloatMatrix matrix, Gram gram, FitProblem problem) {
    if (spec.criterion() == OutlierCriterion.DESCENT) {
      return HardThresholding.split(quantizer, spec.share(), matrix, gram, problem);
    }
    SparseQuantizationResult result =
        quantizer.runKeeping(matrix, gram, spec.share(), spec.storedInLoop(), problem.compute());
    problem.note(result.reports());
    problem.note(
        String.format(
            Locale.ROOT,
            "outliers: %d above %.3g of the mean",
            result.places().cardinality(),
            result.threshold()));
    return new Split(result.matrix(), result.places(), result.values());
  }
}
