// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.decompose;

import io.github.quant4j.linear.WeightTerm;
import io.github.quant4j.tensor.FloatMatrix;
import java.util.List;
import java.util.stream.IntStream;

/** Sums and differences of weight matrices. */
final class Matrices {
  private Matrices() {}

  static FloatMatrix difference(FloatMatrix a, FloatMatrix b) {
    FloatMatrix result = FloatMatrix.zeros(a.rows(), a.columns());
    float[] data = result.data();
    for (int i = 0; i < data.length; i++) {
      data[i] = a.data()[i] - b.data()[i];
    }
    return result;
  }

  static void addTo(FloatMatrix target, List<? extends WeightTerm> terms) {
    for (WeightTerm term : terms) {
      for (int row = 0; row < target.rows(); row++) {
        term.addRow(row, target.data(), row * target.columns());
      }
    }
  }

  static FloatMatrix dense(int rows, int columns, List<? extends WeightTerm> terms) {
    FloatMatrix sum = FloatMatrix.zeros(rows, columns);
    addTo(sum, terms);
    return sum;
  }

  /** The columns of a matrix with the given numbers. */
  static FloatMatrix columns(FloatMatrix matrix, int[] numbers) {
    FloatMatrix result = FloatMatrix.zeros(matrix.rows(), numbers.length);
    for (int row = 0; row < matrix.rows(); row++) {
      for (int i = 0; i < numbers.length; i++) {
        result.data()[row * numbers.length + i] =
            matrix.data()[row * matrix.columns() + numbers[i]];
      }
    }
    return result;
  }

  /** The rows of one part, as an index of all rows says. */
  static FloatMatrix rows(FloatMatrix matrix, int[] index, int part) {
    int columns = matrix.columns();
    int[] numbers = IntStream.range(0, index.length).filter(i -> index[i] == part).toArray();
    FloatMatrix result = FloatMatrix.zeros(numbers.length, columns);
    for (int i = 0; i < numbers.length; i++) {
      System.arraycopy(matrix.data(), numbers[i] * columns, result.data(), i * columns, columns);
    }
    return result;
  }

  /** Takes neighbouring columns of another matrix. */
  static void copyColumns(FloatMatrix source, int from, int count, FloatMatrix target) {
    for (int row = 0; row < source.rows(); row++) {
      int at = row * source.columns() + from;
      System.arraycopy(source.data(), at, target.data(), at, count);
    }
  }
}
