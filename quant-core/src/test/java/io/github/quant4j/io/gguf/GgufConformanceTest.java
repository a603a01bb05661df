// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.gguf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.testing.SharedData;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Files of llama.cpp and of gguf-py, held against what gguf-py reads of them. */
@Tag("conformance")
class GgufConformanceTest {
  @TempDir Path folder;

  private static Map<String, List<String[]>> expected() throws IOException {
    Map<String, List<String[]>> files = new LinkedHashMap<>();
    List<String[]> lines = new ArrayList<>();
    try (InputStream stream =
        Objects.requireNonNull(GgufConformanceTest.class.getResourceAsStream("fixtures.tsv"))) {
      String text = new String(stream.readAllBytes(), StandardCharsets.UTF_8);
      for (String line : text.lines().toList()) {
        String[] cells = line.split("\t");
        if (cells[0].equals("file")) {
          lines = new ArrayList<>();
          files.put(cells[1], lines);
        } else if (!line.startsWith("#")) {
          lines.add(cells);
        }
      }
    }
    return files;
  }

  static List<String> names() throws IOException {
    return List.copyOf(expected().keySet());
  }

  private static Path file(String name) {
    return SharedData.path("fixtures/checkpoints/" + name + "/model.gguf");
  }

  @ParameterizedTest
  @MethodSource("names")
  void filesAreReadAsByGgufPy(String name) throws IOException {
    Path path = file(name);
    byte[] bytes = Files.readAllBytes(path);
    List<String> keys = new ArrayList<>();
    List<String> tensors = new ArrayList<>();
    try (GgufFile file = GgufFile.open(path)) {
      for (String[] cells : Objects.requireNonNull(expected().get(name))) {
        if (cells[0].equals("key")) {
          keys.add(cells[1]);
          GgufValue value = file.metadata().find(cells[1]).orElseThrow();
          assertEquals(cells[2], typeOf(value), cells[1]);
          assertEquals(cells[3], text(value), cells[1]);
        } else {
          tensors.add(cells[1]);
          requireTensor(file.find(cells[1]).orElseThrow(), cells, bytes);
        }
      }
      assertEquals(keys, List.copyOf(file.metadata().keys()));
      assertEquals(tensors, List.copyOf(file.tensors().keySet()));
      assertTrue(tensors.size() > 10, name);
    }
  }

  private static void requireTensor(GgufTensor tensor, String[] cells, byte[] file) {
    assertEquals(cells[2], tensor.type().name(), cells[1]);
    assertEquals(
        cells[3],
        tensor.dimensions().stream().map(String::valueOf).collect(Collectors.joining("x")));
    int offset = Integer.parseInt(cells[4]);
    int size = Integer.parseInt(cells[5]);
    assertEquals(size, tensor.data().byteSize(), cells[1]);
    MemorySegment there = MemorySegment.ofArray(file).asSlice(offset, size);
    assertEquals(-1, there.mismatch(tensor.data()), cells[1]);
  }

  private static String typeOf(GgufValue value) {
    return value.kind().replace("array of", "array").toUpperCase(Locale.ROOT);
  }

  private static String text(GgufValue value) {
    return switch (value) {
      case GgufValue.Flag flag -> flag.value() ? "True" : "False";
      case GgufValue.Real real -> Double.toString(real.value()).replace("E-7", "e-07");
      case GgufValue.Texts texts ->
          texts.values().size() + " " + texts.values().getFirst() + "|" + texts.values().getLast();
      case GgufValue.Numbers numbers ->
          numbers.size() + " " + numbers.text(0) + "|" + numbers.text(numbers.size() - 1);
      default -> value.toString();
    };
  }

  /** What is read and written again is the same file, byte for byte. */
  @ParameterizedTest
  @MethodSource("names")
  void filesAreWrittenAsTheyWere(String name) throws IOException {
    Path path = file(name);
    Path copy = folder.resolve("copy.gguf");
    try (GgufFile file = GgufFile.open(path)) {
      GgufWriter writer = new GgufWriter(file.metadata());
      file.tensors().values().forEach(writer::add);
      assertEquals(List.of(copy), writer.write(copy));
    }
    assertEquals(-1, Files.mismatch(path, copy));
  }
}
