// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.text.decoder;

/** Joins pieces that carry a prefix to what stands before them, and puts spaces between others. */
final class WordPieceSink extends WholeTokens {
  private static final String[][] CLEANUP = {
    {" .", "."},
    {" ?", "?"},
    {" !", "!"},
    {" ,", ","},
    {" ' ", "'"},
    {" n't", "n't"},
    {" 'm", "'m"},
    {" do not", " don't"},
    {" 's", "'s"},
    {" 've", "'ve"},
    {" 're", "'re"},
  };

  private final TokenSink next;
  private final String prefix;
  private final boolean cleanup;
  private boolean first = true;

  WordPieceSink(TokenSink next, String prefix, boolean cleanup) {
    this.next = next;
    this.prefix = prefix;
    this.cleanup = cleanup;
  }

  @Override
  void accept(String text) {
    String result = text;
    if (!first) {
      result = text.startsWith(prefix) ? text.substring(prefix.length()) : " " + text;
    }
    first = false;
    if (cleanup) {
      for (String[] rule : CLEANUP) {
        result = result.replace(rule[0], rule[1]);
      }
    }
    next.text(result);
    next.endToken();
  }

  @Override
  public void endText() {
    next.endText();
  }
}
