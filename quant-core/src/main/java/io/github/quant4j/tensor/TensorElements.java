// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.tensor;

import io.github.quant4j.format.HalfPrecision;
import io.github.quant4j.format.MiniFloat;
import io.github.quant4j.format.NumberFormat;
import io.github.quant4j.format.PowerOfTwoScale;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/** Conversion of stored elements to floats, one loop per element type. */
final class TensorElements {
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfDouble DOUBLE =
      ValueLayout.JAVA_DOUBLE_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /** From here on a copy in an array pays: outside the heap, elements are slow before C2. */
  private static final int MANY = 4096;

  private TensorElements() {}

  static void read(
      DType dtype, MemorySegment data, long from, int count, float[] target, int offset) {
    if (count >= MANY && (dtype == DType.BF16 || dtype == DType.F16)) {
      readHalves(dtype == DType.BF16, data, from, count, target, offset);
      return;
    }
    switch (dtype) {
      case F32 -> MemorySegment.copy(data, FLOAT, from * 4, target, offset, count);
      case BF16 -> {
        for (int i = 0; i < count; i++) {
          target[offset + i] = HalfPrecision.fromBfloat16(data.get(SHORT, (from + i) * 2));
        }
      }
      case F16 -> {
        for (int i = 0; i < count; i++) {
          target[offset + i] = HalfPrecision.fromFloat16(data.get(SHORT, (from + i) * 2));
        }
      }
      case F64 -> {
        for (int i = 0; i < count; i++) {
          target[offset + i] = (float) data.get(DOUBLE, (from + i) * 8);
        }
      }
      case I8 -> {
        for (int i = 0; i < count; i++) {
          target[offset + i] = data.get(ValueLayout.JAVA_BYTE, from + i);
        }
      }
      case U8 -> {
        for (int i = 0; i < count; i++) {
          target[offset + i] = data.get(ValueLayout.JAVA_BYTE, from + i) & 0xff;
        }
      }
      case BOOL -> {
        for (int i = 0; i < count; i++) {
          target[offset + i] = data.get(ValueLayout.JAVA_BYTE, from + i) != 0 ? 1f : 0f;
        }
      }
      case I16 -> {
        for (int i = 0; i < count; i++) {
          target[offset + i] = data.get(SHORT, (from + i) * 2);
        }
      }
      case U16 -> {
        for (int i = 0; i < count; i++) {
          target[offset + i] = data.get(SHORT, (from + i) * 2) & 0xffff;
        }
      }
      case I32 -> {
        for (int i = 0; i < count; i++) {
          target[offset + i] = data.get(INT, (from + i) * 4);
        }
      }
      case U32 -> {
        for (int i = 0; i < count; i++) {
          target[offset + i] = Integer.toUnsignedLong(data.get(INT, (from + i) * 4));
        }
      }
      case I64 -> {
        for (int i = 0; i < count; i++) {
          target[offset + i] = data.get(LONG, (from + i) * 8);
        }
      }
      case U64 -> {
        for (int i = 0; i < count; i++) {
          target[offset + i] = unsignedToFloat(data.get(LONG, (from + i) * 8));
        }
      }
      case F8_E4M3 -> decode(MiniFloat.FP8_E4M3, data, from, count, target, offset);
      case F8_E5M2 -> decode(MiniFloat.FP8_E5M2, data, from, count, target, offset);
      case F8_E4M3FNUZ -> decode(MiniFloat.FP8_E4M3_FNUZ, data, from, count, target, offset);
      case F8_E5M2FNUZ -> decode(MiniFloat.FP8_E5M2_FNUZ, data, from, count, target, offset);
      case F6_E2M3 -> decode(MiniFloat.FP6_E2M3, data, from, count, target, offset);
      case F6_E3M2 -> decode(MiniFloat.FP6_E3M2, data, from, count, target, offset);
      case F4 -> decode(MiniFloat.FP4_E2M1, data, from, count, target, offset);
      case F8_E8M0 -> {
        for (int i = 0; i < count; i++) {
          target[offset + i] =
              PowerOfTwoScale.decode(data.get(ValueLayout.JAVA_BYTE, from + i) & 0xff);
        }
      }
      case C64 ->
          throw new IllegalArgumentException("complex elements (C64) cannot be read as floats");
    }
  }

  private static float unsignedToFloat(long bits) {
    // Halving keeps the value positive; the lost bit is or-ed back so that rounding sees it.
    return bits >= 0 ? (float) bits : (float) ((bits >>> 1) | (bits & 1)) * 2f;
  }

  private static void decode(
      NumberFormat format, MemorySegment data, long from, int count, float[] target, int offset) {
    float[] table = format.decodeTable();
    int bits = format.bits();
    int mask = (1 << bits) - 1;
    long size = data.byteSize();
    for (int i = 0; i < count; i++) {
      long bit = (from + i) * bits;
      long index = bit >> 3;
      int low = data.get(ValueLayout.JAVA_BYTE, index) & 0xff;
      int high = index + 1 < size ? data.get(ValueLayout.JAVA_BYTE, index + 1) & 0xff : 0;
      target[offset + i] = table[(low | high << 8) >> (int) (bit & 7) & mask];
    }
  }

  private static void readHalves(
      boolean bfloat16, MemorySegment data, long from, int count, float[] target, int offset) {
    short[] block = new short[MANY];
    for (int done = 0; done < count; done += MANY) {
      int size = Math.min(MANY, count - done);
      MemorySegment.copy(data, SHORT, (from + done) * 2, block, 0, size);
      if (bfloat16) {
        for (int i = 0; i < size; i++) {
          target[offset + done + i] = HalfPrecision.fromBfloat16(block[i]);
        }
      } else {
        for (int i = 0; i < size; i++) {
          target[offset + done + i] = HalfPrecision.fromFloat16(block[i]);
        }
      }
    }
  }
}
