// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.gguf;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.io.TensorFileException;
import io.github.quant4j.testing.SeededRandom;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Files of both forms, laid out by hand as llama.cpp's imatrix tool writes them. */
class ImportanceMatrixTest {
  private static final int F32 = 0;

  @TempDir Path folder;

  private static int bits(float value) {
    return Float.floatToRawIntBits(value);
  }

  private static RawGguf floats(RawGguf file, float... values) {
    for (float value : values) {
      file.u32(bits(value));
    }
    return file;
  }

  /** A string with a length of 32 bits. */
  private static RawGguf text(RawGguf file, String text) {
    return file.u32(text.length()).ascii(text);
  }

  private static RawGguf legacyEntry(RawGguf file, String name, int chunks, float... values) {
    return floats(text(file, name).u32(chunks).u32(values.length), values);
  }

  private static RawGguf legacy() {
    RawGguf file = new RawGguf().u32(2);
    legacyEntry(file, "blk.0.ffn_up.weight", 4, 8, 2);
    legacyEntry(file, "blk.0.attn_q.weight", 0, 3, 5);
    return text(file.u32(4), "wiki.txt");
  }

  private static RawGguf gguf() {
    RawGguf file =
        RawGguf.start(5, 4)
            .key("general.type", 8)
            .string("imatrix")
            .key("imatrix.datasets", 9)
            .u32(8)
            .u64(2)
            .string("a.txt")
            .string("b.txt")
            .key("imatrix.chunk_count", 4)
            .u32(3)
            .key("imatrix.chunk_size", 4)
            .u32(10)
            .tensor("exps.weight.in_sum2", F32, 0, 2, 3)
            .tensor("exps.weight.counts", F32, 32, 1, 3)
            .tensor("exps.weight.in_sum", F32, 64, 2, 3)
            .tensor("up.weight.in_sum2", F32, 96, 4, 1)
            .tensor("up.weight.counts", F32, 128, 1, 1)
            .align(32);
    floats(file, 10, 20, 0, 0, 9, 12).align(32);
    floats(file, 10, 0, 3).align(32);
    floats(file, 1, -2, 0, 0, 5, 6).align(32);
    floats(file, 30, 60, 0, 15).align(32);
    return floats(file, 30).align(32);
  }

  @Test
  void legacyFilesHoldMeansTimesChunks() throws IOException {
    ImportanceMatrix matrix = ImportanceMatrix.read(legacy().write(folder.resolve("a.dat")));
    assertEquals(
        List.of("blk.0.attn_q.weight", "blk.0.ffn_up.weight"),
        List.copyOf(matrix.entries().keySet()));
    assertArrayEquals(
        new float[] {2, 0.5f}, matrix.meanSquares("blk.0.ffn_up.weight", 2, 0).orElseThrow());
    assertArrayEquals(
        new float[] {0.5f}, matrix.meanSquares("blk.0.ffn_up.weight", 1, 1).orElseThrow());
    assertArrayEquals(
        new float[] {3, 5}, matrix.meanSquares("blk.0.attn_q.weight", 2, 0).orElseThrow());
    assertEquals(List.of("wiki.txt"), matrix.datasets());
    assertEquals(4, matrix.chunkCount());
    assertEquals(1, matrix.chunkSize());
    assertTrue(matrix.meanSquares("other", 2, 0).isEmpty());
  }

  @Test
  void theOldestFilesEndAfterTheWeights() throws IOException {
    RawGguf file = legacyEntry(new RawGguf().u32(1), "w", 2, 4, 6);
    ImportanceMatrix matrix = ImportanceMatrix.read(file.write(folder.resolve("a.dat")));
    assertArrayEquals(new float[] {2, 3}, matrix.meanSquares("w", 2, 0).orElseThrow());
    assertEquals(List.of(), matrix.datasets());
    assertEquals(2, matrix.chunkCount());
  }

