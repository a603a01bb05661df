// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector.integer;

import io.github.quant4j.kernels.vector.machine.Lanes;
import io.github.quant4j.kernels.vector.machine.PackedMemory;
import io.github.quant4j.matrix.PackedCodes;
import io.github.quant4j.parallel.ScratchPool;
import io.github.quant4j.parallel.WorkerTeam;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/**
 * Multiplication of codes of 2 or 4 bits, packed in 32-bit words, in 16-bit lanes without masks.
 *
 * <p>A word holds {@code 2 V} codes of a row ({@code V} is 8 or 4), {@code c_0} in the lowest bits.
 * Shifted right by {@code j} codes, its lower half is, modulo 2^16 and with {@code b} bits to a
 * code,
 *
 * <pre>L_j = c_j + 2^b c_(j+1) + 4^b c_(j+2) + ...</pre>
 *
 * and its upper half {@code L_(j+V)}. Since {@code c_j = L_j - 2^b L_(j+1)}, the wanted sum is
 *
 * <pre>sum c_j a_j = sum L_j (a_j - 2^b a_(j-1))   (mod 2^16)</pre>
 *
 * so {@code V - 1} shifts and {@code V} multiplications of both halves do for {@code 2 V} codes: no
 * mask is needed, neither for the neighbours in a half nor for what a 32-bit shift lets in from the
 * other half. (The 16-bit shift has no form with an immediate count in the compiler's tables, and
 * would cost a register and a move.) The two halves of the accumulator are added in the end.
 *
 * <p>The sum of a unit is known modulo 2^16, and therefore exactly if its possible values span less
 * than that: with codes up to {@code C}, if {@code C sum |a| < 2^16}. Each unit starts at a bias of
 * {@code C} times the sum of the negative activations' magnitudes, so that values begin at 0. A
 * unit whose activations exceed the bound is multiplied twice, each time with a part of the
 * activations; that is rare, because a unit of 64 inputs and 4 bits tolerates a mean magnitude of
 * 68. Units that stay within the bound together, as two of normally distributed activations do, may
 * be summed as one.
 */
abstract class WordMultiply extends SegmentSums {
  private static final int RANGE = 0xffff;
  private static final int LONGEST_UNIT = 64;

  private final int codeBits;
  private final int views;
  private final int unitWords;
  private final int largestCode;
  private final int limit;
  private final int partsOfUnit;
  private final int wordsInVector;
  private final int vectorsInBlock;
  private final MemorySegment packed;
  private final int[] previousMask;

  /**
   * Packs codes.
   *
   * @param weights the codes
   * @param codeBits bits that a code is given, 2 or 4, at least those that it has
   * @param largestCode the largest code
   * @param largestValue the largest magnitude of an activation value
   * @param layout segments; its unit is {@code unitWords} words
   * @param blockRows rows of a block
   * @param unitWords words of a unit
   * @param team the threads
   */
  WordMultiply(
      WeightSource weights,
      int codeBits,
      int largestCode,
      int largestValue,
      SegmentLayout layout,
      int blockRows,
      int unitWords,
      WorkerTeam team) {
    super(layout, blockRows);
    this.codeBits = codeBits;
    this.views = 16 / codeBits;
    this.unitWords = unitWords;
    this.largestCode = largestCode;
    this.limit = RANGE / largestCode;
    this.partsOfUnit = Math.ceilDiv(layout.unit(), limit / largestValue);
    this.wordsInVector = layout.paddedColumns() / (2 * views);
    this.previousMask = new int[views + 16];
    Arrays.fill(previousMask, -1);
    for (int i = 0; i < previousMask.length; i += views) {
      previousMask[i] = 0;
    }
    int lanes = Lanes.FLOATS;
    int vectors = Math.ceilDiv(weights.rows(), blockRows) * blockRows / lanes;
    this.packed = weights.part("words", PackedMemory.INT, (long) vectors * lanes * wordsInVector);
    this.vectorsInBlock = blockRows / lanes;
    weights.matrix().ifPresent(matrix -> team.run(vectors, vector -> pack(matrix.codes(), vector)));
  }

