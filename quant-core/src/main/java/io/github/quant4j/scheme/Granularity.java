// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.scheme;

import io.github.quant4j.grammar.Phrase;

/**
 * Which elements of a weight matrix {@code [out, in]} share a scale.
 *
 * <p>Every granularity is a tiling of the matrix by equal rectangles; {@link #layout} lays it over
 * a matrix of known shape. The text forms are those of recipes: {@code tensor}, {@code channel},
 * {@code g64}, {@code column}, {@code block(128x128)}.
 */
public sealed interface Granularity {

  /** One scale for the whole matrix. */
  record PerTensor() implements Granularity {
    @Override
    public String toString() {
      return "tensor";
    }
  }

  /** One scale for each output row. */
  record PerChannel() implements Granularity {
    @Override
    public String toString() {
      return "channel";
    }
  }

  /**
   * One scale for each run of consecutive inputs of a row.
   *
   * @param size inputs of a group, at least 2
   */
  record PerGroup(int size) implements Granularity {
    /**
     * Checks the size.
     *
     * @throws IllegalArgumentException if it is less than 2
     */
    public PerGroup {
      if (size < 2) {
        throw new IllegalArgumentException("group size: " + size + ", expected at least 2");
      }
    }

    @Override
    public String toString() {
      return "g" + size;
    }
  }

  /**
   * One scale for each run of consecutive outputs of an input column: an outlier input channel then
   * owns its scales (AdaDim, Heo et al., arXiv 2309.15531).
   *
   * @param size outputs of a group, at least 2, or 0 for the whole column
   */
  record PerInputChannel(int size) implements Granularity {
    /**
     * Checks the size.
     *
     * @throws IllegalArgumentException if it is 1 or negative
     */
    public PerInputChannel {
      if (size < 0 || size == 1) {
        throw new IllegalArgumentException("group size: " + size + ", expected 0 or at least 2");
      }
    }

    @Override
    public String toString() {
      return size == 0 ? "column" : "column(" + size + ")";
    }
  }

  /**
   * One scale for each rectangle.
   *
   * @param rows outputs of a block, at least 1
   * @param columns inputs of a block, at least 1
   */
  record PerBlock(int rows, int columns) implements Granularity {
    /**
     * Checks the sizes.
     *
     * @throws IllegalArgumentException if one is less than 1
     */
    public PerBlock {
      if (rows < 1 || columns < 1) {
        throw new IllegalArgumentException(
            "block: " + rows + "x" + columns + ", expected sizes of at least 1");
      }
    }

    @Override
    public String toString() {
      return "block(" + rows + "x" + columns + ")";
    }
  }

  /**
   * One scale for the whole matrix.
   *
   * @return the granularity
   */
  static Granularity tensor() {
    return new PerTensor();
  }

  /**
   * One scale for each output row.
   *
   * @return the granularity
   */
  static Granularity channel() {
    return new PerChannel();
  }

  /**
   * One scale for each run of inputs of a row.
   *
   * @param size inputs of a group, at least 2
   * @return the granularity
   * @throws IllegalArgumentException if the size is less than 2
   */
  static Granularity group(int size) {
    return new PerGroup(size);
  }

  /**
   * Lays the tiling over a matrix.
   *
   * @param rows outputs of the matrix, at least 1
   * @param columns inputs of the matrix, at least 1
   * @return the layout
   * @throws IllegalArgumentException if a group size does not divide the matrix; blocks may
   *     overhang, as the compressed-tensors format allows
   */
  default ScaleLayout layout(int rows, int columns) {
    return switch (this) {
      case PerTensor() -> new ScaleLayout(rows, columns, rows, columns);
      case PerChannel() -> new ScaleLayout(rows, columns, 1, columns);
      case PerGroup(int size) -> {
        requireDivides(size, columns, "inputs", rows, columns);
        yield new ScaleLayout(rows, columns, 1, size);
      }
      case PerInputChannel(int size) -> {
        int height = size == 0 ? rows : size;
        requireDivides(height, rows, "outputs", rows, columns);
        yield new ScaleLayout(rows, columns, height, 1);
      }
      case PerBlock(int height, int width) -> new ScaleLayout(rows, columns, height, width);
    };
  }

  private void requireDivides(int size, int extent, String axis, int rows, int columns) {
    if (extent % size != 0) {
      throw new IllegalArgumentException(
          "granularity "
              + this
              + ": "
              + size
              + " does not divide the "
              + extent
              + " "
              + axis
              + " of a ["
              + rows
              + ", "
              + columns
              + "] matrix");
    }
  }

  /**
   * Reads the text form.
   *
   * @param text for example {@code g128}
   * @return the granularity
   * @throws IllegalArgumentException if the text is not a granularity
   */
  static Granularity parse(String text) {
    return Granularities.STEPS.read(Phrase.of("granularity", text));
  }
}
