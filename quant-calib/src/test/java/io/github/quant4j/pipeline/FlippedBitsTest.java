// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.pipeline;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.io.TensorFileException;
import io.github.quant4j.model.LanguageModel;
import io.github.quant4j.model.ModelCheck;
import io.github.quant4j.model.config.InvalidModelException;
import io.github.quant4j.model.config.ModelOptions;
import io.github.quant4j.testing.SeededRandom;
import io.github.quant4j.testing.models.TestModels;
import io.github.quant4j.testing.models.TestTokenizers;
import io.github.quant4j.text.InvalidTokenizerException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** One flipped bit anywhere in a finished model is noticed, or changes nothing. */
class FlippedBitsTest {
  private static final int FLIPS = 300;
  private static final int[] TOKENS = {1, 5, 9, 3, 8};
  private static final String TEXT = "some words";

  @TempDir private Path directory;

  private static ModelOptions options() {
    return ModelOptions.defaults().withKernels("scalar").withThreads(1);
  }

  private Path quantized(String recipe) throws IOException {
    Path source = Files.createDirectory(directory.resolve("source"));
    for (String file : List.of("config.json", "model.safetensors")) {
      Files.copy(TestModels.directory("qwen2-biased").resolve(file), source.resolve(file));
    }
    Files.writeString(source.resolve("tokenizer.json"), TestTokenizers.sentencePiece());
    Path target = directory.resolve("out");
    try (LanguageModel model = LanguageModel.open(source, options())) {
      Quantization.of(model).recipe(recipe).saveTo(target);
    }
    assertEquals(List.of(), ModelCheck.verify(target));
    assertEquals(List.of(), ModelCheck.warnings(target));
    return target;
  }

  private static List<Path> files(Path target) throws IOException {
    try (Stream<Path> files = Files.list(target)) {
      return files.sorted().toList();
    }
  }

  /** What the model does: its logits, and how it reads a text. */
  private static float[] behaviour(Path target) throws IOException {
    try (LanguageModel model = LanguageModel.open(target, options())) {
      float[] logits = model.logits(TOKENS).data();
      int[] encoded = model.tokenizer().encode(TEXT, true);
      float[] all = Arrays.copyOf(logits, logits.length + encoded.length);
      for (int i = 0; i < encoded.length; i++) {
        all[logits.length + i] = encoded[i];
      }
      return all;
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"int4:g16:asym rtn", "nf4:g16 rtn"})
  void anywhereInAnyFile(String recipe) throws IOException {
    SeededRandom random = new SeededRandom(recipe.hashCode());
    Path target = quantized(recipe);
    float[] expected = behaviour(target);
    List<Path> files = files(target);
    assertTrue(files.size() >= 6, files.toString());
    int silent = 0;
    for (int flip = 0; flip < FLIPS; flip++) {
      Path file = files.get(random.nextInt(0, files.size()));
      byte[] good = Files.readAllBytes(file);
      byte[] bad = good.clone();
      int at = random.nextInt(0, bad.length);
      bad[at] ^= (byte) (1 << random.nextInt(0, 8));
      Files.write(file, bad);
      if (ModelCheck.verify(target).isEmpty()) {
        silent++;
        assertArrayEquals(expected, behaviour(target), random + ": " + file + " at " + at);
      }
      Files.write(file, good);
    }
    assertTrue(silent < FLIPS / 4, silent + " flips were not noticed");
  }

  /** Those of names, types and shapes are noticed by opening the model as well. */
  @Test
  void inTheHeaderByOpening() throws IOException {
    SeededRandom random = new SeededRandom(4);
    Path target = quantized("int4:g16:asym rtn");
    float[] expected = behaviour(target);
    Path file = target.resolve("model.safetensors");
    byte[] good = Files.readAllBytes(file);
    int header = (int) ByteBuffer.wrap(good).order(ByteOrder.LITTLE_ENDIAN).getLong(0);
    int refused = 0;
    for (int flip = 0; flip < FLIPS; flip++) {
      byte[] bad = good.clone();
      int at = 8 + random.nextInt(0, header);
      bad[at] ^= (byte) (1 << random.nextInt(0, 8));
      Files.write(file, bad);
      try {
        assertArrayEquals(expected, behaviour(target), random + ": at " + at);
      } catch (TensorFileException | InvalidModelException | InvalidTokenizerException e) {
        refused++;
      }
    }
    assertTrue(refused > FLIPS / 2, refused + " were refused");
  }
}
