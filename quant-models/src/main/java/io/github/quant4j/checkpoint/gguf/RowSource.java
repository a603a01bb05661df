// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.checkpoint.gguf;

import io.github.quant4j.block.BlockFormat;
import io.github.quant4j.io.gguf.GgufTensorType;
import io.github.quant4j.linear.BlockTerm;
import io.github.quant4j.linear.QuantizedLinear;
import io.github.quant4j.linear.WeightTerm;
import io.github.quant4j.matrix.BlockMatrix;
import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.tensor.Tensor;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/** The rows of a tensor of a model, whatever it is stored as. */
public interface RowSource {

  /**
   * Reads a row.
   *
   * @param row which
   * @param target receives it
   * @param at position of the first number
   */
  void read(int row, float[] target, int at);

  /**
   * The numbers of a row.
   *
   * @return columns, 1 for a vector
   */
  int columns();

  /**
   * The rows as blocks.
   *
   * @param type the type of blocks that is wanted
   * @return the same numbers as such blocks, or empty if they are anything else
   */
  default Optional<BlockMatrix> blocks(GgufTensorType type) {
    return Optional.empty();
  }

  /**
   * Whether the numbers are quantized.
   *
   * @return false for plain tensors
   */
  default boolean isQuantized() {
    return false;
  }

  /**
   * A plain tensor.
   *
   * @param tensor a vector or a matrix
   * @param isVector whether each number is a row
   * @return its rows
   */
  static RowSource of(Tensor tensor, boolean isVector) {
    int width =
        isVector || tensor.shape().rank() < 2
            ? 1
            : Math.toIntExact(tensor.shape().dimension(tensor.shape().rank() - 1));
    return new RowSource() {
      @Override
      public void read(int row, float[] target, int at) {
        tensor.readFloats((long) row * width, width, target, at);
      }

      @Override
      public int columns() {
        return width;
      }
    };
  }

  /**
   * A matrix that was made.
   *
   * @param matrix its numbers
   * @param isQuantized whether it was made of quantized weights
   * @return its rows
   */
  static RowSource of(FloatMatrix matrix, boolean isQuantized) {
    return new RowSource() {
      @Override
      public void read(int row, float[] target, int at) {
        System.arraycopy(matrix.data(), row * matrix.columns(), target, at, matrix.columns());
      }

      @Override
      public int columns() {
        return matrix.columns();
      }

      @Override
      public boolean isQuantized() {
        return isQuantized;
      }
    };
  }

  /**
   * A quantized layer whose input is taken as it is.
   *
   * @param linear the layer, without a transform
   * @return its rows
   */
  static RowSource of(QuantizedLinear linear) {
    return new RowSource() {
      private final Map<BlockFormat, Optional<BlockMatrix>> exact = new ConcurrentHashMap<>();

      @Override
      public void read(int row, float[] target, int at) {
        Arrays.fill(target, at, at + columns(), 0);
        for (WeightTerm term : linear.terms()) {
          term.addRow(row, target, at);
        }
      }

      @Override
      public int columns() {
        return linear.inFeatures();
      }

      @Override
      public Optional<BlockMatrix> blocks(GgufTensorType type) {
        Optional<BlockFormat> format = BlockFormat.find(type.name());
        if (format.isEmpty()) {
          return Optional.empty();
        }
        return linear.terms().size() == 1
                && linear.terms().getFirst() instanceof BlockTerm(BlockMatrix matrix)
                && matrix.format() == format.get()
            ? Optional.of(matrix)
            : exact.computeIfAbsent(
                format.get(),
                wanted -> ExactBlocks.of(linear.withoutActivations().withoutBias(), wanted));
      }

      @Override
      public boolean isQuantized() {
        return true;
      }
    };
  }
}
