// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.text.bpe;

import io.github.quant4j.text.vocabulary.IntList;
import io.github.quant4j.text.vocabulary.Vocabulary;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;

/** Turns the characters of a word into the symbols that merging starts from. Immutable. */
final class SymbolReader {
  private static final int PAGE = 256;

  private final Vocabulary vocabulary;
  private final BytePairOptions options;
  private final boolean plain;

  /** Symbols of single characters by code point, in pages; -1 where there is none. */
  private final int[][] pages = new int[(Character.MAX_CODE_POINT + 1) / PAGE][];

  /** Symbols of single bytes; -1 where there is none. */
  private final int[] bytes = new int[256];

  SymbolReader(Vocabulary vocabulary, BytePairOptions options) {
    this.vocabulary = vocabulary;
    this.options = options;
    this.plain = options.continuingPrefix().isEmpty() && options.endOfWordSuffix().isEmpty();
    int[] empty = new int[PAGE];
    Arrays.fill(empty, -1);
    Arrays.fill(pages, empty);
    vocabulary.forEach(
        (token, id) -> {
          if (!token.isEmpty() && token.codePointCount(0, token.length()) == 1) {
            int codePoint = token.codePointAt(0);
            if (Arrays.equals(pages[codePoint / PAGE], empty)) {
              pages[codePoint / PAGE] = empty.clone();
            }
            pages[codePoint / PAGE][codePoint % PAGE] = id;
          }
        });
    for (int b = 0; b < 256; b++) {
      bytes[b] = vocabulary.find(String.format(Locale.ROOT, "<0x%02X>", b));
    }
  }

  /**
   * Whether merging can start from a token.
   *
   * @param token its text
   * @param id its id
   */
  boolean isInitial(String token, int id) {
    String bare = token;
    if (bare.startsWith(options.continuingPrefix())) {
      bare = bare.substring(options.continuingPrefix().length());
    }
    if (bare.endsWith(options.endOfWordSuffix())) {
      bare = bare.substring(0, bare.length() - options.endOfWordSuffix().length());
    }
    return token.codePointCount(0, token.length()) <= 1
        || bare.codePointCount(0, bare.length()) <= 1
        || options.unknownToken().filter(token::equals).isPresent()
        || options.byteFallback()
            && token.startsWith("<0x")
            && Arrays.stream(bytes).anyMatch(symbol -> symbol == id);
  }

  /**
   * Appends the symbols of a word.
   *
   * @throws IllegalArgumentException if a character has no symbol, and neither has the unknown
   *     token
   */
  void read(String word, IntList out) {
    boolean pending = false;
    int length = word.length();
    for (int i = 0; i < length; ) {
      int codePoint = word.codePointAt(i);
      int next = i + Character.charCount(codePoint);
      int symbol =
          plain ? find(codePoint) : vocabulary.find(spell(codePoint, i == 0, next == length));
      if (symbol >= 0) {
        if (pending) {
          out.add(unknown(codePoint));
          pending = false;
        }
        out.add(symbol);
      } else if (!(options.byteFallback()
          && readBytes(spell(codePoint, i == 0, next == length), out))) {
        // Bytes do not end a run of unknown characters, which thus comes behind them.
        if (options.unknownToken().isPresent()) {
          if (pending && !options.fuseUnknown()) {
            out.add(unknown(codePoint));
          }
          pending = true;
          unknown(codePoint);
        }
      }
      i = next;
    }
    if (pending) {
      out.add(unknown(0));
    }
  }

  private int find(int codePoint) {
    return pages[codePoint / PAGE][codePoint % PAGE];
  }

  private String spell(int codePoint, boolean first, boolean last) {
    String character = Character.toString(codePoint);
    return (first ? "" : options.continuingPrefix())
        + character
        + (last ? options.endOfWordSuffix() : "");
  }

  private boolean readBytes(String spelled, IntList out) {
    byte[] utf8 = spelled.getBytes(StandardCharsets.UTF_8);
    for (byte b : utf8) {
      if (bytes[b & 0xFF] < 0) {
        return false;
      }
    }
    for (byte b : utf8) {
      out.add(bytes[b & 0xFF]);
    }
    return true;
  }

  private int unknown(int codePoint) {
    String token = options.unknownToken().orElseThrow();
    int id = vocabulary.find(token);
    if (id < 0) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "text: U+%04X has no token, and the unk_token '%s' of the model is not of its vocabulary",
              codePoint,
              token));
    }
    return id;
  }
}
