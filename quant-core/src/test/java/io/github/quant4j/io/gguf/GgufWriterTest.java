// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.gguf;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.io.OutputException;
import io.github.quant4j.io.TensorFileException;
import io.github.quant4j.tensor.DType;
import io.github.quant4j.tensor.Shape;
import io.github.quant4j.tensor.Tensor;
import io.github.quant4j.testing.SeededRandom;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GgufWriterTest {
  @TempDir Path folder;

  private static GgufMetadata metadata() {
    return GgufMetadata.builder()
        .putString("general.architecture", "test")
        .putUnsigned("general.alignment", 8)
        .putStrings("words", List.of("a", "\u00fc"))
        .build();
  }

  /** The whole file, byte for byte, as the specification lays it out. */
  @Test
  void theBytesAreThoseOfTheSpecification() throws IOException {
    Path path = folder.resolve("a.gguf");
    new GgufWriter(metadata())
        .add(Tensor.ofFloats(Shape.of(1, 3), new float[] {1, 2, -1}).withName("x"))
        .add("y", GgufTensorType.Q8_0, List.of(32L, 1L), sink -> sink.write(bytes(34)))
        .write(path);
    byte[] expected =
        RawGguf.start(2, 4)
            .key("general.architecture", 8)
            .string("test")
            .key("general.alignment", 4)
            .u32(8)
            .key("words", 9)
            .u32(8)
            .u64(2)
            .string("a")
            .string("\u00fc")
            .key("general.quantization_version", 4)
            .u32(2)
            .tensor("x", 0, 0, 3, 1)
            .tensor("y", 8, 16, 32, 1)
            .align(8)
            .u32(0x3f800000)
            .u32(0x40000000)
            .u32(0xbf800000)
            .align(8)
            .data(34)
            .align(8)
            .toBytes();
    assertArrayEquals(expected, Files.readAllBytes(path));
  }

  private static MemorySegment bytes(int count) {
    return MemorySegment.ofArray(new RawGguf().data(count).toBytes());
  }

  private static MemorySegment random(SeededRandom random, long size) {
    byte[] bytes = new byte[Math.toIntExact(size)];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) random.nextInt(0, 256);
    }
    return MemorySegment.ofArray(bytes);
  }

  private static GgufMetadata randomMetadata(SeededRandom random) {
    return GgufMetadata.builder()
        .put("a", new GgufValue.Whole(GgufValueType.UINT8, random.nextInt(0, 256)))
        .put("b", new GgufValue.Whole(GgufValueType.INT8, random.nextInt(-128, 128)))
        .put("c", new GgufValue.Whole(GgufValueType.UINT16, random.nextInt(0, 65536)))
        .put("d", new GgufValue.Whole(GgufValueType.INT16, random.nextInt(-32768, 32768)))
        .putUnsigned("e", random.nextLong() >>> 32)
        .putInt("f", (int) random.nextLong())
        .put("g", new GgufValue.Whole(GgufValueType.UINT64, random.nextLong()))
        .put("h", new GgufValue.Whole(GgufValueType.INT64, random.nextLong()))
        .putFloat("i", random.nextGaussian())
        .put("j", new GgufValue.Real(GgufValueType.FLOAT64, random.nextDouble()))
        .putBoolean("k", random.nextInt(0, 2) == 0)
        .putString("l", "text " + random.nextInt(0, 1000) + " \ud83d\ude00")
        .putStrings("m", List.of("", "x", "\u20ac" + random.nextLong()))
        .putInts("n", new int[] {(int) random.nextLong(), 0})
        .putUnsigneds("o", new int[] {random.nextInt(0, 1000)})
        .putFloats("p", random.gaussians(random.nextInt(0, 9)))
        .putBooleans("q", new boolean[] {true, random.nextInt(0, 2) == 0})
        .put("r", GgufValue.Numbers.ofLongs(new long[] {random.nextLong()}))
        .putUnsigned("general.alignment", 1L << random.nextInt(0, 8))
        .build();
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5})
  void whatIsWrittenIsRead(long seed) throws IOException {
    SeededRandom random = new SeededRandom(seed);
    GgufMetadata metadata = randomMetadata(random);
    Map<String, GgufTensor> tensors = new LinkedHashMap<>();
    for (GgufTensorType type : GgufTensorType.values()) {
      List<Long> dimensions =
          List.of((long) type.blockSize() * random.nextInt(0, 3), (long) random.nextInt(1, 5));
      long size = GgufTensor.byteSize(type, dimensions);
      tensors.put("t." + type, new GgufTensor("t." + type, type, dimensions, random(random, size)));
    }
    Path path = folder.resolve("some.gguf");
    for (long limit : new long[] {Long.MAX_VALUE, 1000, 1}) {
      GgufWriter writer = new GgufWriter(metadata).splitAt(limit);
      tensors.values().forEach(writer::add);
      List<Path> written = writer.write(path);
      try (GgufFile file = GgufFile.open(written.getFirst())) {
        assertEquals(written, file.parts(), random.toString());
        GgufMetadata.Builder found = file.metadata().toBuilder();
        found.remove("split.no").remove("split.count").remove("split.tensors.count");
        found.remove("general.quantization_version");
        assertEquals(metadata, found.build(), random.toString());
        assertEquals(List.copyOf(tensors.keySet()), List.copyOf(file.tensors().keySet()));
        for (GgufTensor tensor : file.tensors().values()) {
          GgufTensor before = tensors.get(tensor.name());
          assertEquals(before.type(), tensor.type(), random.toString());
          assertEquals(before.dimensions(), tensor.dimensions(), random.toString());
          assertEquals(-1, before.data().mismatch(tensor.data()), random + ", " + tensor);
        }
      }
    }
  }

  @Test
  void partsAreAtMostAsLargeAsAsked() throws IOException {
    GgufWriter writer =
        new GgufWriter(GgufMetadata.builder().putString("k", "v").build()).splitAt(64);
    for (String name : List.of("a", "b", "c", "large", "d")) {
      float[] values = new float[name.equals("large") ? 100 : 8];
      writer.add(Tensor.ofFloats(Shape.of(values.length), values).withName(name));
    }
    List<Path> parts = writer.write(folder.resolve("m.gguf"));
    assertEquals(
        Stream.of(1, 2, 3, 4).map(i -> folder.resolve("m-0000" + i + "-of-00004.gguf")).toList(),
        parts);
    assertEquals(parts.stream().sorted().toList(), listing());
    try (GgufFile file = GgufFile.open(parts.getFirst())) {
      assertEquals("v", file.metadata().getString("k").orElseThrow());
      assertEquals(4, file.metadata().getInt("split.count").orElseThrow());
      assertEquals(5, file.tensors().size());
    }
    assertThrows(TensorFileException.class, () -> GgufFile.open(parts.get(2)).close());
  }

  private List<Path> listing() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.sorted().toList();
    }
  }

  @Test
  void nothingIsLeftOfWhatFails() throws IOException {
    Path path = folder.resolve("a.gguf");
    Files.writeString(path, "old");
    GgufWriter failing =
        new GgufWriter(GgufMetadata.empty())
            .splitAt(1)
            .add("a", GgufTensorType.F32, List.of(2L), sink -> sink.write(bytes(8)))
            .add(
                "b",
                GgufTensorType.F32,
                List.of(2L),
                sink -> {
                  throw new IOException("the source is gone");
                });
    assertEquals(
        "the source is gone",
        assertThrows(IOException.class, () -> failing.write(path)).getMessage());
    for (int size : new int[] {7, 9}) {
      GgufWriter wrong =
          new GgufWriter(GgufMetadata.empty())
              .add("a", GgufTensorType.F32, List.of(2L), sink -> sink.write(bytes(size)));
      String message =
          assertThrows(IllegalStateException.class, () -> wrong.write(path)).getMessage();
      assertTrue(message.contains("'a'") && message.contains("expected 8"), message);
    }
    assertEquals(List.of(path), listing());
    assertEquals("old", Files.readString(path));
    GgufWriter fine = new GgufWriter(GgufMetadata.empty());
    Path nowhere = folder.resolve("no/such/folder/a.gguf");
    assertThrows(OutputException.class, () -> fine.write(nowhere));
  }

  private static void assertRefused(Runnable call, String... parts) {
    String message = assertThrows(IllegalArgumentException.class, call::run).getMessage();
    for (String part : parts) {
      assertTrue(message.contains(part), message + " should say " + part);
    }
  }

  @Test
  void whatWouldNotBeReadIsRefused() {
    GgufWriter writer = new GgufWriter(GgufMetadata.empty());
    writer.add("a", GgufTensorType.F32, List.of(1L), sink -> sink.write(bytes(4)));
    assertRefused(
        () -> writer.add("a", GgufTensorType.F32, List.of(1L), sink -> {}), "'a'", "twice");
    assertRefused(
        () -> writer.add("b".repeat(64), GgufTensorType.F32, List.of(1L), sink -> {}), "64", "63");
    assertRefused(() -> writer.add("", GgufTensorType.F32, List.of(1L), sink -> {}), "name");
    assertRefused(
        () -> writer.add("b", GgufTensorType.Q4_K, List.of(128L), sink -> {}), "'b'", "256");
    assertRefused(
        () -> writer.add("b", GgufTensorType.F32, List.of(1L, 1L, 1L, 1L, 1L), sink -> {}),
        "'b'",
        "5");
    assertRefused(
        () -> writer.add(Tensor.ofBytes(DType.U8, Shape.of(1), new byte[1]).withName("u")), "U8");
    assertRefused(() -> writer.splitAt(0), "0");
    assertRefused(
        () -> new GgufWriter(GgufMetadata.builder().putUnsigned("general.alignment", 3).build()),
        "general.alignment",
        "3");
    assertRefused(
        () -> new GgufWriter(GgufMetadata.builder().putInt("k".repeat(65536), 3).build()), "65536");
    GgufWriter old =
        new GgufWriter(
                GgufMetadata.builder().putUnsigned("general.quantization_version", 1).build())
            .add("q", GgufTensorType.Q8_0, List.of(32L), sink -> sink.write(bytes(34)));
    assertRefused(
        () -> {
          try {
            old.write(folder.resolve("old.gguf"));
          } catch (IOException e) {
            throw new IllegalStateException(e);
          }
        },
        "general.quantization_version",
        "1");
    assertRefused(() -> GgufMetadata.builder().putInt("", 1), "key");
    assertRefused(() -> GgufMetadata.builder().putUnsigned("k", -1), "-1");
    assertRefused(() -> GgufMetadata.builder().putUnsigneds("k", new int[] {-1}), "negative");
  }
}
