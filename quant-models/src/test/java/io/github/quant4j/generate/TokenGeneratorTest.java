// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.generate;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.quant4j.testing.models.ChainModel;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class TokenGeneratorTest {

  @Test
  void aTextEndsWhereTheModelEndsIt() {
    List<Integer> heard = new ArrayList<>();
    GeneratedTokens written =
        TokenGenerator.generate(
            ChainModel.cycle(10, 7), new int[] {9, 2}, Sampling.greedy(100), heard::add);
    assertArrayEquals(new int[] {3, 4, 5, 6}, written.tokens());
    assertEquals(GeneratedTokens.Stop.END_TOKEN, written.stop());
    assertEquals(List.of(3, 4, 5, 6), heard);
    assertEquals(2, written.promptTokens());
  }

  @Test
  void theLimitAndTheListenerEndATextToo() {
    ChainModel model = ChainModel.cycle(10, 7);
    GeneratedTokens limited =
        TokenGenerator.generate(model, new int[] {2}, Sampling.greedy(3), TokenListener.none());
    assertArrayEquals(new int[] {3, 4, 5}, limited.tokens());
    assertEquals(GeneratedTokens.Stop.LENGTH, limited.stop());
    GeneratedTokens stopped =
        TokenGenerator.generate(model, new int[] {2}, Sampling.greedy(99), token -> token != 4);
    assertArrayEquals(new int[] {3, 4}, stopped.tokens());
    assertEquals(GeneratedTokens.Stop.LISTENER, stopped.stop());
    GeneratedTokens none =
        TokenGenerator.generate(model, new int[] {2}, Sampling.greedy(0), TokenListener.none());
    assertEquals(0, none.tokens().length);
  }

  @Test
  void aTextEndsWhereThePositionsDo() {
    ChainModel model = ChainModel.cycle(20, 19).withPositions(5);
    GeneratedTokens written =
        TokenGenerator.generate(model, new int[] {1, 2}, Sampling.greedy(9), TokenListener.none());
    assertArrayEquals(new int[] {3, 4, 5}, written.tokens());
    assertEquals(GeneratedTokens.Stop.POSITIONS, written.stop());
    GeneratedTokens asked =
        TokenGenerator.generate(model, new int[] {1, 2}, Sampling.greedy(3), TokenListener.none());
    assertEquals(GeneratedTokens.Stop.LENGTH, asked.stop());
    GeneratedTokens full =
        TokenGenerator.generate(model, new int[5], Sampling.greedy(3), TokenListener.none());
    assertEquals(0, full.tokens().length);
    assertEquals(GeneratedTokens.Stop.POSITIONS, full.stop());
    String message =
        assertThrows(
                IllegalArgumentException.class,
                () ->
                    TokenGenerator.generate(
                        model, new int[6], Sampling.greedy(3), TokenListener.none()))
            .getMessage();
    assertEquals(
        "prompt: 6 tokens, expected at most 5, as many as the model has positions", message);
  }

  @Test
  void aPromptMustHaveTokens() {
    assertThrows(
        IllegalArgumentException.class,
        () ->
            TokenGenerator.generate(
                ChainModel.cycle(4, 3), new int[0], Sampling.greedy(1), TokenListener.none()));
  }
}
