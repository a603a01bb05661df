// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.pipeline;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.io.TensorFileException;
import io.github.quant4j.model.LanguageModel;
import io.github.quant4j.model.config.ModelOptions;
import io.github.quant4j.testing.SeededRandom;
import io.github.quant4j.testing.models.TestModels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Runs that are taken up after something has happened to what they had finished. */
class RunDirectoryFuzzTest {
  private static final SaveOptions RESUME = SaveOptions.defaults().withResume(true);
  private static final int CASES = 60;
  private static final int SITES_BEFORE_THE_HEAD = 14;

  @TempDir private Path directory;

  private Quantization<int[]> quantization(LanguageModel model, String recipe) {
    return Quantization.of(model)
        .recipe(recipe)
        .set("lm_head", recipe)
        .calibration(Calibration.ofTokens(new int[] {3, 1, 4, 1, 5}, new int[] {9, 2, 6, 5, 3, 5}));
  }

  private static void copy(Path from, Path to) throws IOException {
    Files.createDirectory(to);
    for (Path file : files(from)) {
      Files.copy(file, to.resolve(file.getFileName()));
    }
  }

  private static List<Path> files(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.sorted().toList();
    }
  }

  private static byte[] damaged(byte[] bytes, SeededRandom random) {
    if (bytes.length > 0 && random.nextInt(0, 3) > 0) {
      byte[] changed = bytes.clone();
      changed[random.nextInt(0, bytes.length)] ^= (byte) (1 << random.nextInt(0, 8));
      return changed;
    }
    return Arrays.copyOf(bytes, random.nextInt(0, bytes.length + 1));
  }

  private void requireSameAs(Path whole, Path target, String what) throws IOException {
    for (String file : List.of("model.safetensors", "config.json")) {
      assertArrayEquals(
          Files.readAllBytes(whole.resolve(file)), Files.readAllBytes(target.resolve(file)), what);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "int4:g16:asym gptq(act-order)",
        "int4:g16:sym rtn",
        "retarget(0.5) | int4:g16:asym gptq"
      })
  void damageIsDoneAgainOrRefused(String recipe) throws IOException {
    SeededRandom random = new SeededRandom(41);
    ModelOptions options = ModelOptions.defaults().withThreads(1);
    try (LanguageModel model = LanguageModel.open(TestModels.directory("llama-untied"), options)) {
      Quantization<int[]> quantization = quantization(model, recipe);
      Path whole = directory.resolve("whole");
      quantization.saveTo(whole);
      AtomicInteger sites = new AtomicInteger();
      assertThrows(
          CancellationException.class,
          () ->
              quantization
                  .progress((stage, done, total) -> sites.incrementAndGet())
                  .cancellation(() -> sites.get() >= SITES_BEFORE_THE_HEAD)
                  .saveTo(directory.resolve("killed")));
      Path killed = directory.resolve(".killed.quant4j-run");
      List<Path> files = files(killed);
      Set<String> outcomes = new TreeSet<>();
      for (int i = 0; i < CASES; i++) {
        Path target = directory.resolve("resumed");
        Path state = directory.resolve(".resumed.quant4j-run");
        copy(killed, state);
        Path file = state.resolve(files.get(i % files.size()).getFileName());
        byte[] before = Files.readAllBytes(file);
        byte[] after = damaged(before, random);
        Files.write(file, after);
        String what = recipe + ", case " + i + ", " + file.getFileName() + ", " + random;
        try {
          quantization.saveTo(target, RESUME);
          requireSameAs(whole, target, what);
          outcomes.add("same");
        } catch (TensorFileException | PlanException e) {
          outcomes.add("refused");
          assertEquals("run.json", String.valueOf(file.getFileName()), what);
          assertTrue(e.getMessage().contains(state.toString()), e.getMessage());
          // The advice is true.
          quantization.saveTo(target);
          requireSameAs(whole, target, what);
        }
        for (Path left : files(target)) {
          Files.delete(left);
        }
        Files.delete(target);
        assertTrue(Files.notExists(state), what);
      }
      assertEquals(Set.of("same", "refused"), outcomes, random.toString());
    }
  }
}
