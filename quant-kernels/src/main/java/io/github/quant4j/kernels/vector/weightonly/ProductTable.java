// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector.weightonly;

import io.github.quant4j.kernels.vector.machine.Lanes;
import io.github.quant4j.kernels.vector.machine.PackedMemory;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Parameters that are a number of several groups times a signed byte of each: the bytes of four
 * groups in an int lane, the numbers in a table of their own.
 */
final class ProductTable extends GroupTable {
  private static final VectorSpecies<Float> F = Lanes.FLOAT;
  private static final VectorSpecies<Integer> I = Lanes.INT;
  private static final int LANES = Lanes.FLOATS;
  private static final int ROWS = WordTiles.ROWS;
  private static final ByteOrder ORDER = PackedMemory.ORDER;
  private static final long SIZE = Integer.BYTES;

  /** Bytes of a lane. */
  private static final int FOUR = 4;

  private final ParameterTable numbers;
  private final MemorySegment factors;
  private final int groups;
  private final int span;

  private ProductTable(ParameterTable numbers, MemorySegment factors, int groups, int span) {
    this.numbers = numbers;
    this.factors = factors;
    this.groups = groups;
    this.span = span;
  }

  /**
   * Tabulates the parameters of a matrix of {@code rows} rows.
   *
   * @param numbers the number of each span of groups, kept as halves
   * @param rows rows of the matrix
   * @param groups groups of a row, a multiple of the span
   * @param span groups of a number, a multiple of {@link TileProduct#CHUNK}
   * @param source the factors of a row
   */
  static ProductTable of(
      ParameterTable numbers, int rows, int groups, int span, FactorSource source) {
    if (numbers.encoding() == ParameterTable.Encoding.FLOAT32
        || span % TileProduct.CHUNK != 0
        || groups != numbers.groups() * span) {
      throw new IllegalArgumentException(
          numbers + ", spans of " + span + " in " + groups + ": expected halves and whole chunks");
    }
    int quads = groups / FOUR;
    long tiles = Math.ceilDiv(rows, ROWS);
    MemorySegment data = PackedMemory.allocate(Math.multiplyExact(tiles * quads, ROWS * SIZE));
    byte[] row = new byte[groups];
    int[] tile = new int[quads * ROWS];
    for (int first = 0; first < rows; first += ROWS) {
      Arrays.fill(tile, 0);
      for (int r = first; r < Math.min(rows, first + ROWS); r++) {
        source.read(r, row);
        for (int g = 0; g < groups; g++) {
          tile[g / FOUR * ROWS + r - first] |= (row[g] & 0xff) << Byte.SIZE * (g % FOUR);
        }
      }
      long at = (long) (first / ROWS) * tile.length * SIZE;
      MemorySegment.copy(tile, 0, data, PackedMemory.INT, at, tile.length);
    }
    return new ProductTable(numbers, data, groups, span);
  }

  /** Writes the factors of all groups of a row. */
  @FunctionalInterface
  interface FactorSource {
    void read(int row, byte[] target);
  }

  private long place(int tile, int group) {
    return ((long) tile * (groups / FOUR) + group / FOUR) * ROWS * SIZE;
  }

  /** {@inheritDoc} All chunks are whole. */
  @Override
  void decode(int tile, int group, int count, float[] target, int offset) {
    // The numbers of two spans lie where the last two groups of the chunk go: each vector of them
    // is read before it is overwritten.
    int number = group / span;
    int from = offset + (TileProduct.CHUNK - 2) * ROWS;
    numbers.decode(tile, number & ~1, 2, target, from);
    from += (number & 1) * ROWS;
    long at = place(tile, group);
    for (int i = 0; i < ROWS; i += LANES) {
      FloatVector whole = FloatVector.fromArray(F, target, from + i);
      IntVector low = IntVector.fromMemorySegment(I, factors, at + i * SIZE, ORDER);
      IntVector high = IntVector.fromMemorySegment(I, factors, at + (ROWS + i) * SIZE, ORDER);
      int to = offset + i;
      for (int shift = 24; shift >= 0; shift -= Byte.SIZE, to += ROWS) {
        ((FloatVector)
                low.lanewise(VectorOperators.LSHL, shift)
                    .lanewise(VectorOperators.ASHR, 24)
                    .convert(VectorOperators.I2F, 0))
            .mul(whole)
            .intoArray(target, to);
        ((FloatVector)
                high.lanewise(VectorOperators.LSHL, shift)
                    .lanewise(VectorOperators.ASHR, 24)
                    .convert(VectorOperators.I2F, 0))
            .mul(whole)
            .intoArray(target, to + FOUR * ROWS);
      }
    }
  }

