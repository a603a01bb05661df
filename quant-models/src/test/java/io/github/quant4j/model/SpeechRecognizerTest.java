// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.model.config.ModelOptions;
import io.github.quant4j.model.config.WeightPlacement;
import io.github.quant4j.progress.Cancellation;
import io.github.quant4j.progress.ProgressListener;
import io.github.quant4j.speech.Waveform;
import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.testing.SeededRandom;
import io.github.quant4j.testing.models.TestModels;
import io.github.quant4j.testing.models.TestRecognizer;
import io.github.quant4j.transcribe.SpokenText;
import io.github.quant4j.transcribe.Task;
import io.github.quant4j.transcribe.TokenDecoder;
import io.github.quant4j.transcribe.Transcription;
import io.github.quant4j.transcribe.TranscriptionOptions;
import io.github.quant4j.transcribe.TranscriptionSegment;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class SpeechRecognizerTest {
  private static final ModelOptions SCALAR =
      ModelOptions.defaults().withKernels("scalar").withThreads(1);

  static Stream<ModelOptions> options() {
    return Stream.of(
        SCALAR,
        SCALAR.withPlacement(WeightPlacement.IN_PLACE),
        ModelOptions.defaults().withThreads(2));
  }

  static List<TestRecognizer.Case> cases() {
    return TestRecognizer.cases();
  }

  static List<TestRecognizer.Scores> scores() {
    return TestRecognizer.scores();
  }

  private static SpeechRecognizer open(ModelOptions options) {
    try {
      return SpeechRecognizer.open(TestRecognizer.directory(), options);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static TranscriptionOptions options(TestRecognizer.Call call) {
    TranscriptionOptions options =
        TranscriptionOptions.withoutFallback()
            .withTimestamps(call.timestamps())
            .withBeams(call.beams())
            .withConditionOnPrevious(call.conditionOnPrevious());
    if (call.language().isPresent()) {
      options = options.withLanguage(call.language().get());
    }
    return call.task().isPresent()
        ? options.withTask(Task.valueOf(call.task().get().toUpperCase(Locale.ROOT)))
        : options;
  }

  private static Transcription transcribe(
      SpeechRecognizer recognizer, String input, TranscriptionOptions options) {
    FloatMatrix logMel = TestRecognizer.expected(input);
    return recognizer.transcribe(
        logMel, logMel.rows(), options, ProgressListener.none(), Cancellation.never());
  }

  @ParameterizedTest
  @MethodSource("options")
  void logitsAreThoseOfTheOracle(ModelOptions options) {
    try (SpeechRecognizer recognizer = open(options)) {
      for (int i = 0; i < 2; i++) {
        FloatMatrix features = recognizer.encoder().encode(TestRecognizer.expected("log_mel." + i));
        assertArrayEquals(
            TestRecognizer.expected("encoder." + i).data(), features.data(), 3e-5f, "encoder " + i);
        FloatMatrix logits =
            recognizer.decoder().predict(new SpokenText(features, TestRecognizer.tokens()));
        FloatMatrix expected = TestRecognizer.expected("logits." + i);
        assertEquals(expected.toString(), logits.toString());
        assertArrayEquals(expected.data(), logits.data(), 1e-4f, "logits " + i);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("options")
  void stepsThroughTheCacheGiveTheLogitsOfOnePass(ModelOptions options) {
    int[] tokens = TestRecognizer.tokens();
    try (SpeechRecognizer recognizer = open(options)) {
      TokenDecoder decoder = recognizer.decoder();
      FloatMatrix features = recognizer.encoder().encode(TestRecognizer.expected("log_mel.0"));
      FloatMatrix expected = TestRecognizer.expected("logits.0");
      TokenDecoder.Session steps = decoder.listen(features).begin(1);
      for (int i = 0; i < tokens.length; i++) {
        assertArrayEquals(
            expected.rowRange(i, i + 1).data(),
            steps.append(new int[][] {{tokens[i]}}),
            1e-4f,
            "step " + i);
      }
      TokenDecoder.Session runs = decoder.listen(features).begin(1);
      runs.append(new int[][] {Arrays.copyOf(tokens, 5)});
      assertArrayEquals(
          expected.rowRange(tokens.length - 1, tokens.length).data(),
          runs.append(new int[][] {Arrays.copyOfRange(tokens, 5, tokens.length)}),
          1e-4f);
    }
  }

  /** Beams that copy each other, in an order in which slots are freed and taken. */
  @Test
  void reorderedTextsGoOnFromTheirParents() {
    SeededRandom random = new SeededRandom(3);
    try (SpeechRecognizer recognizer = open(SCALAR)) {
      TokenDecoder decoder = recognizer.decoder();
      FloatMatrix features = recognizer.encoder().encode(TestRecognizer.expected("log_mel.1"));
      TokenDecoder.Session session = decoder.listen(features).begin(4);
      List<List<Integer>> texts = new ArrayList<>();
      int[][] first = {{41}, {41, 42}, {41, 43, 46}, {41, 42, 46, 50}};
      for (int[] text : first) {
        texts.add(Arrays.stream(text).boxed().toList());
      }
      session.append(first);
      for (int step = 0; step < 12; step++) {
        int[] parents = new int[4];
        int[][] tokens = new int[4][1];
        List<List<Integer>> grown = new ArrayList<>();
        for (int text = 0; text < 4; text++) {
          parents[text] = random.nextInt(0, 4);
          tokens[text][0] = random.nextInt(0, 76);
          List<Integer> copy = new ArrayList<>(texts.get(parents[text]));
          copy.add(tokens[text][0]);
          grown.add(copy);
        }
        texts = grown;
        session.reorder(parents);
        float[] logits = session.append(tokens);
        for (int text = 0; text < 4; text++) {
          int[] whole = texts.get(text).stream().mapToInt(t -> t).toArray();
          FloatMatrix alone = decoder.predict(new SpokenText(features, whole));
          assertArrayEquals(
              alone.rowRange(whole.length - 1, whole.length).data(),
              Arrays.copyOfRange(logits, text * 76, (text + 1) * 76),
              1e-4f,
              "step " + step);
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void textsAreThoseOfTheOracle(TestRecognizer.Case expected) {
    try (SpeechRecognizer recognizer = open(SCALAR)) {
      Transcription found = transcribe(recognizer, expected.input(), options(expected.call()));
      assertEquals(
          expected.segments().stream().map(TestRecognizer.Segment::tokens).toList(),
          found.segments().stream().map(TranscriptionSegment::tokens).toList());
      for (int i = 0; i < found.segments().size(); i++) {
        TestRecognizer.Segment segment = expected.segments().get(i);
        if (segment.start().isPresent()) {
          assertEquals(
              segment.start().getAsDouble(), found.segments().get(i).start(), 1e-6, "start " + i);
          assertEquals(
              segment.end().orElseThrow(), found.segments().get(i).end(), 1e-6, "end " + i);
        }
      }
      if (expected.call().language().isPresent()) {
        assertEquals(expected.call().language(), found.language());
      }
    }
  }

  @Test
  void languagesAreThoseThatTheOracleDetects() {
    int detected = 0;
    try (SpeechRecognizer recognizer = open(SCALAR)) {
      for (TestRecognizer.Case expected : cases()) {
        if (expected.detectedLanguage().isPresent()) {
          String code =
              transcribe(recognizer, expected.input(), TranscriptionOptions.withoutFallback())
                  .language()
                  .orElseThrow();
          assertEquals(
              expected.detectedLanguage().get(), recognizer.tokens().languages().get(code));
          detected++;
        }
      }
    }
    assertEquals(4, detected);
  }

  @ParameterizedTest
  @MethodSource("scores")
  void scoresAreThoseThatTheOracleDecidesBy(TestRecognizer.Scores expected) {
    try (SpeechRecognizer recognizer = open(SCALAR)) {
      TranscriptionSegment first =
          transcribe(recognizer, expected.input(), options(expected.call())).segments().getFirst();
      assertEquals(expected.averageLogProbability(), first.averageLogProbability(), 1e-5);
      assertEquals(
          1, first.noSpeechProbability() / expected.noSpeechProbability(), 1e-3, "silence");
    }
  }

  /** Every byte of what one thread gives, through beams, draws and long recordings. */
  @Test
  void resultsDoNotDependOnThreads() {
    TranscriptionOptions drawn =
        TranscriptionOptions.defaults()
            .withTemperatures(List.of(0.0, 0.8))
            .withThresholds(0.5, 0, Double.POSITIVE_INFINITY)
            .withSeed(5)
            .withTimestamps(true);
    for (String kernels : List.of("scalar", "auto")) {
      List<Transcription> one = new ArrayList<>();
      List<Transcription> several = new ArrayList<>();
      for (int threads : List.of(1, 3)) {
        try (SpeechRecognizer recognizer =
            open(ModelOptions.defaults().withKernels(kernels).withThreads(threads))) {
          List<Transcription> found = threads == 1 ? one : several;
          found.add(transcribe(recognizer, "log_mel.long", drawn));
          found.add(
              transcribe(
                  recognizer,
                  "log_mel.2",
                  TranscriptionOptions.withoutFallback().withBeams(4).withLanguage("en")));
        }
      }
      assertEquals(one, several);
      assertEquals(0.8, one.getFirst().segments().getFirst().temperature());
    }
  }

  @Test
  void drawsDependOnTheSeed() {
    TranscriptionOptions drawn =
        TranscriptionOptions.withoutFallback().withTemperatures(List.of(1.5)).withSeed(1);
    try (SpeechRecognizer recognizer = open(SCALAR)) {
      Transcription first = transcribe(recognizer, "log_mel.0", drawn);
      assertEquals(first, transcribe(recognizer, "log_mel.0", drawn));
      assertFalse(first.equals(transcribe(recognizer, "log_mel.0", drawn.withSeed(2))));
    }
  }

  @Test
  void unlikelyWindowsThatAreSilentAreLeftOut() {
    TranscriptionOptions options =
        TranscriptionOptions.withoutFallback()
            .withThresholds(Double.POSITIVE_INFINITY, 0, 0)
            .withTimestamps(true);
    try (SpeechRecognizer recognizer = open(SCALAR)) {
      Transcription silent = transcribe(recognizer, "log_mel.long", options);
      assertEquals(List.of(), silent.segments());
      assertEquals("", silent.text());
      assertTrue(silent.language().isPresent());
      // Windows that are likely stand, however silent.
      assertFalse(
          transcribe(
                  recognizer,
                  "log_mel.long",
                  options.withThresholds(Double.POSITIVE_INFINITY, -1e9, 0))
              .segments()
              .isEmpty());
    }
  }

  @Test
  void speechBecomesText() {
    SeededRandom random = new SeededRandom(8);
    try (SpeechRecognizer recognizer = open(SCALAR)) {
      // 0.2 seconds at 8 kHz, less than a window of 0.48.
      Waveform speech = new Waveform(random.gaussians(1600), 8000);
      Transcription whole =
          recognizer.transcribe(speech, TranscriptionOptions.withoutFallback().withLanguage("de"));
      assertEquals(1, whole.segments().size());
      assertEquals(0.2, whole.segments().getFirst().end(), 1e-9);
      assertEquals(Optional.of("de"), whole.language());
      assertEquals(whole.text(), whole.segments().getFirst().text().strip());
      Waveform longer = new Waveform(random.gaussians(16_000), 8000);
      Transcription stamped =
          recognizer.transcribe(longer, TranscriptionOptions.withoutFallback().withLanguage("de"));
      assertTrue(stamped.segments().size() > 1, stamped.toString());
      for (TranscriptionSegment segment : stamped.segments()) {
        assertTrue(segment.start() <= segment.end(), segment.toString());
      }
    }
  }

  @Test
  void whatIsAskedOfTheModelIsChecked() {
    try (SpeechRecognizer recognizer = open(SCALAR)) {
      Waveform speech = new Waveform(new float[100], 16_000);
      TranscriptionOptions options = TranscriptionOptions.withoutFallback();
      String message =
          assertThrows(
                  IllegalArgumentException.class,
                  () -> recognizer.transcribe(speech, options.withLanguage("welsh")))
              .getMessage();
      assertEquals("language: 'welsh', expected one of [de, en, fr]", message);
      assertEquals(
          recognizer.transcribe(speech, options.withLanguage("German")),
          recognizer.transcribe(speech, options.withLanguage("<|de|>")));
      assertThrows(
          IllegalArgumentException.class,
          () -> recognizer.transcribe(new Waveform(new float[0], 16_000), options));
      assertThrows(
          CancellationException.class,
          () -> recognizer.transcribe(speech, options, ProgressListener.none(), () -> true));
      FloatMatrix features = FloatMatrix.zeros(24, 32);
      TokenDecoder decoder = recognizer.decoder();
      assertThrows(
          IllegalArgumentException.class,
          () -> decoder.predict(new SpokenText(features, new int[] {76})));
      assertThrows(
          IllegalArgumentException.class,
          () -> decoder.predict(new SpokenText(features, new int[41])));
      assertThrows(
          IllegalArgumentException.class,
          () -> decoder.predict(new SpokenText(FloatMatrix.zeros(24, 31), new int[1])));
      TokenDecoder.Session session = decoder.listen(features).begin(2);
      assertThrows(IllegalArgumentException.class, () -> session.append(new int[][] {{1}}));
      assertThrows(IllegalArgumentException.class, () -> session.reorder(new int[] {0, 2}));
      session.append(new int[][] {new int[40], {1}});
      assertThrows(IllegalArgumentException.class, () -> session.append(new int[][] {{1}, {1}}));
    }
    SpeechRecognizer closed = open(SCALAR);
    closed.close();
    closed.close();
    assertThrows(IllegalStateException.class, closed::decoder);
  }

  @Test
  void directoriesAreToldApart() throws IOException {
    assertTrue(SpeechRecognizer.isIn(TestRecognizer.directory()));
    assertFalse(SpeechRecognizer.isIn(TestModels.directory("whisper-prefixed")));
    assertFalse(SpeechRecognizer.isIn(TestModels.directory("llama-untied")));
    try (SpeechRecognizer recognizer = open(SCALAR)) {
      assertEquals(List.of(), recognizer.warnings());
      assertTrue(recognizer.toString().contains("2 layers of 32, 76 tokens"));
    }
    // The encoder of a whole model opens as before.
    try (SpeechEncoder encoder = SpeechEncoder.open(TestRecognizer.directory(), SCALAR)) {
      assertArrayEquals(
          TestRecognizer.expected("encoder.0").data(),
          encoder.encode(TestRecognizer.expected("log_mel.0")).data(),
          3e-5f);
    }
  }
}
