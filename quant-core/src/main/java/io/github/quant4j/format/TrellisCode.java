// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.format;

import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * How a trellis-coded weight follows from stored bits. Weights form sequences; each has a code of
 * {@code bits} bits, and its <em>state</em> is the window of the last {@code window} bits of the
 * sequence: {@code state = (previous << bits | code) mod 2^window}, 0 before the first weight. A
 * weight is an integer, the sum over some planes of a magnitude times a sign, each sign the parity
 * of some bits of the state:
 *
 * <pre>value(state) = sum_p magnitude_p (1 - 2 parity(state AND mask_p))</pre>
 *
 * <p>Trellis codes are those of QTIP (Tseng et al., arXiv 2406.11235), which looks values up in a
 * table of all states. With parities in place of the table, a product is a sum of products with
 * matrices of signs, and a sign costs a few exclusive ors of whole words of stored bits.
 *
 * @param bits of a code, 1 to 4
 * @param window bits of a state, more than those of a code, at most 16
 * @param planes 1 to 8, with different masks; their magnitudes add up to at most 127
 */
public record TrellisCode(int bits, int window, List<Plane> planes) {
  /** The most bits of a code. */
  public static final int MOST_BITS = 4;

  /** The most bits of a state. */
  public static final int MOST_WINDOW = 16;

  /** The most planes. */
  public static final int MOST_PLANES = 8;

  /**
   * One addend of a value.
   *
   * @param mask the bits of the state whose parity is the sign: odd is minus
   * @param magnitude positive
   */
  public record Plane(int mask, int magnitude) {}

  /**
   * Checks the numbers.
   *
   * @throws IllegalArgumentException if one is out of range, a mask is empty, reaches beyond the
   *     state or occurs twice, or a value does not fit 8 bits
   */
  public TrellisCode {
    planes = List.copyOf(planes);
    if (bits < 1 || bits > MOST_BITS) {
      throw new IllegalArgumentException("bits: " + bits + ", expected 1 to " + MOST_BITS);
    }
    if (window <= bits || window > MOST_WINDOW) {
      throw new IllegalArgumentException(
          "window: " + window + ", expected " + (bits + 1) + " to " + MOST_WINDOW + " bits");
    }
    if (planes.isEmpty() || planes.size() > MOST_PLANES) {
      throw new IllegalArgumentException(
          "planes: " + planes.size() + ", expected 1 to " + MOST_PLANES);
    }
    long sum = 0;
    Set<Integer> masks = new HashSet<>();
    for (Plane plane : planes) {
      if (plane.mask < 1 || plane.mask >= 1 << window || !masks.add(plane.mask)) {
        throw new IllegalArgumentException(
            "mask: " + plane.mask + ", expected different ones from 1 to " + ((1 << window) - 1));
      }
      if (plane.magnitude < 1) {
        throw new IllegalArgumentException(
            "magnitude: " + plane.magnitude + ", expected at least 1");
      }
      sum += plane.magnitude;
    }
    if (sum > Byte.MAX_VALUE) {
      throw new IllegalArgumentException(
          "magnitudes: they add up to " + sum + ", expected at most " + Byte.MAX_VALUE);
    }
  }

  /**
   * The number of states.
   *
   * @return {@code 2^window}
   */
  public int states() {
    return 1 << window;
  }

  /**
   * The codes that a state is made of: its own and those before it.
   *
   * @return {@code ceil(window / bits)}; the oldest may count in part
   */
  public int span() {
    return Math.ceilDiv(window, bits);
  }

  /**
   * The state after one more code.
   *
   * @param state the state before
   * @param code of which the lowest bits count
   * @return the state of the weight that the code belongs to
   */
  public int next(int state, int code) {
    return (state << bits | code & (1 << bits) - 1) & states() - 1;
  }

  /**
   * The value of a state.
   *
   * @param state from 0
   * @return an integer of magnitude at most {@link #largestMagnitude()}
   */
  public int value(int state) {
    int value = 0;
    for (Plane plane : planes) {
      int odd = Integer.bitCount(state & plane.mask) & 1;
      value += plane.magnitude * (1 - 2 * odd);
    }
    return value;
  }

  /**
   * The largest magnitude of a value.
   *
   * @return the sum of all magnitudes
   */
  public int largestMagnitude() {
    return planes.stream().mapToInt(Plane::magnitude).sum();
  }

  /** For example {@code trellis2(window=8,planes=3)}. */
  @Override
  public String toString() {
    return "trellis" + bits + "(window=" + window + ",planes=" + planes.size() + ")";
  }
}
