// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.gguf;

import java.nio.charset.StandardCharsets;
import java.util.AbstractList;
import java.util.Objects;
import java.util.RandomAccess;

/**
 * Many strings in one array, made when they are asked for: a vocabulary takes less memory so than
 * its part of the file, and no time to open.
 */
final class PackedStrings extends AbstractList<String> implements RandomAccess {
  private final byte[] bytes;
  private final int[] ends;

  /**
   * Takes the strings.
   *
   * @param bytes well-formed UTF-8, one string after the other
   * @param ends where each ends
   */
  PackedStrings(byte[] bytes, int[] ends) {
    this.bytes = bytes;
    this.ends = ends;
  }

  @Override
  public String get(int index) {
    Objects.checkIndex(index, ends.length);
    int start = index == 0 ? 0 : ends[index - 1];
    return new String(bytes, start, ends[index] - start, StandardCharsets.UTF_8);
  }

  @Override
  public int size() {
    return ends.length;
  }
}
