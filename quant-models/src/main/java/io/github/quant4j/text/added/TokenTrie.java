// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.text.added;

import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Finds the longest of many texts at a place. Immutable once it is filled. */
final class TokenTrie {
  private static final int NONE = -1;

  private static final class Node {
    private final Map<Character, Node> children = new HashMap<>();
    private int id = NONE;
  }

  private final Node root = new Node();
  private final BitSet firsts = new BitSet();

  /** Adds a text, which must not be empty. Of equal texts the first counts. */
  void add(String text, int id) {
    Node node = root;
    for (int i = 0; i < text.length(); i++) {
      node = node.children.computeIfAbsent(text.charAt(i), _ -> new Node());
    }
    if (node.id == NONE) {
      node.id = id;
    }
    firsts.set(text.charAt(0));
  }

  /** A place where one of the texts stands. */
  record Match(int start, int end, int id) {}

  /** The leftmost longest match from a place on, or null if there is none. */
  @Nullable Match find(String text, int from) {
    if (firsts.isEmpty()) {
      return null;
    }
    for (int start = from; start < text.length(); start++) {
      if (firsts.get(text.charAt(start))) {
        Match match = longest(text, start);
        if (match != null) {
          return match;
        }
      }
    }
    return null;
  }

  private @Nullable Match longest(String text, int start) {
    Node node = root;
    int id = NONE;
    int end = start;
    for (int i = start; i < text.length(); i++) {
      node = node.children.get(text.charAt(i));
      if (node == null) {
        break;
      }
      if (node.id != NONE) {
        id = node.id;
        end = i + 1;
      }
    }
    return id == NONE ? null : new Match(start, end, id);
  }
}