  /**
   * Whether sums of a unit's magnitudes can be told, and a single product fits.
   *
   * @param largestCode the largest code
   * @param largestValue the largest magnitude of an activation value
   */
  static boolean supports(int largestCode, int largestValue) {
    return largestCode * largestValue <= RANGE && LONGEST_UNIT * largestValue <= Short.MAX_VALUE;
  }

  private void pack(PackedCodes codes, int vector) {
    int lanes = Lanes.FLOATS;
    SegmentLayout layout = layout();
    byte[] row = new byte[layout.columns()];
    // Element by element outside the heap is slow until it is compiled.
    int[] words = new int[wordsInVector * lanes];
    for (int lane = 0; lane < lanes; lane++) {
      int index = vector * lanes + lane;
      if (index >= codes.rows()) {
        break;
      }
      codes.unpackRow(index, row, 0);
      for (int column = 0; column < row.length; column++) {
        int at = layout.padded(column);
        int unit = at / layout.unit();
        int inUnit = at % layout.unit();
        int half = inUnit / (unitWords * views);
        int inHalf = inUnit % (unitWords * views);
        int word = unit * unitWords + inHalf / views;
        int shift = 16 * half + inHalf % views * codeBits;
        words[word * lanes + lane] |= (row[column] & 0xff) << shift;
      }
    }
    for (int word = 0; word < wordsInVector; word++) {
      long inBlock = (long) (word * vectorsInBlock + vector % vectorsInBlock) * lanes;
      long to = position(vector / vectorsInBlock) + inBlock * Integer.BYTES;
      MemorySegment.copy(words, word * lanes, packed, PackedMemory.INT, to, lanes);
    }
  }

  /** Words of a unit. */
  final int unitWords() {
    return unitWords;
  }

  /**
   * The words, {@code [blocks][words][row vectors][lanes]}: what a block reads is one stream, which
   * the CPU fetches ahead of time, where a stream for each row vector is fetched late.
   */
  @Override
  final MemorySegment packed() {
    return packed;
  }

  /** Where the words of a block begin, in bytes. */
  final long position(int block) {
    return (long) block * blockRows() * wordsInVector * Integer.BYTES;
  }

  /** What coefficients depend on. */
  private record OperandKind(int codeBits, int largestCode, int unitWords) {}

  @Override
  final Object operandKind() {
    return new OperandKind(codeBits, largestCode, unitWords);
  }

  @Override
  final int panelVectors() {
    return vectorsInBlock;
  }

  /** Whether units may be summed together, or each by itself. */
  abstract boolean sumsUnitsTogether();

  /**
   * The operands are coefficients {@code [pieces][unitWords][tokens][views]}, two in an int, and
   * behind them a {@link RunPlan}. A piece is a unit, or a part of the activations of a unit that
   * exceeds the bound.
   */
  @Override
  final void prepare(Tile tile, int[] values, int offset, ScratchPool scratch) {
    SegmentLayout layout = layout();
    int tokens = tile.tokens;
    int units = layout.segments() * layout.unitsInSegment();
    int most = units * partsOfUnit;
    tile.planAt = most * tokens * unitWords * views;
    tile.operands = scratch.ints(tile.planAt + RunPlan.length(layout.segments(), most, tokens));
    int[] line = scratch.ints(unitWords * views);
    int piece = 0;
    for (int unit = 0; unit < units; unit++) {
      int parts = 1;
      for (int t = 0; t < tokens; t++) {
        int at = offset + t * layout.paddedColumns() + unit * layout.unit();
        int packed = sumAndMagnitude(values, at);
        int sum = (short) packed;
        int magnitude = (packed - sum) >> 16;
        if (magnitude > limit) {
          parts = Math.max(parts, countParts(values, at));
        }
        setCoefficients(tile, piece, t, values, at, line);
        // Sum and sum of magnitudes differ by twice the negative part.
        int bias = largestCode * ((magnitude - sum) / 2);
        RunPlan.setToken(tile, layout, piece, t, bias, magnitude);
      }
      if (parts > 1) {
        split(tile, values, offset + unit * layout.unit(), piece, parts, line, scratch);
      }
      for (int i = 0; i < parts; i++) {
        RunPlan.setUnit(tile, layout, piece, unit);
        piece++;
      }
    }
    scratch.release(line);
    RunPlan.join(tile, layout, piece, sumsUnitsTogether() ? limit : 0);
  }

