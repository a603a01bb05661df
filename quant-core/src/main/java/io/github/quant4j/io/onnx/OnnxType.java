// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.onnx;

import io.github.quant4j.tensor.DType;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The element types of ONNX tensors, {@code TensorProto.DataType}, with their numbers in files.
 *
 * <p>Elements of less than a byte are stored densely, lowest bits first; the last byte is filled
 * with zeros.
 */
public enum OnnxType {
  /** Not said; stands only in the types of values. */
  UNDEFINED(0, 0, null),
  /** IEEE 754 binary32. */
  FLOAT(1, 32, DType.F32),
  /** Unsigned byte. */
  UINT8(2, 8, DType.U8),
  /** Two's complement byte. */
  INT8(3, 8, DType.I8),
  /** Unsigned 16-bit integer. */
  UINT16(4, 16, DType.U16),
  /** Two's complement 16-bit integer. */
  INT16(5, 16, DType.I16),
  /** Two's complement 32-bit integer. */
  INT32(6, 32, DType.I32),
  /** Two's complement 64-bit integer. */
  INT64(7, 64, DType.I64),
  /** Texts, which have no width. */
  STRING(8, 0, null),
  /** One byte, 0 or 1. */
  BOOL(9, 8, DType.BOOL),
  /** IEEE 754 binary16. */
  FLOAT16(10, 16, DType.F16),
  /** IEEE 754 binary64. */
  DOUBLE(11, 64, DType.F64),
  /** Unsigned 32-bit integer. */
  UINT32(12, 32, DType.U32),
  /** Unsigned 64-bit integer. */
  UINT64(13, 64, DType.U64),
  /** Two binary32 values, real part first. */
  COMPLEX64(14, 64, DType.C64),
  /** Two binary64 values, real part first. */
  COMPLEX128(15, 128, null),
  /** The upper half of a binary32. */
  BFLOAT16(16, 16, DType.BF16),
  /** FP8 E4M3 without infinities. */
  FLOAT8E4M3FN(17, 8, DType.F8_E4M3),
  /** FP8 E4M3 without infinities and negative zero, bias 8. */
  FLOAT8E4M3FNUZ(18, 8, DType.F8_E4M3FNUZ),
  /** FP8 E5M2. */
  FLOAT8E5M2(19, 8, DType.F8_E5M2),
  /** FP8 E5M2 without infinities and negative zero, bias 16. */
  FLOAT8E5M2FNUZ(20, 8, DType.F8_E5M2FNUZ),
  /** 0 to 15. */
  UINT4(21, 4, null),
  /** -8 to 7. */
  INT4(22, 4, null),
  /** OCP FP4 E2M1. */
  FLOAT4E2M1(23, 4, DType.F4),
  /** OCP E8M0, a bare exponent. */
  FLOAT8E8M0(24, 8, DType.F8_E8M0),
  /** 0 to 3. */
  UINT2(25, 2, null),
  /** -2 to 1. */
  INT2(26, 2, null),
  /** OCP FP6 E2M3, four elements in three bytes. */
  FLOAT6E2M3(27, 6, DType.F6_E2M3),
  /** OCP FP6 E3M2, four elements in three bytes. */
  FLOAT6E3M2(28, 6, DType.F6_E3M2);

  private static final OnnxType[] ALL = values();

  private final int code;
  private final int bits;
  private final @Nullable DType dtype;

  OnnxType(int code, int bits, @Nullable DType dtype) {
    this.code = code;
    this.bits = bits;
    this.dtype = dtype;
  }

  /**
   * The number in a file.
   *
   * @return from 0
   */
  public int code() {
    return code;
  }

  /**
   * The bits of an element.
   *
   * @return 0 for UNDEFINED and STRING
   */
  public int bits() {
    return bits;
  }

  /**
   * The type of tensors that has the same values in the same bytes.
   *
   * @return empty for STRING, COMPLEX128, the integers of 2 and 4 bits and UNDEFINED
   */
  public Optional<DType> dtype() {
    return Optional.ofNullable(dtype);
  }

  /**
   * Whether the elements are integers of 2 or 4 bits.
   *
   * @return true for INT4, UINT4, INT2 and UINT2
   */
  public boolean isNarrowInteger() {
    return this == INT4 || this == UINT4 || this == INT2 || this == UINT2;
  }

  /**
   * Bytes that elements take, filled up to a whole number.
   *
   * @param elements how many, not negative
   * @return the number of bytes
   * @throws ArithmeticException if the number of bits overflows a long
   */
  public long bytes(long elements) {
    return Math.ceilDiv(Math.multiplyExact(elements, (long) bits), Byte.SIZE);
  }

  /**
   * Finds a type by its number.
   *
   * @param code the number in a file
   * @return the type
   * @throws IllegalArgumentException if there is none of that number
   */
  public static OnnxType ofCode(int code) {
    if (code < 0 || code >= ALL.length) {
      throw new IllegalArgumentException(
          "element type " + code + ", expected 0 to " + (ALL.length - 1));
    }
    return ALL[code];
  }

  /**
   * Finds the type of tensors of ours.
   *
   * @param dtype an element type
   * @return the type with the same values in the same bytes
   */
  public static OnnxType of(DType dtype) {
    for (OnnxType type : ALL) {
      if (type.dtype == dtype) {
        return type;
      }
    }
    throw new IllegalArgumentException("dtype: " + dtype + ", which ONNX has not");
  }
}
