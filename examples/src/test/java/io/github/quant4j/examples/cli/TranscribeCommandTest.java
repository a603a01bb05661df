// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.examples.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.json.JsonValue;
import io.github.quant4j.model.SpeechEncoder;
import io.github.quant4j.testing.models.TestRecognizer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The commands that write down speech, on a small random model. */
class TranscribeCommandTest {
  private static final String MODEL = TestRecognizer.directory().toString();
  private static final int RATE = 16_000;

  @TempDir private Path temporary;
  private String speech = "";

  /** A sound of a little over a second: windows of the small model are of 0.48 s. */
  @BeforeEach
  void writeSpeech() throws IOException {
    Path folder = Files.createDirectory(temporary.resolve("speech"));
    speech = write(folder.resolve("1.wav"), 18_000, 3).toString();
  }

  private static Path write(Path file, int samples, int sound) throws IOException {
    int size = samples * Short.BYTES;
    ByteBuffer bytes = ByteBuffer.allocate(44 + size).order(ByteOrder.LITTLE_ENDIAN);
    bytes.put("RIFF".getBytes(StandardCharsets.ISO_8859_1)).putInt(36 + size);
    bytes.put("WAVEfmt ".getBytes(StandardCharsets.ISO_8859_1)).putInt(16);
    bytes.putShort((short) 1).putShort((short) 1).putInt(RATE).putInt(2 * RATE);
    bytes.putShort((short) 2).putShort((short) 16);
    bytes.put("data".getBytes(StandardCharsets.ISO_8859_1)).putInt(size);
    for (int i = 0; i < samples; i++) {
      bytes.putShort((short) (8000 * Math.sin(i * 0.05 * sound) * Math.cos(i * 0.003)));
    }
    return Files.write(file, bytes.array());
  }

  @Test
  void speechBecomesText() {
    CommandRun json = CommandRun.of("transcribe", MODEL, speech, "--beams", "2", "--json");
    assertEquals(
        List.of("model", "file", "language", "text", "audio_seconds", "seconds", "segments"),
        json.members());
    assertEquals(18_000.0 / RATE, json.number("audio_seconds"));
    List<JsonValue> segments = json.json().getArray("segments").orElseThrow();
    assertTrue(segments.size() > 1, json.out());
    CommandRun plain = CommandRun.of("transcribe", MODEL, speech, "--beams", "2", "--quiet");
    assertEquals(json.json().getString("text").orElseThrow() + System.lineSeparator(), plain.out());
    assertTrue(plain.err().contains("s of sound in"), plain.err());
    CommandRun stamped =
        CommandRun.of("transcribe", MODEL, speech, "--beams", "2", "--timestamps", "--quiet");
    assertEquals(segments.size(), stamped.out().lines().count());
    assertTrue(stamped.out().matches("(?s)\\[\\d\\.\\d\\d - \\d\\.\\d\\d\\] .*"), stamped.out());
  }

  /** The encoder of a whole model is quantized, and the decoder goes on with what it gives. */
  @Test
  void modelsWithAQuantizedEncoderTranscribe() throws IOException {
    String target = temporary.resolve("out").toString();
    CommandRun quantize =
        CommandRun.of(
            "quantize",
            MODEL,
            target,
            "--recipe",
            "int8:channel:sym rtn",
            "--calib",
            speech,
            "--json");
    assertEquals(12, quantize.number("layers"));
    CommandRun before = CommandRun.of("transcribe", MODEL, speech, "--temperatures", "0", "--json");
    CommandRun after = CommandRun.of("transcribe", target, speech, "--temperatures", "0", "--json");
    assertEquals(
        before.json().getString("language").orElseThrow(),
        after.json().getString("language").orElseThrow());
    assertEquals(0, CommandRun.of("verify", target).status());
    try (SpeechEncoder encoder = SpeechEncoder.open(Path.of(target))) {
      assertEquals(12, encoder.sites().size());
    }
  }

