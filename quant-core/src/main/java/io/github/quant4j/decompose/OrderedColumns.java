// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.decompose;

import io.github.quant4j.linear.ColumnTerm;
import io.github.quant4j.linear.QuantizedTerm;
import io.github.quant4j.linear.WeightTerm;
import io.github.quant4j.matrix.QuantizedMatrix;
import io.github.quant4j.quantize.Quantizer;
import io.github.quant4j.rounding.GptqRounding;
import io.github.quant4j.rounding.Rounding;
import io.github.quant4j.statistic.Gram;
import io.github.quant4j.tensor.FloatMatrix;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A matrix whose columns are brought into the order in which error feedback rounds them, so that
 * groups of consecutive columns can be fitted as they come up: GPTQ's act-order without static
 * groups, and that of SpQR. The order is stored with the matrix.
 *
 * @param order for each column of the ordered matrix the column that it comes from
 * @param quantizer the quantizer in natural order
 */
record OrderedColumns(int[] order, Quantizer quantizer) {

  /** Whether a quantizer works on ordered columns. */
  static boolean areNeededBy(Quantizer quantizer) {
    return quantizer.roundings().stream()
        .anyMatch(step -> step instanceof GptqRounding gptq && gptq.reordersColumns());
  }

  /** Bits for the order of a matrix. */
  static long storageBits(Quantizer quantizer, int columns) {
    return areNeededBy(quantizer) ? (long) Integer.SIZE * columns : 0;
  }

  /**
   * Refuses what has no place for an order.
   *
   * @throws IllegalArgumentException if the quantizer needs ordered columns
   */
  static void refuse(Quantizer quantizer, String where) {
    if (areNeededBy(quantizer)) {
      throw new IllegalArgumentException(
          where
              + ": '"
              + quantizer
              + "' fits groups of columns in another order, which only the one quantized matrix of"
              + " a recipe has; leave out act-order or current");
    }
  }

  /** The order for a moment, or empty if the quantizer needs none. */
  static Optional<OrderedColumns> of(Quantizer quantizer, Optional<Gram> gram) {
    if (!areNeededBy(quantizer) || gram.isEmpty()) {
      return Optional.empty();
    }
    int[] order = {};
    List<Rounding> steps = new ArrayList<>();
    for (Rounding step : quantizer.roundings()) {
      if (step instanceof GptqRounding gptq && gptq.reordersColumns()) {
        order = gptq.columnOrder(gram.get());
        steps.add(gptq.withActivationOrder(false));
      } else {
        steps.add(step);
      }
    }
    return Optional.of(
        new OrderedColumns(order, Quantizer.of(quantizer.scheme(), quantizer.search(), steps)));
  }

  /** The columns in order. */
  FloatMatrix ordered(FloatMatrix matrix) {
    return Matrices.columns(matrix, order);
  }

  /** The matrix with its columns where they came from. */
  FloatMatrix restored(FloatMatrix matrix) {
    int columns = matrix.columns();
    FloatMatrix result = FloatMatrix.zeros(matrix.rows(), columns);
    for (int row = 0; row < matrix.rows(); row++) {
      for (int j = 0; j < columns; j++) {
        result.data()[row * columns + order[j]] = matrix.data()[row * columns + j];
      }
    }
    return result;
  }

  /** The term of an ordered matrix. */
  WeightTerm term(QuantizedMatrix matrix) {
    return ColumnTerm.of(new QuantizedTerm(matrix), order, order.length, true);
  }
}
