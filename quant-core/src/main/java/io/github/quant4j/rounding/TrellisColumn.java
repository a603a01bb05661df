// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.rounding;

import io.github.quant4j.format.TrellisCode;
import io.github.quant4j.matrix.TrellisMatrix;
import java.util.Arrays;

/**
 * Codes the columns of a panel in their natural order, each from where the column of the word
 * before it ended.
 */
final class TrellisColumn {
  /** Targets beyond this are as good as at it, and their squares remain finite. */
  private static final float LARGEST_TARGET = 0x1p20f;

  /** Where a state no longer shows, in states. */
  private static final int AHEAD = 2;

  /** The most that a lane counts against the others. */
  private static final float LARGEST_WEIGHT = 0x1p10f;

  private final TrellisCode code;
  private final TrellisViterbi viterbi;
  private final int lanes;
  private final int ahead;
  private final int[] ends = new int[TrellisMatrix.WORD_COLUMNS];
  private final float[] targets;
  private final byte[] codes;
  private final byte[] values;
  private final float[] importance;
  private float[] inverse;

  TrellisColumn(TrellisCode code, int lanes) {
    this.code = code;
    this.ahead = Math.min(lanes, AHEAD * code.span());
    this.viterbi = new TrellisViterbi(code, lanes + ahead);
    this.lanes = lanes;
    this.targets = new float[lanes + ahead];
    this.codes = new byte[lanes + ahead];
    this.values = new byte[lanes + ahead];
    this.importance = new float[lanes + ahead];
    this.inverse = new float[lanes];
  }

  /** Begins with the first column. Lanes of scale 0 do not count. */
  void start(float[] scales) {
    Arrays.fill(ends, 0);
    inverse = new float[lanes];
    double mean = 0;
    for (float scale : scales) {
      mean += (double) scale * scale / lanes;
    }
    for (int r = 0; r < lanes; r++) {
      boolean counts = scales[r] > 0;
      inverse[r] = counts ? 1 / scales[r] : 0;
      importance[r] = counts ? (float) ((double) scales[r] * scales[r] / mean) : 0;
    }
  }

  /**
   * The lanes of the next column of the sequence that are looked at: its first codes depend on the
   * last ones of the column at hand.
   */
  int ahead(int column, int columns) {
    return column + TrellisMatrix.WORD_COLUMNS < columns ? ahead : 0;
  }

  /**
   * What the column's weights should be, then the lanes that are looked at; to be written before it
   * is coded.
   */
  float[] targets() {
    return targets;
  }

  /** The codes of the column; those that are kept are to be written before it is coded. */
  byte[] codes() {
    return codes;
  }

  /** The values of the column, before scales. */
  byte[] values() {
    return values;
  }

  /**
   * Codes a column to its targets, which it overwrites.
   *
   * @param column from 0, in the natural order
   * @param lookedAt lanes of the next column
   * @param ratio what its errors count against those of the column
   * @param kept codes at the end, of what is looked at, that are given
   */
  void encode(int column, int lookedAt, double ratio, int kept) {
    for (int i = 0; i < lanes + lookedAt; i++) {
      int lane = i < lanes ? i : i - lanes;
      float target = Math.clamp(targets[i] * inverse[lane], -LARGEST_TARGET, LARGEST_TARGET);
      // What overflows in one row must not reach the others.
      targets[i] = Float.isNaN(target) ? 0 : target;
    }
    for (int i = 0; i < lookedAt; i++) {
      importance[lanes + i] = (float) Math.min(LARGEST_WEIGHT, importance[i] * ratio);
    }
    int sequence = column % TrellisMatrix.WORD_COLUMNS;
    ends[sequence] =
        viterbi.encode(
            lanes + lookedAt, lookedAt, targets, importance, ends[sequence], codes, kept, values);
  }

  /** The codes at the end of a column on which states of the next column depend. */
  int reach() {
    return code.span() - 1;
  }
}
