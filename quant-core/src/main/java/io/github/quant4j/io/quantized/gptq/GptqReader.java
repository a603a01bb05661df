// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.quantized.gptq;

import io.github.quant4j.io.quantized.module.AffineMatrix;
import io.github.quant4j.io.quantized.module.GroupedColumns;
import io.github.quant4j.io.quantized.module.ModuleReader;
import io.github.quant4j.io.quantized.module.ModuleTensors;
import io.github.quant4j.linear.QuantizedLinear;
import io.github.quant4j.tensor.DType;
import io.github.quant4j.tensor.Tensor;
import java.util.Optional;

/**
 * Reads one module: {@code qweight} {@code [ceil(in bits / 32), out]}, {@code qzeros} {@code
 * [groups, ceil(out bits / 32)]}, {@code scales} {@code [groups, out]} and perhaps {@code g_idx}
 * {@code [in]}. A weight is {@code (code - zero) scale} of the group of its input.
 *
 * @param scheme how the module is quantized
 */
public record GptqReader(GptqScheme scheme) implements ModuleReader {
  /** The part that every quantized module has. */
  public static final String CODES = "qweight";

  private static final String ZEROS = "qzeros";
  private static final String SCALES = "scales";
  private static final String GROUPS = "g_idx";

  /**
   * {@inheritDoc}
   *
   * <p>Costs a copy of the codes.
   */
  @Override
  public QuantizedLinear read(ModuleTensors tensors) {
    int bits = scheme.bits();
    Tensor words = tensors.requireMatrix(CODES, DType.I32, DType.I64, DType.I16, DType.I8);
    Optional<Tensor> order =
        tensors.find(GROUPS).filter(tensor -> tensor.shape().elementCount() > 0);
    int rows = (int) words.shape().dimension(1);
    int columns = columns(words, order, bits);
    if (words.shape().dimension(0) != WordColumns.words(words, columns, bits)) {
      throw new IllegalArgumentException(
          words
              + ": expected "
              + WordColumns.words(words, columns, bits)
              + " rows of words for "
              + columns
              + " inputs of "
              + bits
              + " bits");
    }
    int size = scheme.groupSize(columns);
    int groups = Math.ceilDiv(columns, size);
    Tensor scales = tensors.requireMatrix(SCALES, DType.F16, DType.BF16, DType.F32);
    if (scales.shape().dimension(0) != groups || scales.shape().dimension(1) != rows) {
      throw new IllegalArgumentException(
          scales
              + ": expected ["
              + groups
              + ", "
              + rows
              + "] for groups of "
              + size
              + " of "
              + columns
              + " inputs");
    }
    StoredZeros zeros = StoredZeros.read(tensors.require(ZEROS), groups, rows, bits);
    int[] groupOf =
        order.isPresent()
            ? GroupedColumns.read(order.get(), groups, size)
            : GroupedColumns.inOrder(columns, size);
    return new GroupedColumns(
            WordColumns.turned(words, rows, columns, bits),
            groups,
            scales.dtype(),
            AffineMatrix.transposed(scales, groups),
            zeros.zeroPoints(zeros.convention(scheme)))
        .linear(groupOf);
  }

  /** As many as have a group, or else as many as there is room for. */
  private static int columns(Tensor words, Optional<Tensor> order, int bits) {
    return Math.toIntExact(
        order.isPresent()
            ? order.get().shape().elementCount()
            : words.shape().dimension(0) * words.dtype().bits() / bits);
  }

  /**
   * The zero points as they are stored, if they can be read; complaints are left to {@link #read}.
   */
  Optional<StoredZeros> zeros(ModuleTensors tensors) {
    try {
      Tensor scales = tensors.requireMatrix(SCALES, DType.F16, DType.BF16, DType.F32);
      return Optional.of(
          StoredZeros.read(
              tensors.require(ZEROS),
              (int) scales.shape().dimension(0),
              (int) scales.shape().dimension(1),
              scheme.bits()));
    } catch (IllegalArgumentException | ArithmeticException _) {
      return Optional.empty();
    }
  }
}
