// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.quantized;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.block.BlockFormat;
import io.github.quant4j.io.SafetensorsFile;
import io.github.quant4j.io.SafetensorsWriter;
import io.github.quant4j.linalg.Compute;
import io.github.quant4j.linear.BlockTerm;
import io.github.quant4j.linear.QuantizedLinear;
import io.github.quant4j.matrix.BlockMatrix;
import io.github.quant4j.quantize.Quantizer;
import io.github.quant4j.tensor.DType;
import io.github.quant4j.tensor.Shape;
import io.github.quant4j.tensor.Tensor;
import io.github.quant4j.testing.SeededRandom;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ModelVerifierTest {
  @TempDir Path folder;

  private Path quantized(String recipe) throws IOException {
    SequencedMap<String, QuantizedLinear> layers = new LinkedHashMap<>();
    layers.put(
        "m",
        QuantizedLinear.of(
            Quantizer.of(recipe)
                .quantize(new SeededRandom(1).gaussianMatrix(6, 16), Compute.scalar())));
    Path source =
        QuantizedModels.plain(
            folder.resolve("source"),
            Tensor.ofFloats(Shape.of(3), new float[] {1, 2, 3}).withName("norm.weight"));
    Path target = folder.resolve("out");
    QuantizedModels.write(source, target, layers);
    assertEquals(List.of(), ModelVerifier.verify(target));
    return target;
  }

  private static void assertProblem(Path directory, String subject, String description)
      throws IOException {
    List<Problem> problems = ModelVerifier.verify(directory);
    assertTrue(
        problems.stream()
            .anyMatch(
                problem ->
                    problem.subject().contains(subject)
                        && problem.description().contains(description)),
        problems.toString());
  }

  private static void replace(Path file, String from, String to) throws IOException {
    String text = Files.readString(file);
    assertTrue(text.contains(from), text);
    Files.writeString(file, text.replace(from, to));
  }

  /** The checksums are right, but a scale of a block is NaN. */
  @Test
  void blocksWithoutNumbersAreReported() throws IOException {
    byte[] blocks = new byte[3 * 36];
    blocks[36 + 18] = 1;
    blocks[36 + 19] = 0x7e;
    SequencedMap<String, QuantizedLinear> layers = new LinkedHashMap<>();
    BlockMatrix matrix = new BlockMatrix(BlockFormat.Q4_0, 3, 64, MemorySegment.ofArray(blocks));
    layers.put("m", QuantizedLinear.of(List.of(new BlockTerm(matrix))));
    Path source =
        QuantizedModels.plain(
            folder.resolve("source"),
            Tensor.ofFloats(Shape.of(3), new float[] {1, 2, 3}).withName("norm.weight"));
    Path target = folder.resolve("out");
    QuantizedModels.write(source, target, layers);
    assertProblem(target, "m", "NaN");
    assertEquals(1, ModelVerifier.verify(target).size());
  }

  /** Every single flipped bit of the data is noticed. */
  @Test
  void everyFlippedBitIsFound() throws IOException {
    Path file = quantized("int4:g8:asym rtn").resolve("model.safetensors");
    byte[] good = Files.readAllBytes(file);
    int start = 8 + (int) ByteBuffer.wrap(good).order(ByteOrder.LITTLE_ENDIAN).getLong(0);
    for (int i = start; i < good.length; i++) {
      byte[] bad = good.clone();
      bad[i] ^= (byte) (1 << i % 8);
      Files.write(file, bad);
      assertProblem(file.getParent(), "tensor '", "differs from its checksum");
    }
  }

  @Test
  void everyFlippedBitOfTheSmallFilesIsFound() throws IOException {
    Path target = quantized("int4:g8:asym rtn");
    for (String name : List.of("config.json", "quant4j-checksums.json")) {
      Path file = target.resolve(name);
      byte[] good = Files.readAllBytes(file);
      for (int i = 0; i < good.length; i++) {
        byte[] bad = good.clone();
        bad[i] ^= (byte) (1 << i % 7);
        Files.write(file, bad);
        boolean isSpace = Character.isWhitespace(good[i]) && Character.isWhitespace(bad[i]);
        assertTrue(
            !ModelVerifier.verify(target).isEmpty() || isSpace,
            name + " at " + i + ": " + new String(bad, StandardCharsets.ISO_8859_1));
      }
      Files.write(file, good);
    }
    assertEquals(List.of(), ModelVerifier.verify(target));
    Files.delete(target.resolve("quant4j-checksums.json"));
    assertEquals(List.of(), ModelVerifier.verify(target));
  }

  /**
   * Parts of layers and other tensors are counted, once for the checksum and once for the values.
   */
  @Test
  void tellsHowFarItIsAndStops() throws IOException {
    Path target = quantized("int4:g8:asym rtn");
    List<Long> steps = new ArrayList<>();
    List<Long> totals = new ArrayList<>();
    ModelVerifier verifier =
        ModelVerifier.of(target)
            .progress(
                (stage, done, total) -> {
                  assertEquals("verify", stage);
                  steps.add(done);
                  totals.add(total);
                });
    assertEquals(List.of(), verifier.run());
    long last = totals.getFirst();
    assertTrue(last > 4 && last % 2 == 0, totals.toString());
    assertEquals(Collections.nCopies(totals.size(), last), totals);
    assertEquals(last, steps.getLast());
    assertEquals(steps.stream().sorted().distinct().toList(), steps);
    steps.clear();
    assertEquals(List.of(), verifier.run());
    assertEquals(1, steps.getFirst());
    for (int stop : new int[] {0, 1, (int) last - 1}) {
      steps.clear();
      assertThrows(
          CancellationException.class,
          () ->
              verifier
                  .cancellation(() -> !steps.isEmpty() && steps.getLast() >= stop || stop == 0)
                  .run());
      assertEquals(stop, steps.size() == 0 ? 0 : steps.getLast());
    }
    Thread.currentThread().interrupt();
    try {
      assertThrows(CancellationException.class, () -> ModelVerifier.verify(target));
    } finally {
      Thread.interrupted();
    }
  }

  @Test
  void missingAndBrokenFilesAreProblems() throws IOException {
    assertProblem(folder.resolve("nowhere"), "nowhere", "no such directory");
    Path target = quantized("int4:g8 rtn");
    Path file = target.resolve("model.safetensors");
    byte[] good = Files.readAllBytes(file);
    Files.write(file, Arrays.copyOf(good, good.length - 1));
    assertProblem(target, "out", "truncated");
    Files.delete(file);
    assertProblem(target, "out", "neither model.safetensors nor");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "int4:g8 rtn | \"num_bits\": 4 | \"num_bits\": 5 | module 'm' | expected 3 words",
        "int4:g8 rtn | \"group_size\": 8 | \"group_size\": 4 | module 'm' | expected [6, 4]",
        "int4:g8 rtn | \"Linear\" | \"n\" | config.json | no config group targets it",
        "int4:g8 rtn | compressed-tensors | qqq | config.json | 'qqq' is not supported",
        "nf4:g8 rtn | nf4:g8:sym | nf4:channel:sym | module 'm' | expected 6 elements",
        "nf4:g8 rtn | weight_scale | weight_scales | module 'm' | is missing",
      })
  void aConfigThatDoesNotSuitTheTensorsIsAProblem(
      String recipe, String from, String to, String subject, String description)
      throws IOException {
    Path target = quantized(recipe);
    replace(target.resolve("config.json"), from, to);
    assertProblem(target, subject, description);
  }

  /** Rewrites a tensor with a checksum that is right. */
  private static void rewrite(Path directory, Tensor changed) throws IOException {
    Path file = directory.resolve("model.safetensors");
    byte[] bytes = Files.readAllBytes(file);
    SafetensorsWriter writer = new SafetensorsWriter().add(changed);
    Path copy = Files.write(directory.resolve("copy"), bytes);
    try (SafetensorsFile before = SafetensorsFile.open(copy)) {
      for (String name : before.names()) {
        if (!name.equals(changed.name())) {
          writer.add(before.require(name));
        }
      }
      writer.write(file);
    }
    Files.delete(copy);
  }

  @Test
  void scalesMustBePositiveAndFinite() throws IOException {
    Path target = quantized("int4:channel:sym:f32 rtn");
    for (float bad : new float[] {0, Float.NaN, Float.POSITIVE_INFINITY}) {
      float[] scales = {1, 1, bad, 1, 1, 1};
      rewrite(target, Tensor.ofFloats(Shape.of(6, 1), scales).withName("m.weight_scale"));
      assertProblem(target, "module 'm'", "scales: number 2 is " + bad);
    }
  }

  @Test
  void unusedCodesOfACodeBookAreFound() throws IOException {
    Path target = quantized("ternary:channel rtn");
    byte[] codes = new byte[6 * 4];
    codes[9] = (byte) 0b11_00_01_00;
    rewrite(target, Tensor.ofBytes(DType.U8, Shape.of(6, 4), codes).withName("m.weight_codes"));
    assertProblem(target, "module 'm'", "1 codes stand for no finite value of ternary");
    assertProblem(target, "module 'm'", "the first is 3 at (2, 7)");
  }

  @Test
  void codesOfNanAreFound() throws IOException {
    Path target = quantized("fp8e4m3:channel rtn");
    byte[] codes = new byte[6 * 16];
    codes[20] = 0x7f;
    codes[21] = (byte) 0xff;
    rewrite(target, Tensor.ofBytes(DType.F8_E4M3, Shape.of(6, 16), codes).withName("m.weight"));
    assertProblem(target, "module 'm'", "2 codes stand for no finite value");
  }

  @Test
  void weightsThatAreNotQuantizedMustBeFinite() throws IOException {
    Path target = quantized("int4:g8 rtn");
    float[] values = {1, Float.NEGATIVE_INFINITY, 3};
    rewrite(target, Tensor.ofFloats(Shape.of(3), values).withName("norm.weight"));
    assertProblem(target, "tensor 'norm.weight'", "element 1 is -Infinity");
  }

  @Test
  void aTensorThatTheIndexDoesNotPlaceIsAProblem() throws IOException {
    Path target = quantized("int4:g8 rtn");
    Files.move(target.resolve("model.safetensors"), target.resolve("a.safetensors"));
    Files.writeString(
        target.resolve("model.safetensors.index.json"),
        """
        {"weight_map": {"m.weight_packed": "a.safetensors", "m.weight_scale": "a.safetensors",
          "m.weight_shape": "a.safetensors"}}
        """);
    assertProblem(target, "tensor 'norm.weight'", "the index does not place it");
  }
}
