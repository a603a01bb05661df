// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector.weightonly;

import io.github.quant4j.format.HalfPrecision;
import io.github.quant4j.kernels.vector.dense.HalfVectors;
import io.github.quant4j.kernels.vector.machine.Lanes;
import io.github.quant4j.kernels.vector.machine.PackedMemory;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Parameters as they are. Values that all are BF16 or F16 numbers are kept so, two groups to an int
 * lane: with small groups, scales are a large part of the memory traffic.
 */
final class ParameterTable extends GroupTable {
  private static final VectorSpecies<Integer> I = Lanes.INT;
  private static final int LANES = Lanes.FLOATS;

  /** The upper half of a pair. */
  static final int UPPER = 0xffff0000;

  private static final ByteOrder ORDER = PackedMemory.ORDER;
  private static final ValueLayout.OfInt INT = PackedMemory.INT;
  private static final ValueLayout.OfFloat FLOAT = PackedMemory.FLOAT;

  /** Bytes of an element: a float, or a pair of halves. */
  private static final long SIZE = Integer.BYTES;

  /** How a parameter is kept. */
  enum Encoding {
    FLOAT32,
    BFLOAT16,
    FLOAT16;

    /** The name in packed weights. */
    String label() {
      return name().toLowerCase(Locale.ROOT);
    }

    static Optional<Encoding> of(String label) {
      return Arrays.stream(values()).filter(value -> value.label().equals(label)).findFirst();
    }

    /** Elements for the groups of a row. */
    private long elementsInRow(int groups) {
      return this == FLOAT32 ? groups : (groups + 1L) >> 1;
    }
  }

  /** One parameter, by row and group. */
  @FunctionalInterface
  interface Source {
    float value(int row, int group);
  }

  private final Encoding encoding;
  private final boolean float32;
  private final boolean bfloat16;
  private final int groups;
  private final MemorySegment data;

  private ParameterTable(Encoding encoding, int groups, MemorySegment data) {
    this.encoding = encoding;
    this.float32 = encoding == Encoding.FLOAT32;
    this.bfloat16 = encoding == Encoding.BFLOAT16;
    this.groups = groups;
    this.data = data;
  }

  /** Tabulates the parameters of a matrix of {@code rows} rows. */
  static ParameterTable of(int rows, int groups, Source source) {
    boolean isBfloat16 = true;
    boolean isFloat16 = true;
    for (int row = 0; row < rows && (isBfloat16 || isFloat16); row++) {
      for (int group = 0; group < groups; group++) {
        float value = source.value(row, group);
        isBfloat16 &= (Float.floatToRawIntBits(value) & 0xffff) == 0;
        isFloat16 &=
            Float.isFinite(value)
                && HalfPrecision.fromFloat16(HalfPrecision.toFloat16(value)) == value;
      }
    }
    Encoding encoding =
        isBfloat16 ? Encoding.BFLOAT16 : isFloat16 ? Encoding.FLOAT16 : Encoding.FLOAT32;
    MemorySegment data = PackedMemory.allocate(byteSize(encoding, rows, groups));
    // Element by element outside the heap is slow until it is compiled.
    int[] tile = new int[Math.toIntExact(encoding.elementsInRow(groups) * WordTiles.ROWS)];
    for (int first = 0; first < rows; first += WordTiles.ROWS) {
      Arrays.fill(tile, 0);
      for (int row = first; row < Math.min(rows, first + WordTiles.ROWS); row++) {
        for (int group = 0; group < groups; group++) {
          float value = source.value(row, group);
          if (encoding == Encoding.FLOAT32) {
            tile[group * WordTiles.ROWS + row - first] = Float.floatToRawIntBits(value);
          } else {
            int half =
                isBfloat16 ? HalfPrecision.toBfloat16(value) : HalfPrecision.toFloat16(value);
            tile[(group >> 1) * WordTiles.ROWS + row - first] |=
                (half & 0xffff) << (group & 1) * 16;
          }
        }
      }
      long at = (long) (first / WordTiles.ROWS) * tile.length * SIZE;
      MemorySegment.copy(tile, 0, data, INT, at, tile.length);
    }
    return new ParameterTable(encoding, groups, data);
  }

  /** A table that was made before, by {@link #byteSize} bytes of the form that this makes. */
  static ParameterTable view(Encoding encoding, int groups, MemorySegment data) {
    return new ParameterTable(encoding, groups, data);
  }

  /** The size of a table, in bytes, a multiple of 64. */
  static long byteSize(Encoding encoding, int rows, int groups) {
    long elements = Math.ceilDiv(rows, WordTiles.ROWS) * encoding.elementsInRow(groups);
    return Math.multiplyExact(elements, WordTiles.ROWS * SIZE);
  }

