// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.gguf;

import java.util.List;
import java.util.Objects;
import java.util.SequencedMap;
import org.jspecify.annotations.Nullable;

/**
 * How a tensor of a model lies in the tensors of a file. Used both ways.
 *
 * <p>Row {@code r} of the model's tensor, {@code [out, in]} or a vector, is row {@code order[r]} of
 * all parts one after the other.
 *
 * @param name the model's name
 * @param rows rows of a matrix, elements of a vector
 * @param columns columns of a matrix, 0 for a vector, or the length of a matrix of vectors
 * @param parts where the rows are
 * @param order which row is which; null if they are in order
 * @param offset what is added to a stored number to make the model's
 * @param transposed whether the model's own tensor is {@code [in, out]}
 */
record TensorPlace(
    String name,
    int rows,
    int columns,
    List<Part> parts,
    int @Nullable [] order,
    double offset,
    boolean transposed) {

  TensorPlace {
    parts = List.copyOf(parts);
  }

  /**
   * Rows of a tensor of the file.
   *
   * @param tensor its name
   * @param index the matrix in a stack of them; -1 if it is none
   * @param from the first row
   * @param rows how many
   * @param transposed whether rows are columns there
   */
  record Part(String tensor, int index, int from, int rows, boolean transposed) {
    static Part of(String tensor, int rows) {
      return new Part(tensor, -1, 0, rows, false);
    }
  }

  static TensorPlace of(String name, int rows, int columns, String tensor) {
    return new TensorPlace(name, rows, columns, List.of(Part.of(tensor, rows)), null, 0, false);
  }

  TensorPlace withOrder(int @Nullable [] changed) {
    return new TensorPlace(name, rows, columns, parts, changed, offset, transposed);
  }

  TensorPlace withOffset(double changed) {
    return new TensorPlace(name, rows, columns, parts, order, changed, transposed);
  }

  TensorPlace asTransposed() {
    return new TensorPlace(name, rows, columns, parts, order, offset, true);
  }

  boolean isVector() {
    return columns == 0;
  }

  /** For each row of the parts the row of the model's tensor. */
  int[] inverse() {
    int[] inverse = new int[rows];
    for (int r = 0; r < rows; r++) {
      inverse[order == null ? r : order[r]] = r;
    }
    return inverse;
  }

  /** Compares arrays by their identity; places are not keys. */
  @Override
  public boolean equals(@Nullable Object other) {
    return this == other;
  }

  @Override
  public int hashCode() {
    return System.identityHashCode(this);
  }

  static TensorPlace require(SequencedMap<String, TensorPlace> places, String name) {
    return Objects.requireNonNull(places.get(name), name);
  }
}