  /** First one half, then the other on what the quantized half gives. */
  @Test
  void decodersAreQuantizedOnWhatTheModelWrites() {
    String half = temporary.resolve("half").toString();
    String whole = temporary.resolve("whole").toString();
    CommandRun encoder =
        CommandRun.of(
            "quantize", MODEL, half, "--recipe", "int8:g8:sym gptq", "--calib", speech, "--json");
    assertEquals(12, encoder.number("layers"));
    CommandRun decoder =
        CommandRun.of(
            "quantize",
            half,
            whole,
            "--part",
            "decoder",
            "--recipe",
            "int8:g8:sym gptq",
            "--calib",
            speech,
            "--json");
    assertEquals(20, decoder.number("layers"), decoder.out());
    assertTrue(decoder.number("output_sqnr_db") > 20, decoder.out());
    assertEquals(0, CommandRun.of("verify", whole).status());
    CommandRun text = CommandRun.of("transcribe", whole, speech, "--json");
    assertTrue(text.json().getArray("segments").orElseThrow().size() > 1, text.out());
    String[] wrong = {"quantize", MODEL, whole + "2", "--bits", "8", "--part", "middle"};
    assertProblem("--part: 'middle'", wrong);
    wrong[1] = CommandRun.MODEL;
    wrong[6] = "decoder";
    assertProblem("no model of Whisper", wrong);
  }

  @Test
  void errorRatesAreMeasured() throws IOException {
    String text =
        CommandRun.of("transcribe", MODEL, speech, "--language", "en", "--json")
            .json()
            .getString("text")
            .orElseThrow();
    Path folder = Path.of(speech).resolveSibling("..").normalize().resolve("speech");
    Files.writeString(folder.resolve("list.trans.txt"), "1 " + text + " zebra\n");
    for (String normalizer : List.of("basic", "english", "none")) {
      CommandRun run =
          CommandRun.of(
              "wer",
              MODEL,
              folder.toString(),
              "--language",
              "en",
              "--normalizer",
              normalizer,
              "--json");
      assertEquals(1, run.number("wer_deletions"), run.out());
      assertEquals(0, run.number("wer_insertions") + run.number("wer_substitutions"), run.out());
      assertEquals(1 / run.number("words"), run.number("wer"), 1e-12);
      assertEquals(1, run.number("recordings"));
    }
    CommandRun plain =
        CommandRun.of("wer", MODEL, folder.toString(), "--language", "en", "--quiet");
    assertTrue(plain.out().startsWith("wer "), plain.out());
    assertTrue(plain.out().contains("(0 substituted, 1 missing, 0 inserted)"), plain.out());
  }

  @Test
  void misuseIsToldInOneMessage() {
    String encoder =
        CommandRun.ROOT
            .resolve("quant-models/src/test/resources/models/whisper-prefixed")
            .toString();
    assertProblem("without a decoder", "transcribe", encoder, speech);
    assertProblem("no model of Whisper", "transcribe", CommandRun.MODEL, speech);
    assertProblem(
        "'klingon', expected one of", "transcribe", MODEL, speech, "--language", "klingon");
    assertProblem("--task: 'sing'", "transcribe", MODEL, speech, "--task", "sing");
    assertProblem("--beams: 0", "transcribe", MODEL, speech, "--beams", "0");
    assertProblem("--temperatures: 'x'", "transcribe", MODEL, speech, "--temperatures", "0,x");
    assertProblem("--max-tokens: 0", "transcribe", MODEL, speech, "--max-tokens", "0");
    assertProblem("nothing.wav", "transcribe", MODEL, temporary.resolve("nothing.wav").toString());
    assertProblem("no recording", "wer", MODEL, CommandRun.ROOT.resolve("docs").toString());
    assertProblem("--normalizer: 'x'", "wer", MODEL, speech, "--normalizer", "x");
  }

  private static void assertProblem(String expected, String... args) {
    CommandRun run = CommandRun.of(args);
    assertEquals(2, run.status(), run.err());
    assertTrue(run.err().contains(expected), run.err());
    assertEquals(1, run.err().lines().count(), run.err());
  }
}
