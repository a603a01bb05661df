// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.evaluate;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.generate.GeneratedText;
import io.github.quant4j.generate.Sampling;
import io.github.quant4j.generate.TokenGenerator;
import io.github.quant4j.generate.TokenListener;
import io.github.quant4j.model.LanguageModel;
import io.github.quant4j.model.config.ModelOptions;
import io.github.quant4j.testing.models.TestModels;
import io.github.quant4j.testing.models.TestTokenizers;
import io.github.quant4j.text.InvalidTokenizerException;
import io.github.quant4j.text.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Models that read and write text. */
class LanguageModelTextTest {
  private static final String NAME = "llama-untied";
  private static final ModelOptions SCALAR =
      ModelOptions.defaults().withKernels("scalar").withThreads(1);

  @TempDir Path directory;

  private void copyModel() throws IOException {
    for (String file : new String[] {"config.json", "model.safetensors"}) {
      Files.copy(TestModels.directory(NAME).resolve(file), directory.resolve(file));
    }
  }

  private LanguageModel open() throws IOException {
    copyModel();
    Files.writeString(directory.resolve("tokenizer.json"), TestTokenizers.sentencePiece());
    return LanguageModel.open(directory, SCALAR);
  }

  @Test
  void textIsWrittenAsItsTokensAre() throws IOException {
    Tokenizer tokenizer = TestTokenizers.parseSentencePiece();
    Sampling sampling = Sampling.random(12, 3);
    try (LanguageModel model = open()) {
      int[] prompt = tokenizer.encode("some words", true);
      int[] expected =
          TokenGenerator.generate(model, prompt, sampling, TokenListener.none()).tokens();
      GeneratedText generated = model.generate("some words", sampling);
      assertArrayEquals(expected, generated.tokens().tokens());
      StringBuilder seen = new StringBuilder();
      GeneratedText streamed =
          model.generate(
              "some words",
              sampling,
              text -> {
                seen.append(text);
                return true;
              });
      assertEquals(generated.text(), streamed.text());
      assertEquals(generated.text(), seen.toString());
      assertTrue(generated.promptTokensPerSecond() > 0);
      assertSame(model.tokenizer(), model.tokenizer());
    }
  }

  @Test
  void textIsEvaluatedWithoutSpecialTokens() throws IOException {
    String text = "the quick brown fox jumps over the lazy dog".repeat(3);
    Path file = directory.resolve("text.txt");
    Files.writeString(file, text);
    try (LanguageModel model = open()) {
      Evaluation evaluation =
          Evaluation.of(model).options(EvaluationOptions.defaults().withContext(16));
      double expected =
          evaluation.run(model.tokenizer().encode(text, false)).negativeLogLikelihood();
      assertEquals(expected, evaluation.run(text).negativeLogLikelihood());
      assertEquals(expected, evaluation.run(file).negativeLogLikelihood());
    }
  }

  @Test
  void aMissingTokenizerIsNamedWhenItIsNeeded() throws IOException {
    copyModel();
    try (LanguageModel model = LanguageModel.open(directory, SCALAR)) {
      assertEquals(2 * 64, model.logits(new int[] {1, 2}).data().length);
      InvalidTokenizerException e =
          assertThrows(
              InvalidTokenizerException.class, () -> model.generate("a", Sampling.greedy(1)));
      assertEquals(
          directory.resolve("tokenizer.json")
              + ": no such file, expected the model's tokenizer, which text needs",
          e.getMessage());
    }
  }

  @Test
  void aModelThatWasPutTogetherHasNoTokenizer() {
    try (LanguageModel model = TestModels.open(NAME)) {
      assertThrows(IllegalStateException.class, model::tokenizer);
    }
  }
}
