// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.gguf;

import io.github.quant4j.block.BlockFormat;
import io.github.quant4j.tensor.DType;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The element types of tensors in GGUF files, with their numbers and the sizes of their blocks.
 *
 * <p>Plain types have blocks of one value. Numbers that are missing here belong to types that ggml
 * has removed, or does not have yet.
 */
public enum GgufTensorType {
  /** IEEE 754 binary32. */
  F32(0, DType.F32),
  /** IEEE 754 binary16. */
  F16(1, DType.F16),
  /** 4 bits, one scale. */
  Q4_0(2, BlockFormat.Q4_0),
  /** 4 bits, a scale and a minimum. */
  Q4_1(3, BlockFormat.Q4_1),
  /** 5 bits, one scale. */
  Q5_0(6, BlockFormat.Q5_0),
  /** 5 bits, a scale and a minimum. */
  Q5_1(7, BlockFormat.Q5_1),
  /** 8 bits, one scale. */
  Q8_0(8, BlockFormat.Q8_0),
  /** 8 bits, a scale and a sum; of activations, not found in models. */
  Q8_1(9, 32, 36),
  /** 2 bits in super-blocks. */
  Q2_K(10, BlockFormat.Q2_K),
  /** 3 bits in super-blocks. */
  Q3_K(11, BlockFormat.Q3_K),
  /** 4 bits in super-blocks. */
  Q4_K(12, BlockFormat.Q4_K),
  /** 5 bits in super-blocks. */
  Q5_K(13, BlockFormat.Q5_K),
  /** 6 bits in super-blocks. */
  Q6_K(14, BlockFormat.Q6_K),
  /** 8 bits in super-blocks; of activations, not found in models. */
  Q8_K(15, 256, 292),
  /** 2 bits, points of a lattice. */
  IQ2_XXS(16, BlockFormat.IQ2_XXS),
  /** 2 bits, points of a lattice. */
  IQ2_XS(17, BlockFormat.IQ2_XS),
  /** 3 bits, points of a lattice. */
  IQ3_XXS(18, BlockFormat.IQ3_XXS),
  /** 1.5 bits, points of a lattice. */
  IQ1_S(19, BlockFormat.IQ1_S),
  /** 4 bits, a table of values. */
  IQ4_NL(20, BlockFormat.IQ4_NL),
  /** 3 bits, points of a lattice. */
  IQ3_S(21, BlockFormat.IQ3_S),
  /** 2 bits, points of a lattice. */
  IQ2_S(22, BlockFormat.IQ2_S),
  /** 4 bits, a table of values, in super-blocks. */
  IQ4_XS(23, BlockFormat.IQ4_XS),
  /** Two's complement byte. */
  I8(24, DType.I8),
  /** Two's complement 16-bit integer. */
  I16(25, DType.I16),
  /** Two's complement 32-bit integer. */
  I32(26, DType.I32),
  /** Two's complement 64-bit integer. */
  I64(27, DType.I64),
  /** IEEE 754 binary64. */
  F64(28, DType.F64),
  /** 1.75 bits, points of a lattice. */
  IQ1_M(29, BlockFormat.IQ1_M),
  /** The upper half of an IEEE 754 binary32. */
  BF16(30, DType.BF16),
  /** Ternary, five in a byte. */
  TQ1_0(34, BlockFormat.TQ1_0),
  /** Ternary, four in a byte. */
  TQ2_0(35, BlockFormat.TQ2_0),
  /** OCP MXFP4: FP4 with a power of two as scale. */
  MXFP4(39, BlockFormat.MXFP4),
  /** FP4 with FP8 scales. */
  NVFP4(40, BlockFormat.NVFP4),
  /** One bit, one scale. */
  Q1_0(41, BlockFormat.Q1_0),
  /** 2 bits, one scale. */
  Q2_0(42, BlockFormat.Q2_0);

  private static final @Nullable GgufTensorType[] BY_ID = byId();

  private final int id;
  private final int blockSize;
  private final int blockBytes;
  private final @Nullable DType dtype;
  private final @Nullable BlockFormat blockFormat;

  GgufTensorType(int id, DType dtype) {
    this(id, 1, dtype.bits() / Byte.SIZE, dtype, null);
  }

