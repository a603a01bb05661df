// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector.integer;

/**
 * Which units of a token tile {@link WordMultiply} sums together in 16 bits.
 *
 * <p>It lies after the coefficients, from {@link Tile#planAt}: the number of the first run of each
 * segment and of the end, and for each run its first unit, its segment, its first piece, the number
 * of its pieces, and for each token the bias that it starts from and the sum of its magnitudes.
 *
 * <p>Pieces are entered first, in order; {@link #join} makes runs of them in the same place.
 */
final class RunPlan {
  /** Positions in an entry. */
  static final int UNIT = 0;

  static final int SEGMENT = 1;
  static final int PIECE = 2;
  static final int PIECES = 3;
  static final int BIAS = 4;

  /** The sum of magnitudes of what must not be summed with anything else. */
  static final int ALONE = 1 << 24;

  private RunPlan() {}

  /** From an entry to the next one. */
  static int step(int tokens) {
    return BIAS + 2 * tokens;
  }

  /** The ints of a plan of at most {@code most} pieces. */
  static int length(int segments, int most, int tokens) {
    return segments + 1 + most * step(tokens);
  }

  /** Where the first entry lies in the operands. */
  static int entriesAt(Tile tile, SegmentLayout layout) {
    return tile.planAt + layout.segments() + 1;
  }

  /** The number of the first run of a segment. */
  static int firstRun(Tile tile, int segment) {
    return tile.operands[tile.planAt + segment];
  }

  /** Where the entry of a run, or of a piece before they are joined, lies in the operands. */
  static int entry(Tile tile, SegmentLayout layout, int index) {
    return entriesAt(tile, layout) + index * step(tile.tokens);
  }

  /** Enters the unit of a piece. */
  static void setUnit(Tile tile, SegmentLayout layout, int piece, int unit) {
    int entry = entry(tile, layout, piece);
    tile.operands[entry + UNIT] = unit;
    tile.operands[entry + SEGMENT] = unit / layout.unitsInSegment();
    tile.operands[entry + PIECE] = piece;
    tile.operands[entry + PIECES] = 1;
  }

  /** Enters a token of a piece. */
  static void setToken(
      Tile tile, SegmentLayout layout, int piece, int token, int bias, int magnitude) {
    int entry = entry(tile, layout, piece) + BIAS;
    tile.operands[entry + token] = bias;
    tile.operands[entry + tile.tokens + token] = magnitude;
  }

  /**
   * Makes runs of the pieces and sets {@link Tile#starts} to minus the biases of each segment.
   *
   * @param tile the tile
   * @param layout its segments
   * @param pieces how many pieces there are
   * @param limit the largest sum of magnitudes of a run of several pieces
   */
  static void join(Tile tile, SegmentLayout layout, int pieces, int limit) {
    int[] plan = tile.operands;
    int tokens = tile.tokens;
    int step = step(tokens);
    int segments = layout.segments();
    int runs = 0;
    int last = 0;
    int next = 0;
    for (int piece = 0; piece < pieces; piece++) {
      int from = entry(tile, layout, piece);
      boolean isFirst = plan[from + SEGMENT] == next;
      if (isFirst) {
        plan[tile.planAt + next] = runs;
        next++;
      }
      if (!isFirst && fits(plan, last, from, tokens, limit)) {
        plan[last + PIECES]++;
        for (int i = BIAS; i < step; i++) {
          plan[last + i] += plan[from + i];
        }
      } else {
        last = entry(tile, layout, runs);
        System.arraycopy(plan, from, plan, last, step);
        runs++;
      }
    }
    assert next == segments;
    plan[tile.planAt + segments] = runs;
    for (int s = 0; s < segments; s++) {
      for (int t = 0; t < tokens; t++) {
        int start = 0;
        for (int run = firstRun(tile, s); run < firstRun(tile, s + 1); run++) {
          start -= plan[entry(tile, layout, run) + BIAS + t];
        }
        tile.starts[tile.offset + s * tokens + t] = start;
      }
    }
  }

  private static boolean fits(int[] plan, int run, int piece, int tokens, int limit) {
    for (int i = BIAS + tokens; i < BIAS + 2 * tokens; i++) {
      if (plan[run + i] + plan[piece + i] > limit) {
        return false;
      }
    }
    return true;
  }
}
