// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.gguf;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;

/**
 * A tensor of a GGUF file, made of rows of a model's tensors: one matrix or vector, or a stack of
 * them.
 *
 * @param name its name in the file
 * @param isVector whether matrices have one column, which is no dimension
 * @param columns inputs
 * @param matrices what they consist of
 * @param isStack whether their number is a dimension
 */
public record StoredTensor(
    String name, boolean isVector, int columns, List<Matrix> matrices, boolean isStack) {

  /** Copies the list. */
  public StoredTensor {
    matrices = List.copyOf(matrices);
  }

  /**
   * A matrix of the stack, or a vector.
   *
   * @param rows where the rows come from, in their order
   */
  public record Matrix(List<Rows> rows) {
    /** Copies the list. */
    public Matrix {
      rows = List.copyOf(rows);
    }

    /**
     * How many there are.
     *
     * @return rows
     */
    public int count() {
      return rows.stream().mapToInt(part -> part.rows.length).sum();
    }
  }

  /**
   * Rows of a tensor of the model.
   *
   * @param source its name
   * @param rows which, in the order of the file
   * @param added what is added to each number
   * @param transposed whether they are the columns of all of the matrix
   */
  public record Rows(String source, int[] rows, double added, boolean transposed) {}

  private record Slice(TensorPlace.Part part, Rows rows, int columns, boolean isVector) {}

  /** All tensors that some places make. */
  static List<StoredTensor> of(Collection<TensorPlace> places, Optional<TensorPlace> other) {
    SequencedMap<String, List<Slice>> slices = new LinkedHashMap<>();
    places.forEach(place -> add(place, slices));
    other.ifPresent(place -> add(place, slices));
    List<StoredTensor> tensors = new ArrayList<>();
    slices.forEach((name, parts) -> tensors.add(of(name, parts)));
    return tensors;
  }

  private static void add(TensorPlace place, SequencedMap<String, List<Slice>> slices) {
    int[] inverse = place.inverse();
    int at = 0;
    for (TensorPlace.Part part : place.parts()) {
      int[] rows = new int[part.rows()];
      System.arraycopy(inverse, at, rows, 0, rows.length);
      at += rows.length;
      slices
          .computeIfAbsent(part.tensor(), _ -> new ArrayList<>())
          .add(
              new Slice(
                  part,
                  new Rows(place.name(), rows, -place.offset(), part.transposed()),
                  place.columns(),
                  place.isVector()));
    }
  }

  private static StoredTensor of(String name, List<Slice> slices) {
    SequencedMap<Integer, List<Slice>> byIndex = new LinkedHashMap<>();
    slices.forEach(
        slice -> byIndex.computeIfAbsent(slice.part.index(), _ -> new ArrayList<>()).add(slice));
    List<Matrix> matrices = new ArrayList<>();
    byIndex.forEach(
        (_, parts) -> {
          parts.sort((a, b) -> Integer.compare(a.part.from(), b.part.from()));
          matrices.add(new Matrix(parts.stream().map(Slice::rows).toList()));
        });
    Slice first = slices.getFirst();
    int columns = first.isVector ? 1 : first.rows.transposed ? first.part.rows() : first.columns;
    return new StoredTensor(name, first.isVector, columns, matrices, !byIndex.containsKey(-1));
  }

  /**
   * The rows of each matrix.
   *
   * @param inputs columns of the model's tensor, for a matrix that is transposed
   * @return how many
   */
  public int rows(int inputs) {
    return isTransposed() ? inputs : matrices.getFirst().count();
  }

  /**
   * Whether the matrices are those of the model turned round.
   *
   * @return then each consists of one part
   */
  public boolean isTransposed() {
    return matrices.getFirst().rows().getFirst().transposed();
  }

  /**
   * The dimensions as GGUF has them.
   *
   * @param inputs columns of the model's tensor, for a matrix that is transposed
   * @return the contiguous one first
   */
  public List<Long> dimensions(int inputs) {
    List<Long> dimensions = new ArrayList<>();
    if (!isVector) {
      dimensions.add((long) columns);
    }
    dimensions.add((long) rows(inputs));
    if (isStack) {
      dimensions.add((long) matrices.size());
    }
    return dimensions;
  }
}
