// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.evaluate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.model.LanguageModel;
import io.github.quant4j.model.config.ModelOptions;
import io.github.quant4j.testing.SeededRandom;
import io.github.quant4j.testing.models.TestModels;
import io.github.quant4j.testing.models.TestTokenizers;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MultipleChoiceEvaluationTest {
  private static final ModelOptions SCALAR =
      ModelOptions.defaults().withKernels("scalar").withThreads(1);
  private static final int SPACE = 3;

  @TempDir Path directory;

  private LanguageModel open(String name) throws IOException {
    Path target = Files.createDirectory(directory.resolve(name));
    for (String file : new String[] {"config.json", "model.safetensors"}) {
      Files.copy(TestModels.directory(name).resolve(file), target.resolve(file));
    }
    Files.writeString(target.resolve("tokenizer.json"), TestTokenizers.sentencePiece());
    return LanguageModel.open(target, SCALAR);
  }

  /** A token for each letter, spaces included, and one in front, as the tokenizer's file says. */
  private static List<Integer> tokens(String text) {
    List<Integer> tokens = new ArrayList<>(List.of(SPACE));
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      tokens.add(c == ' ' ? SPACE : c - 'a' + 4);
    }
    return tokens;
  }

  /** The sum over the last tokens of the logarithms of a softmax written out in doubles. */
  private static double logLikelihood(LanguageModel model, List<Integer> tokens, int scored) {
    int[] all = tokens.stream().mapToInt(Integer::intValue).toArray();
    float[] logits = model.logits(all).data();
    int vocabulary = model.vocabularySize();
    double sum = 0;
    for (int i = all.length - scored; i < all.length; i++) {
      double total = 0;
      for (int v = 0; v < vocabulary; v++) {
        total += Math.exp(logits[(i - 1) * vocabulary + v]);
      }
      sum += Math.log(Math.exp(logits[(i - 1) * vocabulary + all[i]]) / total);
    }
    return sum;
  }

  private static String word(SeededRandom random, int most) {
    StringBuilder word = new StringBuilder();
    int length = random.nextInt(1, most + 1);
    for (int i = 0; i < length; i++) {
      word.append((char) ('a' + random.nextInt(0, 26)));
    }
    return word.toString();
  }

  @ParameterizedTest
  @CsvSource({"1, llama-untied", "2, qwen3-head-norms"})
  void logLikelihoodsAreThoseOfAFullSoftmax(long seed, String name) throws IOException {
    SeededRandom random = new SeededRandom(seed);
    List<MultipleChoiceQuestion> questions = new ArrayList<>();
    for (int q = 0; q < 6; q++) {
      List<String> choices = new ArrayList<>();
      for (int c = 0; c < 2 + q % 3; c++) {
        choices.add(word(random, 6));
      }
      // Spaces at the end belong to what follows.
      String context = word(random, 5) + " " + word(random, 5) + (q == 3 ? " " : "");
      questions.add(
          new MultipleChoiceQuestion(
              context, choices, random.nextInt(0, choices.size()), q == 3 ? "" : " "));
    }
    try (LanguageModel model = open(name)) {
      MultipleChoiceResult result = MultipleChoiceEvaluation.of(model).run(questions);
      MultipleChoiceResult single =
          MultipleChoiceEvaluation.of(model).tokensAtOnce(1).run(questions);
      int right = 0;
      int rightByLength = 0;
      for (int q = 0; q < questions.size(); q++) {
        MultipleChoiceQuestion question = questions.get(q);
        MultipleChoiceResult.Answer answer = result.answers().get(q);
        int best = 0;
        int bestByLength = 0;
        double[] expected = new double[question.choices().size()];
        for (int c = 0; c < expected.length; c++) {
          String choice = question.choices().get(c);
          expected[c] =
              logLikelihood(
                  model, tokens(question.context().strip() + " " + choice), choice.length() + 1);
          assertEquals(expected[c], answer.logLikelihoods().get(c), 1e-4, random.toString());
          assertEquals(
              expected[c] / choice.length(), answer.normalized().get(c), 1e-4, random.toString());
          assertEquals(
              answer.logLikelihoods().get(c),
              single.answers().get(q).logLikelihoods().get(c),
              1e-4,
              random.toString());
          best = expected[c] > expected[best] ? c : best;
          double byLength = expected[c] / choice.length();
          bestByLength =
              byLength > expected[bestByLength] / question.choices().get(bestByLength).length()
                  ? c
                  : bestByLength;
        }
        right += best == question.answer() ? 1 : 0;
        rightByLength += bestByLength == question.answer() ? 1 : 0;
      }
      assertEquals(right / 6.0, result.accuracy().value(), random.toString());
      assertEquals(rightByLength / 6.0, result.normalizedAccuracy().value(), random.toString());
      double p = right / 6.0;
      assertEquals(Math.sqrt(p * (1 - p) / 5), result.accuracy().standardError(), 1e-12);
      assertTrue(result.reference().isEmpty() && result.agreement().isEmpty());
    }
  }

  @Test
  void anEmptyContextIsTheBeginToken() throws IOException {
    MultipleChoiceQuestion question = new MultipleChoiceQuestion("", List.of("abc", "de"), 1, "");
    try (LanguageModel model = open("llama-untied")) {
      int begin = model.beginToken().orElseThrow();
      List<Integer> tokens = new ArrayList<>(List.of(begin));
      tokens.addAll(tokens("abc"));
      MultipleChoiceResult result = MultipleChoiceEvaluation.of(model).run(List.of(question));
      assertEquals(
          logLikelihood(model, tokens, 4),
          result.answers().getFirst().logLikelihoods().getFirst(),
          1e-4);
      assertEquals(0, result.accuracy().standardError());
    }
  }

  @Test
  void whatIsTooLongLosesItsBeginning() throws IOException {
    SeededRandom random = new SeededRandom(4);
    try (LanguageModel model = open("llama-untied")) {
      int most = model.maximumPositions();
      StringBuilder context = new StringBuilder();
      while (context.length() < most + 9) {
        context.append((char) ('a' + random.nextInt(0, 26)));
      }
      List<Integer> tokens = tokens(context + " xyz");
      List<Integer> kept = tokens.subList(tokens.size() - most - 1, tokens.size());
      // All but the last token are read: the oracle scores the last four by windows that fit.
      double expected = 0;
      int[] read = kept.subList(0, most).stream().mapToInt(Integer::intValue).toArray();
      float[] logits = model.logits(read).data();
      int vocabulary = model.vocabularySize();
      for (int i = most - 4; i < most; i++) {
        double total = 0;
        for (int v = 0; v < vocabulary; v++) {
          total += Math.exp(logits[i * vocabulary + v]);
        }
        expected += Math.log(Math.exp(logits[i * vocabulary + kept.get(i + 1)]) / total);
      }
      MultipleChoiceResult result =
          MultipleChoiceEvaluation.of(model)
              .run(List.of(MultipleChoiceQuestion.of(context.toString(), List.of("xyz", "a"), 0)));
      assertEquals(
          expected,
          result.answers().getFirst().logLikelihoods().getFirst(),
          1e-4,
          random.toString());
      String word = "a".repeat(most + 1);
      MultipleChoiceQuestion tooLong = MultipleChoiceQuestion.of("b", List.of(word, "a"), 0);
      IllegalArgumentException refused =
          assertThrows(
              IllegalArgumentException.class,
              () -> MultipleChoiceEvaluation.of(model).run(List.of(tooLong)));
      assertTrue(
          String.valueOf(refused.getMessage()).startsWith("question 1: choice"),
          refused::getMessage);
    }
  }

  @Test
  void aReferenceAgreesWithItselfAndIsScoredToo() throws IOException {
    SeededRandom random = new SeededRandom(9);
    List<MultipleChoiceQuestion> questions = new ArrayList<>();
    for (int q = 0; q < 20; q++) {
      questions.add(
          MultipleChoiceQuestion.of(
              word(random, 5), List.of(word(random, 4), word(random, 4), word(random, 4)), q % 3));
    }
    try (LanguageModel model = open("llama-untied");
        LanguageModel other = open("llama3-rope")) {
      MultipleChoiceResult same = MultipleChoiceEvaluation.of(model).against(model).run(questions);
      assertEquals(1, same.agreement().orElseThrow().value());
      assertEquals(1, same.normalizedAgreement().orElseThrow().value());
      assertEquals(same.accuracy(), same.referenceAccuracy().orElseThrow());
      MultipleChoiceResult result =
          MultipleChoiceEvaluation.of(model).against(other).run(questions);
      MultipleChoiceResult alone = MultipleChoiceEvaluation.of(other).run(questions);
      assertEquals(alone.accuracy(), result.referenceAccuracy().orElseThrow());
      assertEquals(alone.normalizedAccuracy(), result.referenceNormalizedAccuracy().orElseThrow());
      int agreeing = 0;
      for (int q = 0; q < 20; q++) {
        agreeing += result.answers().get(q).chosen() == alone.answers().get(q).chosen() ? 1 : 0;
      }
      assertEquals(agreeing / 20.0, result.agreement().orElseThrow().value());
    }
  }

  @Test
  void filesAreRead() throws IOException {
    Path file = directory.resolve("task.jsonl");
    Files.writeString(
        file,
        """
        {"context": "one", "choices": ["a", "b\\n"], "answer": 1, "id": 17}

        {"context": "", "choices": ["é", "ü", "x"], "answer": "x", "delimiter": ""}
        """);
    assertEquals(
        List.of(
            MultipleChoiceQuestion.of("one", List.of("a", "b\n"), 1),
            new MultipleChoiceQuestion("", List.of("é", "ü", "x"), 2, "")),
        MultipleChoiceFile.read(file));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "[1]; line 2: expected an object",
        "{\"choices\": [\"a\", \"b\"], \"answer\": 0}; line 2: 'context' is missing",
        "{\"context\": \"a\", \"choices\": [\"a\"], \"answer\": 0}; line 2: choices: 1",
        "{\"context\": \"a\", \"choices\": [\"a\", 3], \"answer\": 0}; line 2: 'choices': number 1",
        "{\"context\": \"a\", \"choices\": [\"a\", \"b\"], \"answer\": 2}; line 2: answer: 2",
        "{\"context\": \"a\", \"choices\": [\"a\", \"b\"], \"answer\": \"c\"}; none of the choices",
        "{\"context\": \"a\", \"choices\": [\"a\", \"b\"], \"answer\": true}; number of a choice",
        "{\"context\": ; line 2: at character",
      })
  void filesThatAreNoTasksAreRefused(String line, String message) throws IOException {
    Path file = directory.resolve("task.jsonl");
    Files.writeString(
        file, "{\"context\": \"one\", \"choices\": [\"a\", \"b\"], \"answer\": 1}\n" + line + "\n");
    FileSystemException error =
        assertThrows(FileSystemException.class, () -> MultipleChoiceFile.read(file));
    assertEquals(file.toString(), error.getFile());
    assertTrue(String.valueOf(error.getReason()).contains(message), error::getReason);
    Files.writeString(file, "\n");
    assertThrows(FileSystemException.class, () -> MultipleChoiceFile.read(file));
  }
}
