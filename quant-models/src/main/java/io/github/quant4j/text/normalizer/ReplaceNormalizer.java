// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.text.normalizer;

import io.github.quant4j.text.regex.TextPattern;

/**
 * Replaces each match of a pattern. The content is taken as it is, without references to groups.
 *
 * @param pattern what to replace
 * @param content what to put there
 */
public record ReplaceNormalizer(TextPattern pattern, String content) implements Normalizer {

  @Override
  public NormalizedText normalize(NormalizedText text) {
    String from = text.text();
    Builder builder = new Builder(from, content, text.head());
    pattern.spans(from, builder::span);
    return new NormalizedText(builder.out.toString(), builder.head);
  }

  private static final class Builder {
    private final String from;
    private final String content;
    private final int oldHead;
    private final StringBuilder out;
    private int head;

    private Builder(String from, String content, int oldHead) {
      this.from = from;
      this.content = content;
      this.oldHead = oldHead;
      this.out = new StringBuilder(from.length() + 16);
    }

    private void span(int start, int end, boolean match) {
      if (match) {
        out.append(content);
        // New characters share the place of the last one that they replace.
        if (oldHead > 0 && end <= oldHead) {
          head = out.length();
        }
      } else {
        out.append(from, start, end);
        if (start < oldHead) {
          head = out.length() - Math.max(0, end - oldHead);
        }
      }
    }
  }
}
