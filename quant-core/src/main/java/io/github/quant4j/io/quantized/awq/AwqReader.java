// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.quantized.awq;

import io.github.quant4j.io.quantized.module.AffineMatrix;
import io.github.quant4j.io.quantized.module.GroupOffsets;
import io.github.quant4j.io.quantized.module.GroupedColumns;
import io.github.quant4j.io.quantized.module.ModuleReader;
import io.github.quant4j.io.quantized.module.ModuleTensors;
import io.github.quant4j.linear.QuantizedLinear;
import io.github.quant4j.matrix.PackedCodes;
import io.github.quant4j.tensor.DType;
import io.github.quant4j.tensor.Tensor;
import java.util.Optional;

/**
 * Reads one module. A weight is {@code (code - zero) scale} of the group of its input; in the fast
 * layout {@code code scale + offset}.
 *
 * @param layout how the codes lie
 * @param groupSize inputs that share a scale, or -1 for all
 * @param hasZeroPoints whether {@code qzeros} must be there
 */
public record AwqReader(AwqLayout layout, int groupSize, boolean hasZeroPoints)
    implements ModuleReader {
  /** The part that every quantized module has. */
  public static final String CODES = "qweight";

  private static final String ZEROS = "qzeros";
  private static final String SCALES = "scales";

  /** Another name for offsets in the fast layout. */
  private static final String SCALED_ZEROS = "scaled_zeros";

  /** The zero point of a symmetric grid. */
  private static final int OFFSET = 8;

  /**
   * Checks the group size.
   *
   * @throws IllegalArgumentException if it is neither positive nor -1
   */
  public AwqReader {
    if (groupSize < 1 && groupSize != -1) {
      throw new IllegalArgumentException(
          "'group_size': " + groupSize + ", expected a positive size, or -1 for all inputs");
    }
  }

  /**
   * {@inheritDoc}
   *
   * <p>Costs a copy of the codes, but for {@link AwqLayout#GEMV}.
   */
  @Override
  public QuantizedLinear read(ModuleTensors tensors) {
    return switch (layout) {
      case GEMM -> gemm(tensors);
      case GEMV -> gemv(tensors);
      case GEMV_FAST -> fast(tensors);
    };
  }

  private int size(int columns) {
    return groupSize == -1 ? columns : Math.min(groupSize, columns);
  }

  private int groups(int columns) {
    return Math.ceilDiv(columns, size(columns));
  }

  private QuantizedLinear gemm(ModuleTensors tensors) {
    Tensor words = tensors.requireMatrix(CODES, DType.I32);
    int columns = (int) words.shape().dimension(0);
    int rows = Math.multiplyExact((int) words.shape().dimension(1), Nibbles.PER_WORD);
    int groups = groups(columns);
    Tensor scales = scales(tensors);
    requireShape(scales, groups, rows);
    Optional<Tensor> stored = zeros(tensors);
    float[] zeros = new float[Math.multiplyExact(rows, groups)];
    if (stored.isPresent()) {
      requireShape(stored.get(), groups, rows / Nibbles.PER_WORD);
      byte[] fields = Nibbles.interleaved(stored.get());
      for (int group = 0; group < groups; group++) {
        for (int row = 0; row < rows; row++) {
          zeros[row * groups + group] = fields[group * rows + row] - OFFSET;
        }
      }
    }
    return linear(
        Nibbles.turned(words), scales, AffineMatrix.transposed(scales, groups), zeros, groups);
  }

  private QuantizedLinear gemv(ModuleTensors tensors) {
    Tensor words = tensors.requireMatrix(CODES, DType.I32);
    int rows = (int) words.shape().dimension(0);
    int columns = Math.multiplyExact((int) words.shape().dimension(1), Nibbles.PER_WORD);
    int groups = groups(columns);
    Tensor scales = scales(tensors);
    int width = (int) scales.shape().dimension(1);
    if (scales.shape().dimension(0) != rows || width < groups) {
      throw new IllegalArgumentException(
          scales + ": expected [" + rows + ", " + groups + " or more]");
    }
    float[] padded = scales.toFloatArray();
    float[] used = new float[Math.multiplyExact(rows, groups)];
    for (int row = 0; row < rows; row++) {
      System.arraycopy(padded, row * width, used, row * groups, groups);
    }
    Optional<Tensor> stored = zeros(tensors);
    float[] zeros = new float[used.length];
    if (stored.isPresent()) {
      long zeroWords = stored.get().shape().dimension(1);
      if (stored.get().shape().dimension(0) != rows || zeroWords * Nibbles.PER_WORD < groups) {
        throw new IllegalArgumentException(
            stored.get() + ": expected [" + rows + ", words of " + groups + " zero points]");
      }
      PackedCodes fields =
          PackedCodes.wrap(
              rows, groups, Nibbles.BITS, zeroWords * Integer.BYTES, stored.get().data());
      for (int i = 0; i < zeros.length; i++) {
        zeros[i] = fields.get(i / groups, i % groups) - OFFSET;
      }
    }
    long rowBytes = words.shape().dimension(1) * Integer.BYTES;
    return linear(
        PackedCodes.wrap(rows, columns, Nibbles.BITS, rowBytes, words.data()),
        scales,
        used,
        zeros,
        groups);
  }

  private QuantizedLinear fast(ModuleTensors tensors) {
    Tensor shorts = tensors.requireMatrix(CODES, DType.I16);
    int columns = (int) shorts.shape().dimension(1);
    int rows = Math.multiplyExact((int) shorts.shape().dimension(0), Nibbles.ROWS);
    int size = size(columns);
    if (columns % 64 != 0 || columns % size != 0) {
      throw new IllegalArgumentException(
          shorts + ": expected a multiple of 64 inputs and of groups of " + size);
    }
    int groups = columns / size;
    Tensor scales = scales(tensors);
    Tensor offsets =
        tensors.find(SCALED_ZEROS).isPresent()
            ? tensors.require(SCALED_ZEROS, DType.F16, DType.BF16, DType.F32)
            : tensors.require(ZEROS, DType.F16, DType.BF16, DType.F32);
    for (Tensor tensor : new Tensor[] {scales, offsets}) {
      if (tensor.shape().rank() != 2
          || tensor.shape().dimension(0) < groups
          || tensor.shape().dimension(1) != rows) {
        throw new IllegalArgumentException(
            tensor + ": expected [" + groups + " or more, " + rows + "]");
      }
    }
    return GroupOffsets.linear(
        Nibbles.unshuffled(shorts),
        size,
        scales.dtype(),
        AffineMatrix.transposed(scales, groups),
        offsets.dtype(),
        AffineMatrix.transposed(offsets, groups));
  }

  private QuantizedLinear linear(
      PackedCodes codes, Tensor stored, float[] scales, float[] zeros, int groups) {
    return new GroupedColumns(codes, groups, stored.dtype(), scales, zeros)
        .linear(GroupedColumns.inOrder(codes.columns(), size(codes.columns())));
  }

  private static Tensor scales(ModuleTensors tensors) {
    return tensors.requireMatrix(SCALES, DType.F16, DType.BF16, DType.F32);
  }

  private Optional<Tensor> zeros(ModuleTensors tensors) {
    return hasZeroPoints || tensors.find(ZEROS).isPresent()
        ? Optional.of(tensors.requireMatrix(ZEROS, DType.I32))
        : Optional.empty();
  }

  private static void requireShape(Tensor tensor, long lines, long width) {
    if (tensor.shape().rank() != 2
        || tensor.shape().dimension(0) != lines
        || tensor.shape().dimension(1) != width) {
      throw new IllegalArgumentException(tensor + ": expected [" + lines + ", " + width + "]");
    }
  }
}
