// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.allocate;

import io.github.quant4j.sensitivity.SiteSensitivity;
import java.util.Arrays;
import java.util.Optional;

/** Which layers must have the same recipe. */
public enum Ties {
  /**
   * Each layer for itself, unless a candidate transforms the input: a transform is folded only if
   * all layers that read the input have it.
   */
  NONE("none"),
  /** Layers that read the same input, such as q, k and v, or gate and up: one kernel group. */
  GROUPS("groups"),
  /** All layers of a block. */
  BLOCKS("blocks"),
  /** Layers of one kind in all blocks. */
  KINDS("kinds");

  private final String label;

  Ties(String label) {
    this.label = label;
  }

  /**
   * The word for it.
   *
   * @return for example {@code groups}
   */
  public String label() {
    return label;
  }

  /**
   * The ties of a word.
   *
   * @param word for example {@code groups}
   * @return empty if there are none
   */
  public static Optional<Ties> find(String word) {
    return Arrays.stream(values()).filter(one -> one.label.equals(word)).findFirst();
  }

  /** Layers with one key are tied. */
  String key(SiteSensitivity site) {
    String name = site.name();
    return switch (this) {
      case NONE -> name;
      case GROUPS -> site.group();
      case BLOCKS -> name.replaceFirst("(\\.\\d+\\.).*", "$1");
      case KINDS -> name.replaceFirst("^.*\\.\\d+\\.", "");
    };
  }
}
