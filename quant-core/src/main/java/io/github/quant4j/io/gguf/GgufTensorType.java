// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.gguf;

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
  Q4_0(2, 32, 18),
  /** 4 bits, a scale and a minimum. */
  Q4_1(3, 32, 20),
  /** 5 bits, one scale. */
  Q5_0(6, 32, 22),
  /** 5 bits, a scale and a minimum. */
  Q5_1(7, 32, 24),
  /** 8 bits, one scale. */
  Q8_0(8, 32, 34),
  /** 8 bits, a scale and a sum; of activations, not found in models. */
  Q8_1(9, 32, 36),
  /** 2 bits in super-blocks. */
  Q2_K(10, 256, 84),
  /** 3 bits in super-blocks. */
  Q3_K(11, 256, 110),
  /** 4 bits in super-blocks. */
  Q4_K(12, 256, 144),
  /** 5 bits in super-blocks. */
  Q5_K(13, 256, 176),
  /** 6 bits in super-blocks. */
  Q6_K(14, 256, 210),
  /** 8 bits in super-blocks; of activations, not found in models. */
  Q8_K(15, 256, 292),
  /** 2 bits, points of a lattice. */
  IQ2_XXS(16, 256, 66),
  /** 2 bits, points of a lattice. */
  IQ2_XS(17, 256, 74),
  /** 3 bits, points of a lattice. */
  IQ3_XXS(18, 256, 98),
  /** 1.5 bits, points of a lattice. */
  IQ1_S(19, 256, 50),
  /** 4 bits, a table of values. */
  IQ4_NL(20, 32, 18),
  /** 3 bits, points of a lattice. */
  IQ3_S(21, 256, 110),
  /** 2 bits, points of a lattice. */
  IQ2_S(22, 256, 82),
  /** 4 bits, a table of values, in super-blocks. */
  IQ4_XS(23, 256, 136),
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
  IQ1_M(29, 256, 56),
  /** The upper half of an IEEE 754 binary32. */
  BF16(30, DType.BF16),
  /** Ternary, five in a byte. */
  TQ1_0(34, 256, 54),
  /** Ternary, four in a byte. */
  TQ2_0(35, 256, 66),
  /** OCP MXFP4: FP4 with a power of two as scale. */
  MXFP4(39, 32, 17),
  /** FP4 with FP8 scales. */
  NVFP4(40, 64, 36),
  /** One bit, one scale. */
  Q1_0(41, 128, 18),
  /** 2 bits, one scale. */
  Q2_0(42, 64, 18);

  private static final @Nullable GgufTensorType[] BY_ID = byId();

  private final int id;
  private final int blockSize;
  private final int blockBytes;
  private final @Nullable DType dtype;

  GgufTensorType(int id, DType dtype) {
    this.id = id;
    this.blockSize = 1;
    this.blockBytes = dtype.bits() / Byte.SIZE;
    this.dtype = dtype;
  }

  GgufTensorType(int id, int blockSize, int blockBytes) {
    this.id = id;
    this.blockSize = blockSize;
    this.blockBytes = blockBytes;
    this.dtype = null;
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