  GgufTensorType(int id, BlockFormat format) {
    this(id, format.blockSize(), format.blockBytes(), null, format);
  }

  GgufTensorType(int id, int blockSize, int blockBytes) {
    this(id, blockSize, blockBytes, null, null);
  }

  GgufTensorType(
      int id,
      int blockSize,
      int blockBytes,
      @Nullable DType dtype,
      @Nullable BlockFormat blockFormat) {
    this.id = id;
    this.blockSize = blockSize;
    this.blockBytes = blockBytes;
    this.dtype = dtype;
    this.blockFormat = blockFormat;
  }

  private static @Nullable GgufTensorType[] byId() {
    GgufTensorType[] all = values();
    @Nullable GgufTensorType[] result = new GgufTensorType[all[all.length - 1].id + 1];
    for (GgufTensorType type : all) {
      result[type.id] = type;
    }
    return result;
  }

  /**
   * The number that stands for the type in a file.
   *
   * @return a number as in ggml's {@code enum ggml_type}
   */
  public int id() {
    return id;
  }

  /**
   * The values of a block; rows are whole numbers of blocks.
   *
   * @return 1 for plain types
   */
  public int blockSize() {
    return blockSize;
  }

  /**
   * The size of a block.
   *
   * @return bytes
   */
  public int blockBytes() {
    return blockBytes;
  }

  /**
   * What a value takes, with its share of the block's scales.
   *
   * @return bits
   */
  public double bitsPerWeight() {
    return (double) blockBytes * Byte.SIZE / blockSize;
  }

  /**
   * What some values take.
   *
   * @param values a number of values, a multiple of the block's
   * @return bytes
   * @throws ArithmeticException if they are not whole blocks or the bytes overflow a long
   */
  public long bytes(long values) {
    if (values % blockSize != 0) {
      throw new ArithmeticException(values + " values are not whole blocks of " + blockSize);
    }
    return Math.multiplyExact(values / blockSize, (long) blockBytes);
  }

  /**
   * The element type of a tensor that has no blocks.
   *
   * @return the type, or empty for blocks
   */
  public Optional<DType> dtype() {
    return Optional.ofNullable(dtype);
  }

  /**
   * The type of the blocks.
   *
   * @return the format, or empty for plain elements and for the blocks of activations
   */
  public Optional<BlockFormat> blockFormat() {
    return Optional.ofNullable(blockFormat);
  }

  /**
   * Finds a type by its number.
   *
   * @param id the number in a file
   * @return the type, or empty if it is not known
   */
  public static Optional<GgufTensorType> ofId(int id) {
    return id < 0 || id >= BY_ID.length ? Optional.empty() : Optional.ofNullable(BY_ID[id]);
  }

  /**
   * Finds the type of plain elements.
   *
   * @param dtype an element type
   * @return the type, or empty if GGUF has none
   */
  public static Optional<GgufTensorType> of(DType dtype) {
    for (GgufTensorType type : values()) {
      if (type.dtype == dtype) {
        return Optional.of(type);
      }
    }
    return Optional.empty();
  }

  /**
   * Finds the type of blocks.
   *
   * @param format a format of blocks
   * @return the type
   */
  public static GgufTensorType of(BlockFormat format) {
    for (GgufTensorType type : values()) {
      if (type.blockFormat == format) {
        return type;
      }
    }
    throw new IllegalArgumentException("format: " + format + " has no number in GGUF files");
  }

  /**
   * The name of a type that ggml once had.
   *
   * @return empty if the number never belonged to a type
   */
  static Optional<String> removed(int id) {
    return switch (id) {
      case 4 -> Optional.of("Q4_2");
      case 5 -> Optional.of("Q4_3");
      case 31 -> Optional.of("Q4_0_4_4");
      case 32 -> Optional.of("Q4_0_4_8");
      case 33 -> Optional.of("Q4_0_8_8");
      case 36 -> Optional.of("IQ4_NL_4_4");
      case 37 -> Optional.of("IQ4_NL_4_8");
      case 38 -> Optional.of("IQ4_NL_8_8");
      default -> Optional.empty();
    };
  }
}