  @Override
  void decodePlain(int tile, int group, int[] stored, float[] target, int offset) {
    numbers.decodePlain(tile, group / span, stored, target, offset);
    MemorySegment.copy(factors, PackedMemory.INT, place(tile, group), stored, 0, ROWS);
    int shift = 24 - Byte.SIZE * (group % FOUR);
    for (int i = 0; i < ROWS; i++) {
      target[offset + i] *= stored[i] << shift >> 24;
    }
  }

  @Override
  void load(int tile, int group, int vector, float[] target, int offset) {
    numbers.load(tile, group / span, vector, target, offset);
    long at = place(tile, group) + (long) vector * LANES * SIZE;
    int shift = 24 - Byte.SIZE * (group % FOUR);
    for (int i = 0; i < 2 * LANES; i += LANES) {
      ((FloatVector)
              IntVector.fromMemorySegment(I, factors, at + i * SIZE, ORDER)
                  .lanewise(VectorOperators.LSHL, shift)
                  .lanewise(VectorOperators.ASHR, 24)
                  .convert(VectorOperators.I2F, 0))
          .mul(FloatVector.fromArray(F, target, offset + i))
          .intoArray(target, offset + i);
    }
  }

  /** Sums of a span are of bytes, and are multiplied by its number. */
  @Override
  void addProducts(int tile, float[] values, float[] scratch, float[] sums) {
    for (int number = 0; number < numbers.groups(); number++) {
      if ((number & 1) == 0) {
        numbers.decode(tile, number, 2, scratch, 0);
      }
      long at = place(tile, number * span);
      int wholes = (number & 1) * ROWS;
      int first = number * span;
      for (int i = 0; i < ROWS; i += LANES, at += LANES * SIZE) {
        FloatVector sum = FloatVector.zero(F);
        long next = at;
        for (int g = first; g < first + span; g += FOUR, next += ROWS * SIZE) {
          IntVector v = IntVector.fromMemorySegment(I, factors, next, ORDER);
          FloatVector f0 =
              (FloatVector)
                  v.lanewise(VectorOperators.LSHL, 24)
                      .lanewise(VectorOperators.ASHR, 24)
                      .convert(VectorOperators.I2F, 0);
          FloatVector f1 =
              (FloatVector)
                  v.lanewise(VectorOperators.LSHL, 16)
                      .lanewise(VectorOperators.ASHR, 24)
                      .convert(VectorOperators.I2F, 0);
          FloatVector f2 =
              (FloatVector)
                  v.lanewise(VectorOperators.LSHL, 8)
                      .lanewise(VectorOperators.ASHR, 24)
                      .convert(VectorOperators.I2F, 0);
          FloatVector f3 =
              (FloatVector) v.lanewise(VectorOperators.ASHR, 24).convert(VectorOperators.I2F, 0);
          sum = f0.fma(FloatVector.broadcast(F, values[g]), sum);
          sum = f1.fma(FloatVector.broadcast(F, values[g + 1]), sum);
          sum = f2.fma(FloatVector.broadcast(F, values[g + 2]), sum);
          sum = f3.fma(FloatVector.broadcast(F, values[g + 3]), sum);
        }
        FloatVector.fromArray(F, scratch, wholes + i)
            .fma(sum, FloatVector.fromArray(F, sums, i))
            .intoArray(sums, i);
      }
    }
  }

  @Override
  void addProductsPlain(int tile, float[] values, int[] stored, float[] scratch, float[] sums) {
    for (int number = 0; number < numbers.groups(); number++) {
      Arrays.fill(scratch, 0, ROWS, 0f);
      for (int g = number * span; g < (number + 1) * span; g++) {
        if (g % FOUR == 0) {
          MemorySegment.copy(factors, PackedMemory.INT, place(tile, g), stored, 0, ROWS);
        }
        int shift = 24 - Byte.SIZE * (g % FOUR);
        float value = values[g];
        for (int i = 0; i < ROWS; i++) {
          scratch[i] = Math.fma((float) (stored[i] << shift >> 24), value, scratch[i]);
        }
      }
      numbers.decodePlain(tile, number, stored, scratch, ROWS);
      for (int i = 0; i < ROWS; i++) {
        sums[i] = Math.fma(scratch[ROWS + i], scratch[i], sums[i]);
      }
    }
  }

  @Override
  int groups() {
    return groups;
  }

  @Override
  public String toString() {
    return "bytes times " + numbers;
  }
}
