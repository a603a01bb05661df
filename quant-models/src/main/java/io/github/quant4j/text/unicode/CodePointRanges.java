// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.text.unicode;

/** A fixed set of code points as sorted ranges. Looking one up costs O(log ranges). */
final class CodePointRanges {
  private final int[] bounds;

  /**
   * Makes a set.
   *
   * @param bounds first and last code point of each range, ascending
   */
  CodePointRanges(int... bounds) {
    this.bounds = bounds;
  }

  /**
   * Looks a code point up.
   *
   * @param codePoint any
   * @return whether it is in the set
   */
  boolean contains(int codePoint) {
    int low = 0;
    int high = bounds.length / 2 - 1;
    while (low <= high) {
      int middle = (low + high) >>> 1;
      if (codePoint < bounds[2 * middle]) {
        high = middle - 1;
      } else if (codePoint > bounds[2 * middle + 1]) {
        low = middle + 1;
      } else {
        return true;
      }
    }
    return false;
  }

  /**
   * The smallest member, for a quick look before a search.
   *
   * @return its code point
   */
  int first() {
    return bounds[0];
  }
}