  @Test
  void ggufFilesHoldSumsAndCounts() throws IOException {
    ImportanceMatrix matrix = ImportanceMatrix.read(gguf().write(folder.resolve("a.gguf")));
    assertEquals(List.of("exps.weight", "up.weight"), List.copyOf(matrix.entries().keySet()));
    assertArrayEquals(
        new float[] {1, 2, 0, 0.5f}, matrix.meanSquares("up.weight", 4, 0).orElseThrow());
    assertArrayEquals(new float[] {1, 2}, matrix.meanSquares("exps.weight", 2, 0).orElseThrow());
    // An expert that no token came to.
    assertArrayEquals(new float[] {1, 1}, matrix.meanSquares("exps.weight", 2, 1).orElseThrow());
    assertArrayEquals(new float[] {3, 4}, matrix.meanSquares("exps.weight", 2, 2).orElseThrow());
    assertArrayEquals(new long[] {10, 0, 3}, matrix.find("exps.weight").orElseThrow().counts());
    assertEquals(List.of("a.txt", "b.txt"), matrix.datasets());
    assertEquals(3, matrix.chunkCount());
    assertEquals(10, matrix.chunkSize());
    assertThrows(IllegalArgumentException.class, () -> matrix.meanSquares("up.weight", 3, 0));
    assertThrows(IndexOutOfBoundsException.class, () -> matrix.meanSquares("up.weight", 4, 1));
  }

  /** The same bytes as the tool's, but for the plain sums, which are not kept. */
  @Test
  void ggufIsWrittenAsTheToolDoes() throws IOException {
    ImportanceMatrix matrix = ImportanceMatrix.read(gguf().write(folder.resolve("a.gguf")));
    Path copy = folder.resolve("b.gguf");
    matrix.write(copy);
    RawGguf expected =
        RawGguf.start(4, 4)
            .key("general.type", 8)
            .string("imatrix")
            .key("imatrix.datasets", 9)
            .u32(8)
            .u64(2)
            .string("a.txt")
            .string("b.txt")
            .key("imatrix.chunk_count", 4)
            .u32(3)
            .key("imatrix.chunk_size", 4)
            .u32(10)
            .tensor("exps.weight.in_sum2", F32, 0, 2, 3)
            .tensor("exps.weight.counts", F32, 32, 1, 3)
            .tensor("up.weight.in_sum2", F32, 64, 4, 1)
            .tensor("up.weight.counts", F32, 96, 1, 1)
            .align(32);
    floats(expected, 10, 20, 0, 0, 9, 12).align(32);
    floats(expected, 10, 0, 3).align(32);
    floats(expected, 30, 60, 0, 15).align(32);
    floats(expected, 30).align(32);
    assertArrayEquals(expected.toBytes(), Files.readAllBytes(copy));
  }

