// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.text;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

/** Compares a tokenizer with the oracle on a text, forth, back and back again as a stream. */
final class OracleComparison {
  private OracleComparison() {}

  static void compare(
      Tokenizer tokenizer, HuggingFaceOracle oracle, String text, boolean special, String message) {
    String where = message + ", '" + text + "'";
    int[] expected = oracle.encode(text, special);
    assertArrayEquals(expected, tokenizer.encode(text, special), where);
    if (expected.length > 0) {
      String decoded = oracle.decode(expected, special);
      assertEquals(decoded, tokenizer.decode(expected, special), where);
      if (!decoded.contains("\uFFFD")) {
        assertEquals(decoded, stream(tokenizer, expected, special), where);
      }
    }
  }

  static String stream(Tokenizer tokenizer, int[] ids, boolean skipSpecial) {
    StreamingDecoder decoder = tokenizer.streamingDecoder(skipSpecial);
    StringBuilder out = new StringBuilder();
    for (int id : ids) {
      out.append(decoder.add(id));
    }
    return out.append(decoder.finish()).toString();
  }
}