  /** {@inheritDoc} The first group may be any even one. */
  @Override
  void decode(int tile, int group, int count, float[] target, int offset) {
    if (float32) {
      long from = ((long) tile * groups + group) * WordTiles.ROWS * SIZE;
      MemorySegment.copy(data, FLOAT, from, target, offset, count * WordTiles.ROWS);
      return;
    }
    long from = pairOffset(tile, group);
    int pairCount = (count + 1) >> 1;
    if (bfloat16) {
      decodeBfloat16(from, pairCount, target, offset);
    } else {
      decodeFloat16(from, pairCount, target, offset);
    }
  }

  // Written out, one method for each encoding: vectors that two branches or a method that is not
  // inlined return lie on the heap, and this becomes a part of methods that are full already.

  private void decodeBfloat16(long from, int pairCount, float[] target, int offset) {
    int to = offset;
    for (int i = 0; i < pairCount * WordTiles.ROWS; i += LANES, to += LANES) {
      if (i > 0 && i % WordTiles.ROWS == 0) {
        to += WordTiles.ROWS;
      }
      IntVector pair = IntVector.fromMemorySegment(I, data, from + i * SIZE, ORDER);
      pair.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().intoArray(target, to);
      pair.and(UPPER).reinterpretAsFloats().intoArray(target, to + WordTiles.ROWS);
    }
  }

  private void decodeFloat16(long from, int pairCount, float[] target, int offset) {
    int to = offset;
    for (int i = 0; i < pairCount * WordTiles.ROWS; i += LANES, to += LANES) {
      if (i > 0 && i % WordTiles.ROWS == 0) {
        to += WordTiles.ROWS;
      }
      IntVector pair = IntVector.fromMemorySegment(I, data, from + i * SIZE, ORDER);
      pair.lanewise(VectorOperators.LSHL, 16)
          .lanewise(VectorOperators.ASHR, 3)
          .and(HalfVectors.FIELDS)
          .reinterpretAsFloats()
          .mul(HalfVectors.REBIAS)
          .intoArray(target, to);
      pair.lanewise(VectorOperators.ASHR, 3)
          .and(HalfVectors.FIELDS)
          .reinterpretAsFloats()
          .mul(HalfVectors.REBIAS)
          .intoArray(target, to + WordTiles.ROWS);
    }
  }

  @Override
  void decodePlain(int tile, int group, int[] stored, float[] target, int offset) {
    if (float32) {
      long from = ((long) tile * groups + group) * WordTiles.ROWS * SIZE;
      MemorySegment.copy(data, FLOAT, from, target, offset, WordTiles.ROWS);
      return;
    }
    MemorySegment.copy(data, INT, pairOffset(tile, group), stored, 0, WordTiles.ROWS);
    int shift = (group & 1) == 0 ? 16 : 0;
    for (int i = 0; i < WordTiles.ROWS; i++) {
      int upper = stored[i] << shift & UPPER;
      target[offset + i] =
          bfloat16
              ? Float.intBitsToFloat(upper)
              : Float.intBitsToFloat(upper >> 3 & HalfVectors.FIELDS) * HalfVectors.REBIAS;
    }
  }

  @Override
  void load(int tile, int group, int vector, float[] target, int offset) {
    if (float32) {
      long from = ((long) tile * groups + group) * WordTiles.ROWS * SIZE + vector * (LANES * SIZE);
      MemorySegment.copy(data, FLOAT, from, target, offset, 2 * LANES);
      return;
    }
    long at = pairOffset(tile, group) + vector * (LANES * SIZE);
    int shift = (group & 1) == 0 ? 16 : 0;
    for (int i = 0; i < 2 * LANES; i += LANES) {
      IntVector upper =
          IntVector.fromMemorySegment(I, data, at + i * SIZE, ORDER)
              .lanewise(VectorOperators.LSHL, shift)
              .and(UPPER);
      if (bfloat16) {
        upper.reinterpretAsFloats().intoArray(target, offset + i);
      } else {
        upper
            .lanewise(VectorOperators.ASHR, 3)
            .and(HalfVectors.FIELDS)
            .reinterpretAsFloats()
            .mul(HalfVectors.REBIAS)
            .intoArray(target, offset + i);
      }
    }
  }

  @Override
  int groups() {
    return groups;
  }

  /** Whether all parameters are BF16 numbers, and kept in pairs. */
  boolean isBfloat16() {
    return bfloat16;
  }

  Encoding encoding() {
    return encoding;
  }

  /** The table, in a form that depends on its encoding. */
  MemorySegment data() {
    return data;
  }

  /** Where the pairs of a tile that contain a group begin, that of the even group lower. */
  long pairOffset(int tile, int group) {
    return ((long) tile * ((groups + 1) >> 1) + (group >> 1)) * WordTiles.ROWS * SIZE;
  }

  @Override
  public String toString() {
    return encoding.toString();
  }
}
