// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.evaluate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.model.SpeechRecognizer;
import io.github.quant4j.model.config.ModelOptions;
import io.github.quant4j.speech.WaveFile;
import io.github.quant4j.testing.models.TestRecognizer;
import io.github.quant4j.transcribe.TranscriptionOptions;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tones, of which the small recognizer writes something. */
class RecognitionEvaluationTest {
  private static final int RATE = 16_000;
  private static final TranscriptionOptions OPTIONS =
      TranscriptionOptions.withoutFallback().withLanguage("fr");

  @TempDir private Path directory;

  private static SpeechRecognizer open() throws IOException {
    return SpeechRecognizer.open(
        TestRecognizer.directory(), ModelOptions.defaults().withThreads(1));
  }

  private Path tone(String name, int samples, int pitch) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(44 + 2 * samples).order(ByteOrder.LITTLE_ENDIAN);
    bytes.put("RIFF".getBytes(StandardCharsets.ISO_8859_1)).putInt(36 + 2 * samples);
    bytes.put("WAVEfmt ".getBytes(StandardCharsets.ISO_8859_1)).putInt(16);
    bytes.putShort((short) 1).putShort((short) 1).putInt(RATE).putInt(2 * RATE);
    bytes.putShort((short) 2).putShort((short) 16);
    bytes.put("data".getBytes(StandardCharsets.ISO_8859_1)).putInt(2 * samples);
    for (int i = 0; i < samples; i++) {
      bytes.putShort((short) (9000 * Math.sin(i * 0.05 * pitch) * Math.cos(i * 0.003)));
    }
    return Files.write(directory.resolve(name), bytes.array());
  }

  @Test
  void errorsAreThoseOfWhatIsWritten() throws IOException {
    Path one = tone("one.wav", 6000, 3);
    Path two = tone("two.wav", 7000, 4);
    try (SpeechRecognizer recognizer = open()) {
      String first = recognizer.transcribe(WaveFile.read(one), OPTIONS).text();
      String second = recognizer.transcribe(WaveFile.read(two), OPTIONS).text();
      assertTrue(!first.isEmpty() && !second.isEmpty(), first + "|" + second);
      int words = first.split("\\s+").length;
      List<TranscribedSound> sounds =
          List.of(
              new TranscribedSound(one, first.toUpperCase(Locale.ROOT) + "!"),
              new TranscribedSound(two, second + " zzz"));
      List<Long> heard = new ArrayList<>();
      RecognitionEvaluation.Result result =
          RecognitionEvaluation.of(recognizer)
              .options(OPTIONS)
              .progress((stage, done, total) -> heard.add(done))
              .run(sounds);
      assertEquals(List.of(1L, 2L), heard);
      // Case and punctuation do not count; a word of three letters and a space are missing.
      assertEquals(new EditCounts(words, 0, 0, 0), result.utterances().getFirst().words());
      assertEquals(1, result.words().deletions());
      assertEquals(1, result.words().edits());
      assertEquals(4, result.characters().edits());
      assertEquals(13_000.0 / RATE, result.audioSeconds(), 1e-9);
      assertEquals(1.0 / result.words().length(), result.words().rate(), 1e-12);
      RecognitionEvaluation.Result literal =
          RecognitionEvaluation.of(recognizer)
              .options(OPTIONS)
              .normalizer(TextNormalizer.none())
              .run(sounds);
      assertTrue(literal.words().edits() > result.words().edits());
    }
  }

  @Test
  void misuseIsRefused() throws IOException {
    Path one = tone("one.wav", 6000, 3);
    Path none = tone("none.wav", 0, 1);
    try (SpeechRecognizer recognizer = open()) {
      RecognitionEvaluation evaluation = RecognitionEvaluation.of(recognizer).options(OPTIONS);
      assertThrows(IllegalArgumentException.class, () -> evaluation.run(List.of()));
      String wordless =
          assertThrows(
                  IllegalArgumentException.class,
                  () -> evaluation.run(List.of(new TranscribedSound(one, " ?! "))))
              .getMessage();
      assertTrue(wordless.contains("without a word"), wordless);
      String empty =
          assertThrows(
                  IllegalArgumentException.class,
                  () -> evaluation.run(List.of(new TranscribedSound(none, "word"))))
              .getMessage();
      assertTrue(empty.contains("none.wav"), empty);
      assertThrows(
          CancellationException.class,
          () ->
              evaluation.cancellation(() -> true).run(List.of(new TranscribedSound(one, "word"))));
    }
  }
}