  /** The sum of a unit's values in the lower half, that of their magnitudes in the upper half. */
  private int sumAndMagnitude(int[] values, int at) {
    IntVector sums = IntVector.zero(Lanes.INT);
    for (int i = 0; i < layout().unit(); i += Lanes.FLOATS) {
      IntVector value = IntVector.fromArray(Lanes.INT, values, at + i);
      sums =
          sums.add(value)
              .add(value.lanewise(VectorOperators.ABS).lanewise(VectorOperators.LSHL, 16));
    }
    return sums.reduceLanes(VectorOperators.ADD);
  }

  private void setCoefficients(Tile tile, int piece, int token, int[] values, int at, int[] line) {
    int tokens = tile.tokens;
    int to = piece * unitWords * tokens * views;
    if (tokens == 1) {
      coefficients(values, at, tile.operands, to);
      return;
    }
    coefficients(values, at, line, 0);
    for (int word = 0; word < unitWords; word++) {
      int target = to + (word * tokens + token) * views;
      for (int view = 0; view < views; view++) {
        tile.operands[target + view] = line[word * views + view];
      }
    }
  }

  /**
   * The first half of a unit's values goes to the lower halves of its words, the second half to the
   * upper ones, so that lanes stay in order.
   */
  private void coefficients(int[] values, int at, int[] target, int to) {
    int half = unitWords * views;
    for (int i = 0; i < half; i += Lanes.FLOATS) {
      IntVector mask = IntVector.fromArray(Lanes.INT, previousMask, i % views);
      IntVector lower = IntVector.fromArray(Lanes.INT, values, at + i);
      IntVector upper = IntVector.fromArray(Lanes.INT, values, at + half + i);
      IntVector beforeLower = IntVector.fromArray(Lanes.INT, values, at + i - 1).and(mask);
      // The value before the first of an upper half is the last one of the lower half.
      IntVector beforeUpper =
          IntVector.fromArray(Lanes.INT, values, at + i + views - 1)
              .lanewise(
                  VectorOperators.BITWISE_BLEND,
                  IntVector.fromArray(Lanes.INT, values, at + half + i - 1),
                  mask);
      lower
          .sub(beforeLower.lanewise(VectorOperators.LSHL, codeBits))
          .and(0xffff)
          .or(
              upper
                  .sub(beforeUpper.lanewise(VectorOperators.LSHL, codeBits))
                  .lanewise(VectorOperators.LSHL, 16))
          .intoArray(target, to + i);
    }
  }

  private int countParts(int[] values, int at) {
    int parts = 1;
    int magnitude = 0;
    for (int i = at; i < at + layout().unit(); i++) {
      magnitude += Math.abs(values[i]);
      if (magnitude > limit) {
        parts++;
        magnitude = Math.abs(values[i]);
      }
    }
    return parts;
  }

  /** Cuts the values of a unit where their magnitudes would exceed the limit. */
  private void split(
      Tile tile, int[] values, int at, int piece, int parts, int[] line, ScratchPool scratch) {
    int tokens = tile.tokens;
    int unit = layout().unit();
    int[] part = scratch.ints(unit + 1);
    part[0] = 0;
    for (int t = 0; t < tokens; t++) {
      int from = at + t * layout().paddedColumns();
      int next = 0;
      for (int i = 0; i < parts; i++) {
        Arrays.fill(part, 1, unit + 1, 0);
        int magnitude = 0;
        int negative = 0;
        for (; next < unit; next++) {
          int value = values[from + next];
          magnitude += Math.abs(value);
          if (magnitude > limit) {
            break;
          }
          negative += Math.max(0, -value);
          part[1 + next] = value;
        }
        setCoefficients(tile, piece + i, t, part, 1, line);
        RunPlan.setToken(tile, layout(), piece + i, t, largestCode * negative, RunPlan.ALONE);
      }
    }
    scratch.release(part);
  }
}