  /** The largest count makes the chunks: 10 tokens are one, 30 are three. */
  @Test
  void legacyIsWrittenAsTheToolDoes() throws IOException {
    ImportanceMatrix matrix = ImportanceMatrix.read(gguf().write(folder.resolve("a.gguf")));
    Path copy = folder.resolve("b.dat");
    matrix.writeLegacy(copy);
    RawGguf expected = new RawGguf().u32(2);
    legacyEntry(expected, "exps.weight", 1, 1, 2, 1, 1, 3, 4);
    legacyEntry(expected, "up.weight", 3, 3, 6, 0, 1.5f);
    text(expected.u32(3), "b.txt");
    assertArrayEquals(expected.toBytes(), Files.readAllBytes(copy));
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void meansSurviveBothForms(long seed) throws IOException {
    SeededRandom random = new SeededRandom(seed);
    ImportanceMatrix.Builder builder = ImportanceMatrix.builder().dataset("text");
    for (int i = 0; i < 5; i++) {
      int matrices = random.nextInt(1, 4);
      float[] sums = random.gaussians(matrices * 7);
      for (int j = 0; j < sums.length; j++) {
        sums[j] *= 100 * sums[j];
      }
      long[] counts = new long[matrices];
      Arrays.setAll(counts, _ -> random.nextInt(1, 5000));
      builder.add("w" + i, new ImportanceMatrix.Entry(sums, counts));
    }
    ImportanceMatrix matrix = builder.build();
    Path gguf = folder.resolve("a.gguf");
    Path legacy = folder.resolve("a.dat");
    matrix.write(gguf);
    matrix.writeLegacy(legacy);
    ImportanceMatrix first = ImportanceMatrix.read(gguf);
    ImportanceMatrix second = ImportanceMatrix.read(legacy);
    assertEquals(matrix.entries().keySet(), first.entries().keySet());
    matrix
        .entries()
        .forEach(
            (name, entry) -> {
              assertArrayEquals(entry.sums(), first.find(name).orElseThrow().sums());
              assertArrayEquals(entry.counts(), first.find(name).orElseThrow().counts());
              float[] expected = entry.meanSquares();
              float[] found = second.find(name).orElseThrow().meanSquares();
              for (int i = 0; i < expected.length; i++) {
                assertEquals(expected[i], found[i], 1e-6f * expected[i], random + " " + name);
              }
            });
    assertEquals(first.chunkCount(), second.chunkCount());
  }

  private static Arguments bad(RawGguf file, String... parts) {
    return Arguments.of(List.of(parts), file);
  }

  private static RawGguf one(String suffix, float... values) {
    RawGguf file =
        RawGguf.start(2, 0)
            .tensor("w.in_sum2", F32, 0, 2)
            .tensor("w" + suffix, F32, 32, values.length)
            .align(32);
    return floats(floats(file, 1, 2).align(32), values);
  }

  static Stream<Arguments> badFiles() {
    RawGguf noName = new RawGguf().u32(1).u32(0).data(40);
    return Stream.of(
        bad(new RawGguf(), "number of weights"),
        bad(new RawGguf().u32(0), "number of weights", "0"),
        bad(new RawGguf().u32(-5).data(40), "number of weights", "-5", "importance matrix"),
        bad(new RawGguf().u32(1000).data(40), "1000", "40 bytes are left"),
        bad(noName, "name of weight 0", "0"),
        bad(new RawGguf().u32(1).u32(900).data(40), "name of weight 0", "900", "40 are left"),
        bad(text(new RawGguf().u32(1), "w").u32(-1).u32(1).u32(0).data(9), "'w'", "-1"),
        bad(text(new RawGguf().u32(1), "w").u32(1).u32(1 << 30).data(9), "'w'", "4294967296"),
        bad(legacyEntry(new RawGguf().u32(1), "w", 1, Float.NaN), "'w'", "NaN"),
        bad(legacyEntry(new RawGguf().u32(1), "w", 1, 2, -1), "'w'", "-1.0"),
        bad(legacyEntry(legacyEntry(new RawGguf().u32(2), "w", 1, 2), "w", 1, 2), "'w'", "twice"),
        bad(legacy().data(1), "name of the text", "8", "9"),
        bad(RawGguf.start(0, 0), "no tensors"),
        bad(
            RawGguf.start(0, 1).key("general.type", 8).string("model"),
            "general.type",
            "model",
            "imatrix"),
        bad(one(".weight", 1), "'w.weight'", "in_sum2"),
        bad(one(".in_sum", 1, 2), "'w.counts'", "missing"),
        bad(one(".counts", 1, 2, 3), "'w'", "2 sums", "3 counts"),
        bad(one(".counts", -1), "'w.counts'", "-1.0"),
        bad(one(".counts", Float.NaN), "'w.counts'", "NaN"));
  }

  @ParameterizedTest
  @MethodSource("badFiles")
  void badFilesAreRefusedWithTheReason(List<String> parts, RawGguf bad) throws IOException {
    Path path = bad.write(folder.resolve("some.imatrix"));
    String message =
        assertThrows(TensorFileException.class, () -> ImportanceMatrix.read(path)).getMessage();
    assertTrue(message.startsWith(path.toString()), message);
    for (String part : parts) {
      assertTrue(message.contains(part), message + " should say " + part);
    }
  }

  @Test
  void truncatedFilesAreRefused() throws IOException {
    byte[] whole = legacy().toBytes();
    int weights = whole.length - 8 - "wiki.txt".getBytes(StandardCharsets.US_ASCII).length;
    Path path = folder.resolve("some.dat");
    for (int length = 0; length < whole.length; length++) {
      Files.write(path, Arrays.copyOf(whole, length));
      if (length == weights || length == weights + 4) {
        assertEquals(2, ImportanceMatrix.read(path).entries().size());
      } else {
        assertThrows(TensorFileException.class, () -> ImportanceMatrix.read(path), "" + length);
      }
    }
  }

  @Test
  void whatIsNotAMatrixIsRefused() {
    long[] counts = {1};
    for (float bad : new float[] {-1, Float.NaN, Float.POSITIVE_INFINITY}) {
      assertThrows(
          IllegalArgumentException.class,
          () -> new ImportanceMatrix.Entry(new float[] {1, bad}, counts));
    }
    assertThrows(
        IllegalArgumentException.class,
        () -> new ImportanceMatrix.Entry(new float[3], new long[] {1, 2}));
    assertThrows(
        IllegalArgumentException.class,
        () -> new ImportanceMatrix.Entry(new float[2], new long[] {-1}));
    ImportanceMatrix empty = ImportanceMatrix.builder().build();
    Path path = folder.resolve("empty");
    assertThrows(IllegalArgumentException.class, () -> empty.write(path));
    assertThrows(IllegalArgumentException.class, () -> empty.writeLegacy(path));
    assertTrue(Files.notExists(path));
  }
}
