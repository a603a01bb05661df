// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.generate;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.testing.models.ChainModel;
import io.github.quant4j.testing.models.TestTokenizers;
import io.github.quant4j.text.StreamingDecoder;
import io.github.quant4j.text.Tokenizer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

class TextGeneratorTest {
  private static final Tokenizer TOKENIZER = TestTokenizers.parseSentencePiece();

  /** After 'c' (6) comes a space (3), after which the alphabet starts again. */
  private static ChainModel words() {
    float[][] logits = new float[64][64];
    for (int i = 0; i < 64; i++) {
      logits[i][i == 6 ? 3 : (i + 1) % 64] = 100;
    }
    return new ChainModel(logits, OptionalInt.of(1), List.of(2));
  }

  private static GeneratedText generate(String prompt, int tokens, TextListener listener) {
    return TextGenerator.generate(words(), TOKENIZER, prompt, Sampling.greedy(tokens), listener);
  }

  @Test
  void spacesBetweenPromptAndTextAreKept() {
    List<String> chunks = new ArrayList<>();
    GeneratedText generated = generate("abc", 8, chunks::add);
    assertEquals(" abc abc", generated.text());
    assertEquals(" abc abc", generated.toString());
    assertEquals("abc", generated.prompt());
    assertEquals(" abc abc", String.join("", chunks));
    assertTrue(chunks.size() > 1, "the text arrives in pieces");
    assertArrayEquals(new int[] {3, 4, 5, 6, 3, 4, 5, 6}, generated.tokens().tokens());
    // The begin token, the space in front of the text and three letters.
    assertEquals(5, generated.tokens().promptTokens());
    assertEquals(generated.tokens().tokensPerSecond(), generated.tokensPerSecond());
  }

  @Test
  void anEmptyPromptBeginsAText() {
    // The begin token is followed by the end token in a chain that counts up.
    GeneratedText generated = generate("", 8, TextListener.none());
    assertEquals("", generated.text());
    assertEquals(GeneratedTokens.Stop.END_TOKEN, generated.tokens().stop());
  }

  @Test
  void anEmptyPromptWithoutBeginTokenIsRefused() {
    Tokenizer noBegin = new Fixed(new int[0]);
    ChainModel model = ChainModel.random(8, OptionalInt.empty(), List.of());
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class,
            () ->
                TextGenerator.generate(
                    model, noBegin, "", Sampling.greedy(1), TextListener.none()));
    assertTrue(e.getMessage().startsWith("prompt: empty, expected text"), e.getMessage());
  }

  @Test
  void theListenerStopsTheText() {
    StringBuilder seen = new StringBuilder();
    GeneratedText generated =
        generate(
            "abc",
            50,
            text -> {
              seen.append(text);
              return seen.length() < 5;
            });
    assertEquals(5, seen.length());
    assertEquals(seen.toString(), generated.text());
    assertEquals(GeneratedTokens.Stop.LISTENER, generated.tokens().stop());
  }

  @Test
  void charactersOfThePromptThatTheDecoderHoldsBackAreNotRepeated() {
    // A decoder that is one token late, as those are that look ahead.
    Tokenizer late = new Fixed(new int[] {1, 2, 3});
    GeneratedText generated =
        TextGenerator.generate(
            ChainModel.cycle(8, 7), late, "123", Sampling.greedy(3), TextListener.none());
    assertEquals("456", generated.text());
  }

  /** Encodes everything as the same tokens, spells tokens as digits, decodes one token late. */
  private record Fixed(int[] tokens) implements Tokenizer {
    @Override
    public int[] encode(String text, boolean addSpecialTokens) {
      return tokens;
    }

    @Override
    public String decode(int[] ids, boolean skipSpecialTokens) {
      StringBuilder text = new StringBuilder();
      for (int id : ids) {
        text.append(id);
      }
      return text.toString();
    }

    @Override
    public StreamingDecoder streamingDecoder(boolean skipSpecialTokens) {
      return new StreamingDecoder() {
        private String held = "";

        @Override
        public String add(int id) {
          String ready = held;
          held = String.valueOf(id);
          return ready;
        }

        @Override
        public String finish() {
          return held;
        }
      };
    }

    @Override
    public int vocabularySize() {
      return 8;
    }

    @Override
    public OptionalInt idOf(String token) {
      return OptionalInt.empty();
    }

    @Override
    public Optional<String> tokenOf(int id) {
      return Optional.empty();
    }

    @Override
    public boolean isSpecial(int id) {
      return false;
    }
  }
}
