// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.examples.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code eval --task} on both kinds of models. */
class TaskCommandTest {
  private static final String CLOZE =
      CommandRun.ROOT.resolve("examples/tasks/harbour-cloze.jsonl").toString();
  private static final String ENCODER =
      CommandRun.ROOT.resolve("quant-models/src/test/resources/models/whisper-prefixed").toString();
  private static final int RATE = 16_000;

  @TempDir private Path temporary;

  @Test
  void questionsAreAnswered() {
    CommandRun run =
        CommandRun.of(
            "eval", CommandRun.MODEL, "--task", CLOZE, "--reference", CommandRun.MODEL, "--json");
    assertEquals(
        List.of(
            "model",
            "reference",
            "task",
            "questions",
            "acc",
            "acc_stderr",
            "acc_norm",
            "acc_norm_stderr",
            "reference_acc",
            "reference_acc_norm",
            "agreement",
            "agreement_norm",
            "seconds"),
        run.members());
    assertEquals(90, run.number("questions"));
    // A fourth is right by chance.
    assertTrue(run.number("acc_norm") > 0.4, run.out());
    assertEquals(run.number("acc"), run.number("reference_acc"));
    assertEquals(1, run.number("agreement"));
    assertEquals(1, run.number("agreement_norm"));
  }

  @Test
  void peopleReadShares() throws IOException {
    Path task = temporary.resolve("task.jsonl");
    Files.writeString(
        task,
        "{\"context\": \"The sea was\", \"choices\": [\"calm\", \"zx zx q\"], \"answer\": 0}\n");
    CommandRun run = CommandRun.of("eval", CommandRun.MODEL, "--task", task.toString());
    assertEquals(0, run.status(), run.err());
    assertTrue(run.out().startsWith("acc         100.00 % +- 0.00 %\nacc_norm "), run.out());
    assertTrue(run.out().contains("questions   1 in "), run.out());
  }

  @Test
  void recordingsAreLabelled() throws IOException {
    for (int i = 0; i < 6; i++) {
      write("train", "low_" + i, 300 + 10 * i);
      write("train", "high_" + i, 2500 + 60 * i);
    }
    write("test", "low_7", 345);
    write("test", "high_7", 2600);
    String train = temporary.resolve("train").toString();
    String test = temporary.resolve("test").toString();
    CommandRun run =
        CommandRun.of(
            "eval", ENCODER, "--task", test, "--train", train, "--reference", ENCODER, "--json");
    assertEquals(
        List.of(
            "model",
            "reference",
            "task",
            "train",
            "recordings",
            "accuracy",
            "reference_accuracy",
            "agreement"),
        run.members());
    assertEquals(2, run.number("recordings"));
    assertEquals(1, run.number("accuracy"));
    CommandRun alone = CommandRun.of("eval", ENCODER, "--task", test, "--train", train);
    assertEquals("accuracy    100.00 %\nrecordings  2\n", alone.out());
    CommandRun.of("eval", ENCODER, "--task", test).requireFailure(Failure.CALL, "--train: missing");
    Files.move(temporary.resolve("test/low_7.wav"), temporary.resolve("test/middle_7.wav"));
    CommandRun.of("eval", ENCODER, "--task", test, "--train", train)
        .requireFailure(Failure.CALL, "label 'middle', expected one of [high, low]");
  }

  private void write(String folder, String name, double hertz) throws IOException {
    Path file = Files.createDirectories(temporary.resolve(folder)).resolve(name + ".wav");
    int samples = 2000;
    ByteBuffer bytes = ByteBuffer.allocate(44 + 2 * samples).order(ByteOrder.LITTLE_ENDIAN);
    bytes.put("RIFF".getBytes(StandardCharsets.ISO_8859_1)).putInt(36 + 2 * samples);
    bytes.put("WAVEfmt ".getBytes(StandardCharsets.ISO_8859_1)).putInt(16);
    bytes.putShort((short) 1).putShort((short) 1).putInt(RATE).putInt(2 * RATE);
    bytes.putShort((short) 2).putShort((short) 16);
    bytes.put("data".getBytes(StandardCharsets.ISO_8859_1)).putInt(2 * samples);
    for (int i = 0; i < samples; i++) {
      bytes.putShort((short) (8000 * Math.sin(2 * Math.PI * hertz * i / RATE)));
    }
    Files.write(file, bytes.array());
  }

  @Test
  void wrongCallsAreRefused() throws IOException {
    String model = CommandRun.MODEL;
    CommandRun.of("eval", model, "--task", CLOZE, "--train", "x")
        .requireFailure(Failure.CALL, "--train: x, but a language model");
    CommandRun.of("eval", model, "--train", "x", "--text", CommandRun.TEXT)
        .requireFailure(Failure.CALL, "--train: x, but there is no --task");
    CommandRun.of("eval", model, "--task", CLOZE, "--text", CommandRun.TEXT)
        .requireFailure(Failure.CALL, "--task: in addition to --text");
    CommandRun.of("eval", model, "--task", CLOZE, "--context", "64")
        .requireFailure(Failure.CALL, "--task: in addition to --context");
    CommandRun.of("eval", model, "--task", temporary.resolve("none.jsonl").toString())
        .requireFailure(Failure.CALL, "none.jsonl: no such file");
    Path task = temporary.resolve("task.jsonl");
    Files.writeString(task, "{\"context\": \"a\"}\n");
    CommandRun.of("eval", model, "--task", task.toString())
        .requireFailure(Failure.CALL, "task.jsonl: line 1: 'choices' is missing");
  }
}
