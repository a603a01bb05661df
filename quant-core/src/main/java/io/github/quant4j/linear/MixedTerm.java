// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.linear;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/**
 * A matrix cut along one axis into parts of different widths: rows (MixLLM, Zheng et al., arXiv
 * 2412.14590), or groups of columns (SliM-LLM, Huang et al., arXiv 2405.14917).
 *
 * <p>Each row or group of columns is in one part, whose matrix has them in their order. So each
 * part is a packed matrix of one format, and is served by a kernel of its own.
 */
public final class MixedTerm implements WeightTerm {
  private final Axis axis;
  private final int unit;
  private final List<WeightTerm> parts;
  private final int[] index;
  private final int[][] lines;

  /** Where each line lies in its part. */
  private final int[] place;

  /** What is cut. */
  public enum Axis {
    /** The outputs. */
    ROWS,
    /** The inputs. */
    COLUMNS
  }

  private MixedTerm(
      Axis axis, int unit, List<WeightTerm> parts, int[] index, int[][] lines, int[] place) {
    this.axis = axis;
    this.unit = unit;
    this.parts = parts;
    this.index = index;
    this.lines = lines;
    this.place = place;
  }

  /**
   * Puts parts together.
   *
   * @param axis what is cut
   * @param unit how many neighbouring rows or columns stay together, at least 1
   * @param parts the matrices, 1 to 256, dense, quantized or vector-quantized, all of one size
   *     along the other axis
   * @param index for each run of {@code unit} rows or columns the part that has it; copied
   * @return the term
   * @throws IllegalArgumentException if a part has not as many rows or columns as the index gives
   *     it, or is of another kind, or the sizes along the other axis differ
   */
  public static MixedTerm of(Axis axis, int unit, List<? extends WeightTerm> parts, int[] index) {
    if (unit < 1) {
      throw new IllegalArgumentException("unit: " + unit + ", expected at least 1");
    }
    if (parts.isEmpty() || parts.size() > 256) {
      throw new IllegalArgumentException("parts: " + parts.size() + ", expected 1 to 256");
    }
    int[] counts = new int[parts.size()];
    for (int i = 0; i < index.length; i++) {
      if (index[i] < 0 || index[i] >= counts.length) {
        throw new IllegalArgumentException(
            "index: number "
                + i
                + " is "
                + index[i]
                + ", expected a part from 0 to "
                + (counts.length - 1));
      }
      counts[index[i]] += unit;
    }
    int other = across(axis, parts.getFirst());
    int[][] lines = new int[counts.length][];
    for (int p = 0; p < counts.length; p++) {
      require(axis, parts.get(p), p, counts[p], other);
      lines[p] = new int[counts[p]];
    }
    int[] place = new int[Math.multiplyExact(index.length, unit)];
    int[] filled = new int[counts.length];
    for (int line = 0; line < place.length; line++) {
      int part = index[line / unit];
      place[line] = filled[part]++;
      lines[part][place[line]] = line;
    }
    return new MixedTerm(axis, unit, List.copyOf(parts), index.clone(), lines, place);
  }

  private static int along(Axis axis, WeightTerm part) {
    return axis == Axis.ROWS ? part.rows() : part.columns();
  }

  private static int across(Axis axis, WeightTerm part) {
    return axis == Axis.ROWS ? part.columns() : part.rows();
  }

  private static void require(Axis axis, WeightTerm part, int number, int count, int other) {
    if (!(part instanceof DenseTerm
        || part instanceof QuantizedTerm
        || part instanceof VectorTerm)) {
      throw new IllegalArgumentException(
          "parts: number "
              + number
              + " is "
              + part.describe()
              + ", expected a dense, a quantized or a vector-quantized term");
    }
    if (count == 0 || along(axis, part) != count || across(axis, part) != other) {
      throw new IllegalArgumentException(
          "parts: number "
              + number
              + " is ["
              + part.rows()
              + ", "
              + part.columns()
              + "], expected "
              + (axis == Axis.ROWS
                  ? "[" + count + ", " + other + "]"
                  : "[" + other + ", " + count + "]")
              + ", the lines that the index gives it");
    }
  }

  /**
   * What is cut.
   *
   * @return rows or columns
   */
  public Axis axis() {
    return axis;
  }

  /**
   * How many neighbouring rows or columns stay together.
   *
   * @return at least 1
   */
  public int unit() {
    return unit;
  }

  /**
   * The matrices.
   *
   * @return at least one
   */
  public List<WeightTerm> parts() {
    return parts;
  }

  /**
   * For each run of {@link #unit()} rows or columns the part that has it.
   *
   * @return a copy
   */
  public int[] index() {
    return index.clone();
  }

  /**
   * The rows or columns of a part.
   *
   * @param part its number
   * @return a copy, ascending
   * @throws IndexOutOfBoundsException if there is no such part
   */
  public int[] lines(int part) {
    return lines[part].clone();
  }

  /**
   * The bits of an entry of the index where it is stored.
   *
   * @param parts how many parts there are
   * @return {@code ceil(log2 parts)}, 0 for one
   */
  public static int indexBits(int parts) {
    return 32 - Integer.numberOfLeadingZeros(parts - 1);
  }

  /**
   * The size of the index where it is stored, in whole bytes.
   *
   * @param parts how many parts there are
   * @param runs how many runs of rows or columns
   * @return bits
   */
  public static long indexStorageBits(int parts, int runs) {
    return Byte.SIZE * Math.ceilDiv((long) indexBits(parts) * runs, Byte.SIZE);
  }

  @Override
  public int rows() {
    return axis == Axis.ROWS ? place.length : parts.getFirst().rows();
  }

  @Override
  public int columns() {
    return axis == Axis.COLUMNS ? place.length : parts.getFirst().columns();
  }

  @Override
  public void addRow(int row, float[] target, int offset) {
    Objects.checkFromIndexSize(offset, columns(), target.length);
    if (axis == Axis.ROWS) {
      parts.get(index[row / unit]).addRow(place[row], target, offset);
      return;
    }
    for (int p = 0; p < lines.length; p++) {
      float[] narrow = new float[lines[p].length];
      parts.get(p).addRow(row, narrow, 0);
      for (int i = 0; i < narrow.length; i++) {
        target[offset + lines[p][i]] += narrow[i];
      }
    }
  }

  /** The parts, and the index. */
  @Override
  public long storageBits() {
    return parts.stream().mapToLong(WeightTerm::storageBits).sum()
        + indexStorageBits(parts.size(), index.length);
  }

  @Override
  public String describe() {
    List<String> texts = new ArrayList<>();
    for (int p = 0; p < lines.length; p++) {
      texts.add(parts.get(p).describe() + " on " + lines[p].length);
    }
    return String.join(", ", texts) + (axis == Axis.ROWS ? " rows" : " columns");
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof MixedTerm term
        && axis == term.axis
        && unit == term.unit
        && parts.equals(term.parts)
        && Arrays.equals(index, term.index);
  }

  @Override
  public int hashCode() {
    return 31 * parts.hashCode() + Arrays.hashCode(index);
  }

  /** As {@link #describe()}. */
  @Override
  public String toString() {
    return describe();
  }
}
