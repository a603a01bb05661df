// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.rounding;

import io.github.quant4j.format.TrellisCode;
import java.util.Arrays;

/**
 * The codes of a stretch of a sequence that come closest to given numbers, by Viterbi's algorithm:
 * of all stretches that begin in a given state, one of the least {@code sum_t weight_t (target_t -
 * value_t)^2}, in binary32.
 *
 * <p>A state's predecessors differ in their oldest bits alone, so that all states of the same newer
 * bits, a <em>group</em>, have the same best predecessor. Its cost is kept for each group and step,
 * and the predecessor found again on the way back. Cost: about {@code 6 states} operations for each
 * element, and {@code states / 2^bits} floats of memory. Loops are over plain arrays from 0 on,
 * which is what HotSpot turns into vector instructions. Not thread-safe.
 */
public final class TrellisViterbi {
  /** More than any stretch costs, and yet a sum of some does not overflow. */
  private static final float FAR = 1e30f;

  private final int bits;
  private final int branches;
  private final int groups;
  private final int states;

  /** By the oldest bits of the state, then by the others. */
  private final float[][] values;

  private final float[][] costs;
  private final byte[] integers;

  /** Least costs before each step, by the newer bits of the state. */
  private final float[][] least;

  private final float[] spread;

  /**
   * Memory for stretches of some length.
   *
   * @param code the code
   * @param length the most elements, at least 1
   */
  public TrellisViterbi(TrellisCode code, int length) {
    this.bits = code.bits();
    this.branches = 1 << bits;
    this.states = code.states();
    this.groups = states / branches;
    this.values = new float[branches][groups];
    this.costs = new float[branches][groups];
    this.integers = new byte[states];
    this.least = new float[length][groups];
    this.spread = new float[groups];
    for (int state = 0; state < states; state++) {
      integers[state] = (byte) code.value(state);
      values[state / groups][state % groups] = integers[state];
    }
  }

  /**
   * Begins a stretch.
   *
   * @param state before its first element
   */
  public void start(int state) {
    Arrays.fill(least[0], FAR);
    least[0][state % groups] = 0;
  }

  /**
   * Goes on over some elements, which follow those that were gone over since the start.
   *
   * @param from the first of them
   * @param to the one after the last of them
   * @param targets what the values of all elements should be, finite and of a magnitude of at most
   *     2^40
   * @param weights of the squared errors, from 0 to 2^10
   */
  public void extend(int from, int to, float[] targets, float[] weights) {
    for (int t = from; t < to; t++) {
      float[] before = least[t];
      if (t > 0) {
        minimum(groups, costs[0], costs[1], before);
        for (int p = 2; p < branches; p++) {
          minimum(groups, before, costs[p], before);
        }
      }
      for (int p = 0; p < branches; p++) {
        spread(p, before);
        extend(groups, spread, values[p], targets[t], weights[t], costs[p]);
      }
    }
  }

  /**
   * Finds the codes of all elements that were gone over; more may follow.
   *
   * @param length how many there are, at least 1
   * @param ahead how many of them, at the end, are only looked at: their codes are found so that
   *     those before them are good ones, and may be found again
   * @param targets as they were
   * @param weights as they were
   * @param codes receives the codes, one in a byte
   * @param chosen receives the values
   * @return the state of the last element that is not only looked at
   */
  public int decide(
      int length, int ahead, float[] targets, float[] weights, byte[] codes, byte[] chosen) {
    int state = 0;
    float best = Float.POSITIVE_INFINITY;
    for (int p = 0; p < branches; p++) {
      for (int g = 0; g < groups; g++) {
        if (costs[p][g] < best) {
          best = costs[p][g];
          state = p * groups + g;
        }
      }
    }
    return walkBack(length, ahead, targets, weights, codes, chosen, state);
  }

  /**
   * Finds the codes of a whole stretch.
   *
   * @param length elements
   * @param targets what the values should be, finite and of a magnitude of at most 2^40
   * @param weights of the squared errors, from 0 to 2^10
   * @param start the state before the first element
   * @param codes receives the codes, one in a byte
   * @param chosen receives the values
   * @return the state of the last element
   */
  public int encode(
      int length, float[] targets, float[] weights, int start, byte[] codes, byte[] chosen) {
    start(start);
    extend(0, length, targets, weights);
    return decide(length, 0, targets, weights, codes, chosen);
  }

  private static void minimum(int count, float[] a, float[] b, float[] result) {
    for (int i = 0; i < count; i++) {
      result[i] = Math.min(a[i], b[i]);
    }
  }

  /** What it costs to get to the states of some oldest bits: their newest bits do not matter. */
  private void spread(int oldest, float[] before) {
    int first = oldest * groups >> bits;
    int count = groups >> bits;
    if (count == 0 || bits == 1) {
      for (int i = 0; i < groups; i++) {
        spread[i] = before[(oldest * groups + i) >> bits];
      }
      return;
    }
    switch (bits) {
      case 2 -> spread4(count, before, first, spread);
      case 3 -> spread8(count, before, first, spread);
      default -> spread16(count, before, first, spread);
    }
  }

  // HotSpot joins stores that are written out; a loop of as many takes six times as long.

  private static void spread4(int count, float[] from, int first, float[] to) {
    for (int j = 0; j < count; j++) {
      put4(to, 4 * j, from[first + j]);
    }
  }

  private static void spread8(int count, float[] from, int first, float[] to) {
    for (int j = 0; j < count; j++) {
      float x = from[first + j];
      put4(to, 8 * j, x);
      put4(to, 8 * j + 4, x);
    }
  }

  private static void spread16(int count, float[] from, int first, float[] to) {
    for (int j = 0; j < count; j++) {
      float x = from[first + j];
      put4(to, 16 * j, x);
      put4(to, 16 * j + 4, x);
      put4(to, 16 * j + 8, x);
      put4(to, 16 * j + 12, x);
    }
  }

  private static void put4(float[] to, int at, float x) {
    to[at] = x;
    to[at + 1] = x;
    to[at + 2] = x;
    to[at + 3] = x;
  }

  private static void extend(
      int count, float[] before, float[] values, float target, float weight, float[] result) {
    for (int i = 0; i < count; i++) {
      float off = target - values[i];
      result[i] = before[i] + weight * (off * off);
    }
  }

  private int walkBack(
      int length,
      int ahead,
      float[] targets,
      float[] weights,
      byte[] codes,
      byte[] chosen,
      int last) {
    int state = last;
    int end = last;
    for (int t = length - 1; ; t--) {
      if (t == length - ahead - 1) {
        end = state;
      }
      codes[t] = (byte) (state & branches - 1);
      chosen[t] = integers[state];
      if (t == 0) {
        return end;
      }
      int newer = state >> bits;
      int before = -1;
      float best = Float.POSITIVE_INFINITY;
      for (int p = 0; p < branches; p++) {
        int candidate = newer + p * groups;
        float off = targets[t - 1] - integers[candidate];
        float cost = least[t - 1][candidate >> bits] + weights[t - 1] * (off * off);
        if (cost < best) {
          best = cost;
          before = candidate;
        }
      }
      state = before;
    }
  }
}
