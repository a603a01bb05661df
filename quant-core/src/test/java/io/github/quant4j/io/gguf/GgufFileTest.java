// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.gguf;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.block.BlockFormat;
import io.github.quant4j.io.TensorFileException;
import io.github.quant4j.matrix.BlockMatrix;
import io.github.quant4j.tensor.DType;
import io.github.quant4j.tensor.Shape;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Files whose bytes are laid out here by hand, after the specification. */
class GgufFileTest {
  private static final int F32 = 0;
  private static final int F16 = 1;
  private static final int Q4_0 = 2;
  private static final int Q8_0 = 8;

  @TempDir Path folder;

  private Path path() {
    return folder.resolve("some.gguf");
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 3})
  void everyKindOfValueIsRead(int version) throws IOException {
    new RawGguf()
        .ascii("GGUF")
        .u32(version)
        .u64(0)
        .u64(17)
        .key("a.u8", 0)
        .raw((byte) 0xfe)
        .key("a.i8", 1)
        .raw((byte) 0xfe)
        .key("a.u16", 2)
        .raw((byte) 0xfe, (byte) 0xff)
        .key("a.i16", 3)
        .raw((byte) 0xfe, (byte) 0xff)
        .key("a.u32", 4)
        .u32(4294967294L)
        .key("a.i32", 5)
        .u32(-2)
        .key("a.f32", 6)
        .u32(0x3fc00000)
        .key("a.bool", 7)
        .raw((byte) 1)
        .key("a.string", 8)
        .string("gr\u00fc\u00df")
        .key("a.u64", 10)
        .u64(-2)
        .key("a.i64", 11)
        .u64(-2)
        .key("a.f64", 12)
        .u64(0x3ff8000000000000L)
        .key("b.strings", 9)
        .u32(8)
        .u64(3)
        .string("one")
        .string("")
        .string("\u4e09")
        .key("b.u16", 9)
        .u32(2)
        .u64(2)
        .raw((byte) 1, (byte) 0, (byte) 0xff, (byte) 0xff)
        .key("b.f32", 9)
        .u32(6)
        .u64(2)
        .u32(0x3f800000)
        .u32(0xc0000000)
        .key("b.bool", 9)
        .u32(7)
        .u64(3)
        .raw((byte) 1, (byte) 0, (byte) 1)
        .key("b.none", 9)
        .u32(4)
        .u64(0)
        .write(path());
    GgufMetadata metadata;
    try (GgufFile file = GgufFile.open(path())) {
      assertEquals(version, file.version());
      assertTrue(file.tensors().isEmpty());
      metadata = file.metadata();
    }
    assertEquals(17, metadata.keys().size());
    assertEquals("a.u8", metadata.keys().getFirst());
    assertEquals(254, metadata.getInt("a.u8").orElseThrow());
    assertEquals(-2, metadata.getInt("a.i8").orElseThrow());
    assertEquals(65534, metadata.getInt("a.u16").orElseThrow());
    assertEquals(-2, metadata.getInt("a.i16").orElseThrow());
    assertEquals(4294967294L, metadata.getLong("a.u32").orElseThrow());
    assertEquals(-2, metadata.getInt("a.i32").orElseThrow());
    assertEquals(1.5f, metadata.getFloat("a.f32").orElseThrow());
    assertTrue(metadata.getBoolean("a.bool").orElseThrow());
    assertEquals("gr\u00fc\u00df", metadata.getString("a.string").orElseThrow());
    assertEquals("18446744073709551614", metadata.find("a.u64").orElseThrow().toString());
    assertEquals(-2, metadata.getLong("a.i64").orElseThrow());
    assertEquals(1.5, metadata.getDouble("a.f64").orElseThrow());
    assertEquals(List.of("one", "", "\u4e09"), metadata.strings("b.strings").orElseThrow());
    assertArrayEquals(new int[] {1, 65535}, metadata.ints("b.u16").orElseThrow());
    assertArrayEquals(new float[] {1, -2}, metadata.floats("b.f32").orElseThrow());
    assertArrayEquals(new boolean[] {true, false, true}, metadata.booleans("b.bool").orElseThrow());
    assertEquals(0, metadata.ints("b.none").orElseThrow().length);
    assertTrue(metadata.getString("a.missing").isEmpty());
    refusesWrongTypes(metadata);
  }

  private static void refusesWrongTypes(GgufMetadata metadata) {
    assertMessage(() -> metadata.getInt("a.u32"), "a.u32", "4294967294", "32 bits");
    assertMessage(() -> metadata.getLong("a.u64"), "a.u64", "18446744073709551614");
    assertMessage(() -> metadata.getInt("a.f32"), "a.f32", "float32", "integer");
    assertMessage(() -> metadata.getFloat("a.u8"), "a.u8", "uint8", "float");
    assertMessage(() -> metadata.getString("a.bool"), "a.bool", "bool", "string");
    assertMessage(() -> metadata.getBoolean("a.u8"), "a.u8", "uint8", "bool");
    assertMessage(() -> metadata.strings("b.u16"), "b.u16", "array of uint16", "string");
    assertMessage(() -> metadata.ints("b.f32"), "b.f32", "array of float32", "integers");
    assertMessage(() -> metadata.floats("b.u16"), "b.u16", "array of uint16", "float32");
    assertMessage(() -> metadata.booleans("b.u16"), "b.u16", "array of uint16", "bool");
    assertMessage(() -> metadata.ints("a.u8"), "a.u8", "uint8", "array");
  }

  private static void assertMessage(Runnable call, String... parts) {
    String message = assertThrows(IllegalArgumentException.class, call::run).getMessage();
    for (String part : parts) {
      assertTrue(message.contains(part), message);
    }
  }

  @Test
  void tensorsAreViewsOfTheFile() throws IOException {
    RawGguf.start(4, 1)
        .key("general.alignment", 4)
        .u32(8)
        .tensor("plain", F16, 0, 3, 2)
        .tensor("blocks", Q8_0, 16, 32, 2)
        .tensor("scalar", F32, 88)
        .tensor("stack", Q4_0, 96, 32, 1, 2)
        .align(8)
        .data(12)
        .align(8)
        .data(68)
        .align(8)
        .u32(0x40490fdb)
        .align(8)
        .data(36)
        .write(path());
    try (GgufFile file = GgufFile.open(path())) {
      assertEquals(
          List.of("plain", "blocks", "scalar", "stack"), List.copyOf(file.tensors().keySet()));
      GgufTensor plain = file.find("plain").orElseThrow();
      assertEquals(List.of(3L, 2L), plain.dimensions());
      assertEquals(Shape.of(2, 3), plain.shape());
      assertTrue(plain.isPlain());
      assertEquals(DType.F16, plain.tensor().dtype());
      assertEquals(12, plain.data().get(ValueLayout.JAVA_BYTE, 11));
      GgufTensor blocks = file.find("blocks").orElseThrow();
      assertFalse(blocks.isPlain());
      assertEquals(GgufTensorType.Q8_0, blocks.type());
      assertEquals(8.5, blocks.type().bitsPerWeight());
      BlockMatrix matrix = blocks.matrix();
      assertEquals(BlockFormat.Q8_0, matrix.format());
      assertEquals(2, matrix.rows());
      assertEquals(32, matrix.columns());
      assertEquals(35, matrix.data().get(ValueLayout.JAVA_BYTE, 34));
      assertMessage(() -> blocks.tensor(), "blocks", "Q8_0", "plain");
      assertMessage(() -> plain.matrix(), "plain", "F16", "blocks");
      float pi = file.find("scalar").orElseThrow().tensor().toFloatArray()[0];
      assertEquals((float) Math.PI, pi);
      GgufTensor stack = file.find("stack").orElseThrow();
      assertEquals(2, stack.matrixCount());
      assertEquals(19, stack.matrix(1).data().get(ValueLayout.JAVA_BYTE, 0));
      assertMessage(() -> stack.matrix(), "stack", "2 matrices");
      assertThrows(IndexOutOfBoundsException.class, () -> stack.matrix(2));
    }
  }

  @Test
  void nothingIsReadAfterClosing() throws IOException {
    RawGguf.start(1, 0).tensor("a", F32, 0, 1).align(32).u32(1).write(path());
    GgufFile file = GgufFile.open(path());
    GgufTensor tensor = file.find("a").orElseThrow();
    file.close();
    file.close();
    assertThrows(IllegalStateException.class, () -> tensor.tensor().toFloatArray());
  }

  private static Arguments bad(RawGguf file, String... parts) {
    return Arguments.of(List.of(parts), file);
  }

  private static RawGguf value(int type) {
    return RawGguf.start(0, 1).key("k", type);
  }

  private static RawGguf tensor(String name, int type, long offset, long... dimensions) {
    return RawGguf.start(1, 0).tensor(name, type, offset, dimensions).align(32).data(64);
  }

  static Stream<Arguments> badFiles() {
    long huge = 1L << 62;
    RawGguf two = RawGguf.start(2, 0).tensor("a", F32, 0, 1);
    return Stream.of(
        bad(new RawGguf(), "0 bytes", "24"),
        bad(new RawGguf().ascii("GGUF").u32(3).u64(0), "16 bytes", "24"),
        bad(new RawGguf().ascii("GGML").u32(3).u64(0).u64(0), "GGUF"),
        bad(new RawGguf().ascii("GGUF").u32(1).u64(0).u64(0), "version", "1", "2 or 3"),
        bad(new RawGguf().ascii("GGUF").u32(4).u64(0).u64(0), "version", "4", "2 or 3"),
        bad(new RawGguf().ascii("GGUF").u32(0).u64(0).u64(0), "version", "0", "2 or 3"),
        bad(new RawGguf().ascii("GGUF").u32(0x03000000).u64(0).u64(0), "3", "big-endian"),
        bad(RawGguf.start(-1, 0), "number of tensors", "18446744073709551615"),
        bad(RawGguf.start(1L << 40, 0), "number of tensors", "1099511627776", "50000"),
        bad(RawGguf.start(10, 0), "number of tensors", "10", "left in the file"),
        bad(RawGguf.start(0, -1), "metadata keys", "18446744073709551615"),
        bad(RawGguf.start(0, 10), "metadata keys", "10", "left in the file"),
        bad(RawGguf.start(0, 1).string("").u32(4).u32(4).u32(4), "metadata key 0", "empty"),
        bad(RawGguf.start(0, 1).u64(huge).data(9), "metadata key 0", "" + huge),
        bad(RawGguf.start(0, 1).u64(50).data(9), "metadata key 0", "50 bytes", "9 are left"),
        bad(RawGguf.start(0, 1).u64(1).raw((byte) 0xff).u32(4).u32(4), "UTF-8"),
        bad(RawGguf.start(0, 2).key("twice", 4).u32(1).key("twice", 4).u32(1), "'twice'", "twice"),
        bad(value(13).u64(0), "'k'", "13", "0 to 12"),
        bad(value(-1).u64(0), "'k'", "4294967295", "0 to 12"),
        bad(value(7).raw((byte) 2), "'k'", "2", "0 or 1"),
        bad(value(8).u64(1L << 50).data(9), "'k'", "" + (1L << 50)),
        bad(value(8).u64(1).raw((byte) 0xc3), "'k'", "UTF-8"),
        bad(value(9).u32(9).u64(1).u32(4).u64(0), "'k'", "array of arrays"),
        bad(value(9).u32(77).u64(1), "'k'", "77"),
        bad(value(9).u32(4).u64(1L << 40).data(8), "'k'", "" + (1L << 40)),
        bad(value(9).u32(4).u64(-1).data(8), "'k'", "18446744073709551615"),
        bad(value(9).u32(4).u64(3).data(8), "'k'", "12 bytes", "8 are left"),
        bad(value(9).u32(8).u64(2).u64(0), "'k'", "16 bytes", "8 are left"),
        bad(value(9).u32(8).u64(2).u64(4).u64(0), "'k'"),
        bad(value(9).u32(8).u64(1).u64(1).raw((byte) 0x80), "'k'", "UTF-8"),
        bad(value(9).u32(7).u64(2).raw((byte) 0, (byte) 3), "'k'", "3", "0 or 1"),
        bad(alignment(4, 0), "general.alignment", "0", "power of two"),
        bad(alignment(4, 24), "general.alignment", "24", "power of two"),
        bad(alignment(5, 32), "general.alignment", "int32", "uint32"),
        bad(tensor("", F32, 0, 1), "name of tensor 0", "empty"),
        bad(tensor("n".repeat(64), F32, 0, 1), "name of tensor 0", "64", "63"),
        bad(tensor("t", F32, 0, 1, 1, 1, 1, 1), "'t'", "5 dimensions", "4"),
        bad(tensor("t", F32, 0, -1), "'t'", "negative"),
        bad(tensor("t", F32, 0, huge, 4), "'t'", "overflow"),
        bad(tensor("t", F32, 0, huge), "'t'", "overflow"),
        bad(tensor("t", F32, 0, 0, huge, huge), "'t'", "overflow"),
        bad(tensor("t", F32, 0, 17), "'t'", "68 bytes", "64 are left"),
        bad(tensor("t", Q8_0, 0, 33), "'t'", "33", "32", "Q8_0"),
        bad(tensor("t", 4, 0, 32), "'t'", "type 4", "Q4_2", "removed"),
        bad(tensor("t", 31, 0, 32), "'t'", "type 31", "Q4_0_4_4", "removed"),
        bad(tensor("t", 43, 0, 32), "'t'", "type 43", "Q4_K"),
        bad(tensor("t", -1, 0, 32), "'t'", "type 4294967295"),
        bad(tensor("t", F32, 32, 1), "'t'", "byte 32", "expected 0"),
        bad(tensor("t", F32, -32, 1), "'t'", "18446744073709551584", "expected 0"),
        bad(RawGguf.start(1, 0).tensor("t", F32, 0, 1), "'t'", "4 bytes", "0 are left"),
        bad(two.tensor("a", F32, 32, 1).align(32).data(64), "'a'", "twice"));
  }

  private static RawGguf alignment(int type, int value) {
    return RawGguf.start(1, 1)
        .key("general.alignment", type)
        .u32(value)
        .tensor("t", F32, 0, 1)
        .align(32)
        .data(64);
  }

  @ParameterizedTest
  @MethodSource("badFiles")
  void badFilesAreRefusedWithTheReason(List<String> parts, RawGguf bad) throws IOException {
    bad.write(path());
    assertRefused(path(), parts.toArray(String[]::new));
  }

  private static void assertRefused(Path path, String... parts) {
    assertMessageOf(path, path, parts);
  }

  @ParameterizedTest
  @ValueSource(longs = {16, 31, 64})
  void dataFollowsInOrderWithoutHoles(long offset) throws IOException {
    RawGguf.start(2, 0)
        .tensor("a", F32, 0, 8)
        .tensor("b", F32, offset, 8)
        .align(32)
        .data(128)
        .write(path());
    assertRefused(path(), "'b'", "byte " + offset, "expected 32");
  }

  @Test
  void blocksOfAnotherVersionAreRefused() throws IOException {
    for (int type : new int[] {Q4_0, F32}) {
      RawGguf.start(1, 1)
          .key("general.quantization_version", 4)
          .u32(1)
          .tensor("t", type, 0, 32)
          .align(32)
          .data(128)
          .write(path());
      if (type == F32) {
        GgufFile.open(path()).close();
      } else {
        assertRefused(path(), "general.quantization_version", "1", "expected 2");
      }
    }
  }

  /** Every file that is cut off somewhere is refused, and none makes much of its counts. */
  @Test
  void truncatedFilesAreRefused() throws IOException {
    byte[] whole =
        RawGguf.start(1, 2)
            .key("k", 8)
            .string("text")
            .key("l", 9)
            .u32(8)
            .u64(2)
            .string("x")
            .string("yz")
            .tensor("t", F32, 0, 4)
            .align(32)
            .data(16)
            .toBytes();
    for (int length = 0; length < whole.length; length++) {
      Files.write(path(), Arrays.copyOf(whole, length));
      assertRefused(path());
    }
    Files.write(path(), whole);
    GgufFile.open(path()).close();
  }

  @Test
  void whatIsNoFileIsRefused() {
    assertRefused(folder, "directory", "GGUF");
    assertRefused(folder.resolve("missing.gguf"), "no such file", "GGUF");
  }

  private Path part(int number, int count, int total, RawGguf rest) throws IOException {
    byte[] tail = rest.toBytes();
    return RawGguf.start(1, 3)
        .key("split.no", 2)
        .number(number, 2)
        .key("split.count", 2)
        .number(count, 2)
        .key("split.tensors.count", 5)
        .u32(total)
        .raw(tail)
        .align(32)
        .data(32)
        .write(folder.resolve("m" + GgufSplit.suffix(number, count)));
  }

  private static RawGguf described(String name) {
    return new RawGguf().tensor(name, F32, 0, 8);
  }

  @Test
  void allPartsOfASplitModelAreOpened() throws IOException {
    Path first = part(0, 3, 3, described("a"));
    assertEquals("m-00001-of-00003.gguf", String.valueOf(first.getFileName()));
    Path second = part(1, 3, 3, described("b"));
    Path third = part(2, 3, 3, described("c"));
    try (GgufFile file = GgufFile.open(first)) {
      assertEquals(List.of("a", "b", "c"), List.copyOf(file.tensors().keySet()));
      assertEquals(List.of(first, second, third), file.parts());
    }
    assertRefused(second, "part 2 of 3", "open the first part", first.toString());
    Files.delete(third);
    assertRefused(first, "part 3 of 3 is missing", third.toString());
  }

  @Test
  void partsThatDoNotBelongTogetherAreRefused() throws IOException {
    Path first = part(0, 2, 2, described("a"));
    Path second = part(1, 2, 2, described("a"));
    assertMessageOf(first, second, "'a'", "earlier part");
    part(1, 2, 2, described("b"));
    GgufFile.open(first).close();
    Files.copy(first, second, StandardCopyOption.REPLACE_EXISTING);
    assertMessageOf(first, second, "'a'", "earlier part");
    RawGguf.start(1, 0).tensor("b", F32, 0, 8).align(32).data(32).write(second);
    assertMessageOf(first, second, "not a part", "part 2 of 2");
    part(0, 2, 3, described("a"));
    part(1, 2, 3, described("b"));
    assertRefused(first, "split.tensors.count", "3", "2");
    Path renamed = Files.move(first, folder.resolve("renamed.gguf"));
    assertRefused(renamed, "part 1 of 2", "-00001-of-00002.gguf");
  }

  @Test
  void aFileOrDirectoryMeansAModel() throws IOException {
    assertEquals(Optional.empty(), GgufFile.locate(folder));
    Path missing = folder.resolve("missing.gguf");
    assertEquals(Optional.of(missing), GgufFile.locate(missing));
    Path text = Files.writeString(folder.resolve("GGUF.txt"), "GGU");
    assertEquals(Optional.empty(), GgufFile.locate(text));
    assertEquals(Optional.empty(), GgufFile.locate(folder.resolve("missing.txt")));
    Path other = RawGguf.start(0, 0).write(folder.resolve("model.bin"));
    assertEquals(Optional.of(other), GgufFile.locate(other));
    Path first = part(0, 2, 2, described("a"));
    part(1, 2, 2, described("b"));
    assertEquals(Optional.of(first), GgufFile.locate(folder));
    RawGguf.start(0, 0).write(folder.resolve("second.gguf"));
    assertEquals(Optional.empty(), GgufFile.locate(folder));
    Files.delete(folder.resolve("second.gguf"));
    Files.writeString(folder.resolve("config.json"), "{}");
    assertEquals(Optional.empty(), GgufFile.locate(folder));
  }

  private static void assertMessageOf(Path opened, Path named, String... parts) {
    String message =
        assertThrows(TensorFileException.class, () -> GgufFile.open(opened).close()).getMessage();
    assertTrue(message.startsWith(named.toString()), message);
    for (String part : parts) {
      assertTrue(message.contains(part), message + " should say " + part);
    }
  }
}
