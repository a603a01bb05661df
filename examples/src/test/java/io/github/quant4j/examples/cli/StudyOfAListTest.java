// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.examples.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.json.JsonValue;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Studies of a list of recipes, with models and data from the command line. */
class StudyOfAListTest {
  private static final int RECIPES = 50;

  @TempDir private Path directory;
  private TinyModel tiny = new TinyModel(Path.of(""), Path.of(""));

  @BeforeEach
  void writeModel() throws IOException {
    tiny = TinyModel.in(directory);
  }

  private Path list(List<String> lines) throws IOException {
    return Files.write(directory.resolve("recipes.txt"), lines);
  }

  private List<String> call(Path list, String out, String... more) {
    return Stream.concat(
            Stream.of(
                "study",
                list.toString(),
                "--model",
                tiny.directory().toString(),
                "--text",
                tiny.text().toString(),
                "--context",
                "32",
                "--calib",
                tiny.text().toString(),
                "--samples",
                "1",
                "--out",
                directory.resolve(out).toString()),
            Stream.of(more))
        .toList();
  }

  private static CommandRun run(List<String> call) {
    return CommandRun.of(call.toArray(String[]::new));
  }

  @Test
  void aListIsTheStudyThatAFileSays() throws IOException {
    Path list = list(List.of("# a comment", "", "int8:channel:sym rtn # eight bits", "QuaRot"));
    JsonValue.Obj listed = run(call(list, "listed", "--json", "--seed", "0", "--seed", "1")).json();
    Path file =
        Files.writeString(
            directory.resolve("study.yaml"),
            """
            models: tiny
            data: [{text: words.txt, context: 32}]
            recipes: [{file: recipes.txt}]
            seeds: [0, 1]
            calibration: {text: words.txt, samples: 1}
            """);
    JsonValue.Obj said =
        CommandRun.of(
                "study", file.toString(), "--out", directory.resolve("said").toString(), "--json")
            .json();
    assertEquals(said, listed);
    assertEquals(6, listed.getArray("cells").orElseThrow().size());
    // What costs count stands in all that is written.
    String policy = "layers; not head, embeddings, first layer, attention";
    CommandRun again = run(call(list, "listed", "--seed", "0", "--seed", "1", "--svg", "--png"));
    for (String text :
        List.of(
            listed.toString(),
            again.out(),
            Files.readString(directory.resolve("listed/results.json")),
            Files.readString(directory.resolve("listed/study.html")))) {
      assertTrue(text.contains(policy), text);
    }
    for (String name : List.of("kl-against-bit-operations", "kl-against-size-dark")) {
      Path vectors = directory.resolve("listed/" + name + ".svg");
      assertTrue(Files.readString(vectors).contains("int8:channel:sym rtn"));
      BufferedImage pixels = ImageIO.read(directory.resolve("listed/" + name + ".png").toFile());
      assertTrue(pixels.getWidth() > 100 && pixels.getHeight() > 100);
    }
    List<String> lines = Files.readAllLines(directory.resolve("listed/results.csv"));
    assertEquals(7, lines.size());
    assertTrue(lines.stream().skip(1).allMatch(line -> line.contains(policy)), lines::toString);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "int4:g16:sym rtn | | needs --model DIR",
        "int4:g16:sym rtn | --text TEXT | --text: without --model",
        "int4:g16:sym rtn | --seed 1 | --seed: without --model",
        "int4:g16:sym rtn | --model MODEL | --model: missing --text FILE, or --speech",
        "int4:g16:sym rtn | --model MODEL --text TEXT --speech TEXT | --speech: in addition to --text",
        "int4:g16:sym rtn | --model MODEL --speech TEXT | --calib: missing",
        "int4:g16:sym rtn | --model MODEL --text TEXT --text TEXT | occurs twice",
        "int4:g16:sym rtn | --model MODEL --model MODEL --text TEXT | it once; a study in YAML",
        "int4:g16:sym rtn | --model MODEL --text TEXT --context 1 | --context: 1",
        "int4:g16:sym rtn | --model MODEL --text TEXT --samples 0 | --samples: 0",
        "int4:g16:sym rtn | --model MODEL --text TEXT --max-windows 0 | --max-windows: 0",
        "int4:g16:sym rnt | --model MODEL --text TEXT | recipes.txt: ",
        "'# none' | --model MODEL --text TEXT | no recipes, expected at least one",
      })
  void whatIsMissingOrTooMuchIsRefused(String line, @Nullable String options, String expected)
      throws IOException {
    List<String> call =
        new ArrayList<>(
            List.of(
                "study",
                list(List.of(line)).toString(),
                "--out",
                directory.resolve("out").toString()));
    if (options != null) {
      call.addAll(
          List.of(
              options
                  .replace("MODEL", tiny.directory().toString())
                  .replace("TEXT", tiny.text().toString())
                  .split(" ")));
    }
    run(call).requireFailure(Failure.CALL, expected);
    assertTrue(Files.notExists(directory.resolve("out")), "nothing is written");
  }

  private static List<String> fiftyRecipes() {
    List<String> recipes = new ArrayList<>();
    for (int bits = 2; bits <= 8; bits++) {
      for (String layout : List.of("g8:sym", "g16:asym", "channel:sym")) {
        recipes.add("int" + bits + ":" + layout + " rtn");
        recipes.add("int" + bits + ":" + layout + " gptq(act-order)");
      }
    }
    recipes.addAll(
        List.of(
            "hadamard | int4:g16:sym gptq @ int8:token:sym",
            "smooth(0.5) | int8:channel:sym rtn @ int8:token:sym",
            "awq | int3:g16:asym rtn",
            "int3:g16:sym rtn + lowrank(4,int8)",
            "int4:channel:sym mse rtn + sparse(3sigma)",
            "fp8e4m3:channel:sym rtn @ fp8e4m3:token:sym",
            "nvfp4 rtn",
            "nf4:g16:sym rtn"));
    return recipes;
  }

  private static long count(Path folder) {
    String[] names = folder.toFile().list();
    return names == null ? 0 : names.length;
  }

  private CommandProcess start(Path list, String out) throws IOException {
    return CommandProcess.start(
        directory.resolve(out + ".log"),
        // Five short lives, in which optimizing takes longer than it saves.
        List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"),
        call(list, out, "--quiet", "--threads", "1"));
  }

  @Test
  @Timeout(value = 5, unit = TimeUnit.MINUTES)
  void aStudyOfFiftyRecipesThatIsKilledGoesOnToTheSameBytes() throws Exception {
    List<String> recipes = fiftyRecipes();
    assertEquals(RECIPES, recipes.size());
    Path list = list(recipes);
    CommandProcess whole = start(list, "whole");
    assertEquals(0, whole.waitFor(), whole::text);
    Path cells = directory.resolve("killed/cells");
    for (int finished : new int[] {9, 25, 41}) {
      CommandProcess killed = start(list, "killed");
      while (count(cells) < finished && killed.process().isAlive()) {
        Thread.sleep(5);
      }
      // On Unix this is SIGKILL: no handler runs.
      killed.process().destroyForcibly().waitFor();
      assertTrue(count(cells) < RECIPES, () -> "it was over before: " + killed.text());
    }
    assertTrue(Files.notExists(directory.resolve("killed/results.json")), "results are whole");
    CommandProcess resumed = start(list, "killed");
    assertEquals(0, resumed.waitFor(), resumed::text);
    for (String name : List.of("results.json", "results.csv")) {
      assertArrayEquals(
          Files.readAllBytes(directory.resolve("whole").resolve(name)),
          Files.readAllBytes(directory.resolve("killed").resolve(name)),
          name);
    }
    assertEquals(
        1 + 1 + RECIPES, Files.readAllLines(directory.resolve("killed/results.csv")).size());
    assertTrue(Files.notExists(directory.resolve("killed/models")));
  }
}
