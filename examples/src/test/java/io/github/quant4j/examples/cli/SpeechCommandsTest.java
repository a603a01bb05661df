// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.examples.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.json.JsonValue;
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

/** The commands on a speech encoder, which has neither a tokenizer nor a perplexity. */
class SpeechCommandsTest {
  private static final String ENCODER =
      CommandRun.ROOT.resolve("quant-models/src/test/resources/models/whisper-prefixed").toString();
  private static final int RATE = 16_000;

  @TempDir private Path temporary;
  private Path speech = Path.of("");

  /** Two sounds of a quarter of a second: segments of the small encoder are of 0.48 s. */
  @BeforeEach
  void writeSpeech() throws IOException {
    speech = Files.createDirectory(temporary.resolve("speech"));
    for (int sound = 1; sound <= 2; sound++) {
      write(speech.resolve(sound + ".wav"), RATE / 4, sound);
    }
  }

  private static void write(Path file, int samples, int sound) throws IOException {
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
    Files.write(file, bytes.array());
  }

  @Test
  void encodersAreQuantizedAndCompared() {
    String target = temporary.resolve("out").toString();
    CommandRun quantize =
        CommandRun.of(
            "quantize",
            ENCODER,
            target,
            "--recipe",
            "smooth(0.5) | int8:channel:sym rtn @ int8:tensor",
            "--calib",
            speech.toString(),
            "--json");
    assertEquals(12, quantize.number("layers"));
    assertTrue(quantize.number("output_sqnr_db") > 20, quantize.out());

    CommandRun eval =
        CommandRun.of(
            "eval", target, "--reference", ENCODER, "--speech", speech.toString(), "--json");
    assertEquals(
        List.of("model", "reference", "speech", "segments", "sqnr_db", "worst_sqnr_db"),
        eval.members());
    assertEquals(2, eval.number("segments"));
    assertTrue(eval.number("sqnr_db") > 20 && eval.number("sqnr_db") < 60, eval.out());
    assertTrue(eval.number("worst_sqnr_db") <= eval.number("sqnr_db"), eval.out());
    assertEquals(0, CommandRun.of("verify", target).status());
  }

  @Test
  void recipesAreCompared() {
    CommandRun run =
        CommandRun.of(
            "compare",
            ENCODER,
            "--calib",
            speech.resolve("1.wav").toString(),
            "--speech",
            speech.resolve("2.wav").toString(),
            "--recipe",
            "int8:channel:sym rtn",
            "--recipe",
            "int4:g8:sym gptq",
            "--json");
    List<JsonValue> rows = run.json().getArray("recipes").orElseThrow();
    assertEquals(3, rows.size());
    assertTrue(sqnr(rows.get(1)) > sqnr(rows.get(2)) + 10, run.out());
  }

  private static double sqnr(JsonValue row) {
    return ((JsonValue.Obj) row).getDouble("sqnr_db").orElseThrow();
  }

  @Test
  void plansAreMadeWithoutWork() {
    CommandRun run =
        CommandRun.of(
            "estimate", ENCODER, "--recipe", "int4:g8:sym gptq", "--calib", speech.toString());
    assertEquals(0, run.status(), run.err());
    assertTrue(run.out().contains("model.encoder.layers.0.fc1"), run.out());
  }

  @Test
  void wrongCallsAreExplained() {
    String target = temporary.resolve("out").toString();
    CommandRun.of("quantize", ENCODER, target, "--recipe", "int8:channel:sym rtn")
        .requireFailure(Failure.CALL, "--calib", "WAV");
    CommandRun.of("eval", ENCODER, "--speech", speech.toString())
        .requireFailure(Failure.CALL, "--reference");
    CommandRun.of("eval", ENCODER).requireFailure(Failure.CALL, "--text", "--speech");
    CommandRun.of("eval", ENCODER, "--speech", "none.wav", "--reference", ENCODER)
        .requireFailure(Failure.CALL, "none.wav");
    CommandRun.of("eval", CommandRun.MODEL, "--text", CommandRun.TEXT, "--speech", "a.wav")
        .requireFailure(Failure.CALL, "--speech");
    CommandRun.of("compare", ENCODER, "--speech", speech.toString(), "--recipe", "int8:channel")
        .requireFailure(Failure.CALL, "--calib", "WAV");
  }

  @Test
  void modelsOfTheOtherKindAreRefused() {
    String sound = speech.toString();
    String recipe = "int8:channel:sym rtn";
    CommandRun.of("eval", ENCODER, "--text", CommandRun.TEXT)
        .requireFailure(Failure.CALL, ENCODER, "--speech instead of --text");
    CommandRun.of("compare", ENCODER, "--text", CommandRun.TEXT, "--recipe", recipe)
        .requireFailure(Failure.CALL, ENCODER, "--speech instead of --text");
    CommandRun.of("eval", CommandRun.MODEL, "--speech", sound, "--reference", ENCODER)
        .requireFailure(Failure.CALL, CommandRun.MODEL, "--text instead of --speech");
    CommandRun.of("eval", ENCODER, "--speech", sound, "--reference", CommandRun.MODEL)
        .requireFailure(Failure.CALL, CommandRun.MODEL, "--text instead of --speech");
    CommandRun.of(
            "compare", CommandRun.MODEL, "--speech", sound, "--calib", sound, "--recipe", recipe)
        .requireFailure(Failure.CALL, CommandRun.MODEL, "--text instead of --speech");
  }

  @Test
  void whatIsNoSpeechIsRefused() throws IOException {
    Path empty = Files.createDirectory(temporary.resolve("empty"));
    requireRefused(empty, "expected at least one");
    Path text = Files.writeString(temporary.resolve("text.wav"), "What did he say?");
    requireRefused(text, "RIFF");
    Path silent = temporary.resolve("silent.wav");
    write(silent, 0, 1);
    requireRefused(silent, "expected at least one sample");
    CommandRun.of(
            "eval",
            ENCODER,
            "--reference",
            ENCODER,
            "--speech",
            speech.toString(),
            "--max-windows",
            "0")
        .requireFailure(Failure.CALL, "--max-windows: 0");
  }

  private static void requireRefused(Path path, String expected) {
    CommandRun.of("eval", ENCODER, "--reference", ENCODER, "--speech", path.toString())
        .requireFailure(Failure.CALL, path.toString(), expected);
    CommandRun.of("estimate", ENCODER, "--recipe", "int8:channel", "--calib", path.toString())
        .requireFailure(Failure.CALL, path.toString(), expected);
  }
}
