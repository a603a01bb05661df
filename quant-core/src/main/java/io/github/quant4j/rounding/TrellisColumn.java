// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.rounding;

import io.github.quant4j.format.TrellisCode;

/**
 * Codes the columns of a panel in the order of {@link TrellisProblem}, each from where the one
 * before it in its sequence ended.
 *
 * <p>What a column ends in is where the next one starts. Left to itself, it would end in whatever
 * state suits it, and the next would pay. So the Viterbi algorithm looks on into the first lanes of
 * the next column, which is the one that is coded next: all that its targets depend on but the
 * column at hand is known by then, and the first lanes of that are as good as decided once its last
 * lane is reached.
 */
final class TrellisColumn {
  /** Targets beyond this are as good as at it, and their squares remain finite. */
  private static final float LARGEST_TARGET = 0x1p20f;

  /** How far ends are put off, in states; with less, paths have not joined yet. */
  private static final int AHEAD = 8;

  /** The most that a lane counts against the others. */
  private static final float LARGEST_WEIGHT = 0x1p10f;

  private final TrellisViterbi viterbi;
  private final int lanes;
  private final int ahead;
  private final float[] targets;
  private final byte[] codes;
  private final byte[] values;
  private final float[] importance;
  private final float[] inverse;
  private int end;

  TrellisColumn(TrellisCode code, int lanes) {
    this.ahead = Math.min(lanes, AHEAD * code.span());
    this.viterbi = new TrellisViterbi(code, lanes + ahead);
    this.lanes = lanes;
    this.targets = new float[lanes + ahead];
    this.codes = new byte[lanes + ahead];
    this.values = new byte[lanes + ahead];
    this.importance = new float[lanes + ahead];
    this.inverse = new float[lanes];
  }

  /** What the first lanes of the next column should be. */
  interface Ahead {
    /**
     * Sets targets.
     *
     * @param values of the column at hand, as far as can be said
     * @param lanes of which targets are wanted
     * @param targets of the column at hand, then of the next one, which are to be set
     */
    void set(byte[] values, int lanes, float[] targets);
  }

  /** Begins with the first column. Lanes of scale 0 do not count. */
  void start(float[] scales) {
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

  /** The lanes of the next column that are looked at. */
  int ahead() {
    return ahead;
  }

  /** What the column's weights should be; to be written before it is coded. */
  float[] targets() {
    return targets;
  }

  /** The codes of the column. */
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
   * @param isFirst whether its sequence begins with it
   * @param isLast whether its sequence ends with it
   * @param ratio what errors of the next column count against those of this one
   * @param next what the next column should be
   */
  void encode(boolean isFirst, boolean isLast, double ratio, Ahead next) {
    scale(0, lanes);
    viterbi.start(isFirst ? 0 : end);
    viterbi.extend(0, lanes, targets, importance);
    end = viterbi.decide(lanes, 0, targets, importance, codes, values);
    if (isLast) {
      return;
    }
    next.set(values, ahead, targets);
    scale(lanes, ahead);
    for (int i = 0; i < ahead; i++) {
      importance[lanes + i] = (float) Math.min(LARGEST_WEIGHT, importance[i] * ratio);
    }
    viterbi.extend(lanes, lanes + ahead, targets, importance);
    end = viterbi.decide(lanes + ahead, ahead, targets, importance, codes, values);
  }

  private void scale(int from, int count) {
    for (int i = 0; i < count; i++) {
      float target = Math.clamp(targets[from + i] * inverse[i], -LARGEST_TARGET, LARGEST_TARGET);
      // What overflows in one row must not reach the others.
      targets[from + i] = Float.isNaN(target) ? 0 : target;
    }
  }
}
