// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.pipeline;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.io.OutputException;
import io.github.quant4j.io.SafetensorsFile;
import io.github.quant4j.io.SafetensorsWriter;
import io.github.quant4j.model.LanguageModel;
import io.github.quant4j.model.config.ModelOptions;
import io.github.quant4j.progress.Cancellation;
import io.github.quant4j.progress.ProgressListener;
import io.github.quant4j.tensor.Tensor;
import io.github.quant4j.testing.models.TestDirectories;
import io.github.quant4j.testing.models.TestModels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What runs do to each other, to what they read, and to what they have finished when they fail. */
class ReliabilityTest {
  private static final String CALIBRATED = "int4:g16:asym gptq";
  private static final String PLAIN = "int4:g16:sym rtn";
  private static final SaveOptions RESUME = SaveOptions.defaults().withResume(true);
  private static final SaveOptions OVERWRITE = SaveOptions.defaults().withOverwrite(true);

  @TempDir private Path directory;
  private Path source = Path.of("");
  private LanguageModel model = TestModels.open("llama-untied");

  @BeforeEach
  void openModel() throws IOException {
    source = Files.createDirectory(directory.resolve("source"));
    for (String file : List.of("config.json", "model.safetensors")) {
      Files.copy(TestModels.directory("llama-untied").resolve(file), source.resolve(file));
    }
    reopen();
  }

  private void reopen() throws IOException {
    model.close();
    model = LanguageModel.open(source, ModelOptions.defaults().withThreads(1));
  }

  @AfterEach
  void closeModel() {
    model.close();
  }

  private Quantization<int[]> quantization(String recipe) {
    return Quantization.of(model)
        .recipe(recipe)
        .calibration(Calibration.ofTokens(new int[] {3, 1, 4, 1, 5}, new int[] {9, 2, 6, 5, 3, 5}));
  }

  private byte[] weights(String target) throws IOException {
    return Files.readAllBytes(directory.resolve(target).resolve("model.safetensors"));
  }

  private Set<String> left() throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files.map(file -> String.valueOf(file.getFileName())).collect(Collectors.toSet());
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aSecondRunOfTheSameTargetIsRefusedAndTheFirstIsUndisturbed(boolean resume)
      throws IOException {
    quantization(CALIBRATED).saveTo(directory.resolve("alone"));
    List<String> refusals = new ArrayList<>();
    ProgressListener intruder =
        (stage, done, total) -> {
          OutputException e =
              assertThrows(
                  OutputException.class,
                  () ->
                      quantization("int3:g16:sym rtn")
                          .saveTo(directory.resolve("contested"), OVERWRITE.withResume(resume)));
          refusals.add(e.getMessage());
        };
    quantization(CALIBRATED).progress(intruder).saveTo(directory.resolve("contested"));
    assertEquals(14, refusals.size());
    assertTrue(refusals.getFirst().contains("is being written by another run"), refusals.get(0));
    assertArrayEquals(weights("alone"), weights("contested"));
    assertEquals(Set.of("source", "alone", "contested"), left());
  }

  @Test
  void blocksOfAnotherRunAreNotTaken() throws IOException {
    stop(quantization(PLAIN), "a", 7);
    stop(quantization("int4:g16:sym mse rtn"), "b", 7);
    quantization(PLAIN).saveTo(directory.resolve("whole"));
    for (String part : List.of("", ".seal")) {
      String file = "block-00000.safetensors" + part;
      Files.copy(
          directory.resolve(".b.quant4j-run").resolve(file),
          directory.resolve(".a.quant4j-run").resolve(file),
          java.nio.file.StandardCopyOption.REPLACE_EXISTING);
    }
    quantization(PLAIN).saveTo(directory.resolve("a"), RESUME);
    assertArrayEquals(weights("whole"), weights("a"));
  }

  /** Stops when so many layers are quantized, at the next step. */
  private void stop(Quantization<int[]> quantization, String target, int layers) {
    AtomicInteger sites = new AtomicInteger();
    CancellationException e =
        assertThrows(
            CancellationException.class,
            () ->
                quantization
                    .progress((stage, done, total) -> sites.incrementAndGet())
                    .cancellation(() -> sites.get() >= layers)
                    .saveTo(directory.resolve(target)));
    UnfinishedRunException kept = (UnfinishedRunException) e.getSuppressed()[0];
    assertEquals(layers / 7, kept.finishedBlocks());
    assertTrue(kept.getMessage().contains("--resume"), kept.getMessage());
    assertTrue(Files.isDirectory(kept.directory()));
  }

  @Test
  void aDamagedBlockIsFoundFirstAndDoneAgainAlone() throws IOException {
    Quantization<int[]> quantization = quantization(PLAIN).set("lm_head", PLAIN);
    quantization.saveTo(directory.resolve("whole"));
    stop(quantization, "damaged", 14);
    TestDirectories.damage(directory.resolve(".damaged.quant4j-run/block-00000.safetensors"));
    List<String> stages = new ArrayList<>();
    quantization
        .progress((stage, done, total) -> stages.add(stage + " " + done + " of " + total))
        .saveTo(directory.resolve("damaged"), RESUME);
    assertEquals(8, stages.size(), stages::toString);
    assertEquals("quantize model.layers.0.self_attn.q_proj 8 of 15", stages.getFirst());
    assertEquals("quantize lm_head 15 of 15", stages.getLast());
    assertArrayEquals(weights("whole"), weights("damaged"));
  }

