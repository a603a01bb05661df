// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.generate;

import io.github.quant4j.text.StreamingDecoder;
import io.github.quant4j.text.Tokenizer;

/** Continues texts. */
public final class TextGenerator {
  private TextGenerator() {}

  /**
   * Continues a text until the model ends it, the limit is reached, the text is as long as the
   * model has positions, or the listener has enough.
   *
   * <p>The prompt gets the special tokens that the tokenizer puts around a text. An empty prompt
   * begins with the model's begin token.
   *
   * @param model the model
   * @param tokenizer the model's tokenizer
   * @param prompt the text so far
   * @param sampling how tokens are drawn
   * @param listener hears of the text while it is written
   * @return the new text
   * @throws IllegalArgumentException if the prompt is empty and the model has no begin token, the
   *     prompt is longer than the model has positions, or the tokenizer is not the model's
   * @throws ArithmeticException if the model's prediction is not finite
   */
  public static GeneratedText generate(
      AutoregressiveModel model,
      Tokenizer tokenizer,
      String prompt,
      Sampling sampling,
      TextListener listener) {
    int[] tokens = promptTokens(model, tokenizer, prompt);
    Continuation continuation = new Continuation(tokenizer, tokens, listener);
    GeneratedTokens generated = TokenGenerator.generate(model, tokens, sampling, continuation);
    return new GeneratedText(prompt, continuation.finish(), generated);
  }

  private static int[] promptTokens(AutoregressiveModel model, Tokenizer tokenizer, String prompt) {
    int[] tokens = tokenizer.encode(prompt, true);
    if (tokens.length > 0) {
      return tokens;
    }
    int begin =
        model
            .beginToken()
            .orElseThrow(
                () ->
                    new IllegalArgumentException(
                        "prompt: empty, expected text, as the model has no token that begins one"));
    return new int[] {begin};
  }

  /** The text after the prompt. */
  private static final class Continuation implements TokenListener {
    private final StreamingDecoder decoder;
    private final TextListener listener;
    private final StringBuilder text = new StringBuilder();

    /** Characters of the prompt that the decoder has not given yet. */
    private int held;

    /**
     * Lets the decoder see the prompt: how a token reads depends on those before it, for example
     * whether a space stands before a word.
     */
    Continuation(Tokenizer tokenizer, int[] prompt, TextListener listener) {
      this.decoder = tokenizer.streamingDecoder(true);
      this.listener = listener;
      int given = 0;
      for (int token : prompt) {
        given += decoder.add(token).length();
      }
      this.held = Math.max(0, tokenizer.decode(prompt, true).length() - given);
    }

    @Override
    public boolean written(int token) {
      return append(decoder.add(token));
    }

    private boolean append(String chunk) {
      int skipped = Math.min(held, chunk.length());
      held -= skipped;
      String rest = chunk.substring(skipped);
      text.append(rest);
      return rest.isEmpty() || listener.written(rest);
    }

    /** The whole text, with what the decoder held back to the end. */
    String finish() {
      append(decoder.finish());
      return text.toString();
    }
  }
}