  @Test
  void damagedStatesAreComputedAgain() throws IOException {
    quantization(CALIBRATED).saveTo(directory.resolve("whole"));
    stop(quantization(CALIBRATED), "damaged", 9);
    Path states = directory.resolve(".damaged.quant4j-run/states-00001.safetensors");
    TestDirectories.damage(states);
    List<String> stages = new ArrayList<>();
    quantization(CALIBRATED)
        .progress((stage, done, total) -> stages.add(stage))
        .saveTo(directory.resolve("damaged"), RESUME);
    assertEquals(14, stages.size(), "all of the chain");
    assertArrayEquals(weights("whole"), weights("damaged"));
  }

  /** An error of any kind in the middle of the second block. */
  @ParameterizedTest
  @ValueSource(
      classes = {OutOfMemoryError.class, ArithmeticException.class, IllegalStateException.class})
  void workIsKeptWhateverGoesWrong(Class<? extends Throwable> kind) throws Exception {
    quantization(CALIBRATED).saveTo(directory.resolve("whole"));
    AtomicInteger sites = new AtomicInteger();
    Throwable planned = kind.getConstructor(String.class).newInstance("on purpose");
    ProgressListener failing =
        (stage, done, total) -> {
          if (sites.incrementAndGet() == 9) {
            switch (planned) {
              case Error e -> throw e;
              case RuntimeException e -> throw e;
              default -> throw new AssertionError(planned);
            }
          }
        };
    Throwable thrown =
        assertThrows(
            kind,
            () -> quantization(CALIBRATED).progress(failing).saveTo(directory.resolve("out")));
    assertEquals("on purpose", thrown.getMessage());
    UnfinishedRunException kept = (UnfinishedRunException) thrown.getSuppressed()[0];
    assertEquals(1, kept.finishedBlocks());
    assertEquals(directory.resolve(".out.quant4j-run").toAbsolutePath(), kept.directory());
    List<String> again = new ArrayList<>();
    quantization(CALIBRATED)
        .progress((stage, done, total) -> again.add(stage))
        .saveTo(directory.resolve("out"), RESUME);
    assertEquals(7, again.size());
    assertArrayEquals(weights("whole"), weights("out"));
  }

  @Test
  void anInterruptWhileAFileIsWrittenIsACancellation() throws IOException {
    quantization(PLAIN).saveTo(directory.resolve("whole"));
    AtomicInteger sites = new AtomicInteger();
    CancellationException thrown =
        assertThrows(
            CancellationException.class,
            () ->
                quantization(PLAIN)
                    .cancellation(Cancellation.never())
                    .progress(
                        (stage, done, total) -> {
                          if (sites.incrementAndGet() == 14) {
                            Thread.currentThread().interrupt();
                          }
                        })
                    .saveTo(directory.resolve("out")));
    assertTrue(Thread.interrupted(), "the flag stays");
    assertEquals(1, ((UnfinishedRunException) thrown.getSuppressed()[0]).finishedBlocks());
    quantization(PLAIN).saveTo(directory.resolve("out"), RESUME);
    assertArrayEquals(weights("whole"), weights("out"));
  }

  @Test
  void nothingIsLeftOfARunThatHasNotBegun() {
    assertThrows(
        IllegalArgumentException.class,
        () ->
            quantization(CALIBRATED)
                .calibration(Calibration.ofText("too short", 1, 200))
                .saveTo(directory.resolve("deep/out")));
    assertTrue(Files.notExists(directory.resolve("deep")));
  }

  @Test
  void anOutputMustNotContainTheModel() throws IOException {
    Files.writeString(directory.resolve("config.json"), "{}");
    Set<String> before = left();
    byte[] weights = weights("source");
    for (Path target : List.of(directory, source, directory.resolve("source/../source"))) {
      OutputException e =
          assertThrows(OutputException.class, () -> quantization(PLAIN).saveTo(target, OVERWRITE));
      assertTrue(e.getMessage().contains("the input"), e.getMessage());
    }
    assertEquals(before, left());
    assertArrayEquals(weights, weights("source"));
    quantization(PLAIN).saveTo(source.resolve("int4"));
    assertNotEquals(0, weights("source/int4").length);
  }

  @ParameterizedTest
  @CsvSource({
    "model.layers.1.input_layernorm.weight, 5, NaN, '(5)'",
    "model.embed_tokens.weight, 70, Infinity, '(2, 6)'",
    "lm_head.weight, 33, -Infinity, '(1, 1)'",
    "model.norm.weight, 0, NaN, '(0)'",
    "model.layers.0.mlp.up_proj.weight, 40, NaN, '(1, 8)'",
  })
  void whatIsNotFiniteIsFoundBeforeTheWork(String name, int at, float value, String element)
      throws IOException {
    SafetensorsWriter writer = new SafetensorsWriter();
    try (SafetensorsFile file = SafetensorsFile.open(source.resolve("model.safetensors"))) {
      for (String tensor : file.names()) {
        Tensor values = file.require(tensor);
        float[] floats = values.toFloatArray();
        if (tensor.equals(name)) {
          floats[at] = value;
        }
        writer.add(Tensor.ofFloats(values.shape(), floats).withName(tensor));
      }
      writer.write(directory.resolve("changed"));
    }
    model.close();
    Files.delete(source.resolve("model.safetensors"));
    Files.move(directory.resolve("changed"), source.resolve("model.safetensors"));
    reopen();
    PlanException e =
        assertThrows(
            PlanException.class, () -> quantization(CALIBRATED).saveTo(directory.resolve("out")));
    assertEquals(
        "tensor '" + name + "': element " + element + " is " + value + ", expected finite values",
        e.getMessage());
    assertEquals(Set.of("source"), left());
  }
}
