// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.tensor.DType;
import io.github.quant4j.tensor.Shape;
import io.github.quant4j.tensor.Tensor;
import io.github.quant4j.testing.Allocation;
import io.github.quant4j.testing.SeededRandom;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SafetensorsWriterTest {
  @TempDir Path folder;

  private Path target() {
    return folder.resolve("x.safetensors");
  }

  private static Tensor bytes(String name, int... values) {
    byte[] data = new byte[values.length];
    for (int i = 0; i < data.length; i++) {
      data[i] = (byte) values[i];
    }
    return Tensor.ofBytes(DType.U8, Shape.of(data.length), data).withName(name);
  }

  /** CRC-32C (Castagnoli), bit by bit, from its definition: reflected polynomial 0x82f63b78. */
  private static int crc32c(byte[] data) {
    int crc = -1;
    for (byte b : data) {
      crc ^= b & 0xff;
      for (int i = 0; i < 8; i++) {
        crc = (crc & 1) != 0 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
      }
    }
    return ~crc;
  }

  @Test
  void theBytesAreThoseOfTheSpecification() throws IOException {
    // Wider types first, then by name; the check value of CRC-32C is e3069283 for "123456789".
    assertEquals(0xe3069283, crc32c("123456789".getBytes(StandardCharsets.US_ASCII)));
    Tensor wide = Tensor.ofFloats(Shape.of(1, 1), new float[] {1f}).withName("w");
    long size =
        new SafetensorsWriter()
            .metadata("format", "pt")
            .add(bytes("b", '1', '2', '3', '4', '5', '6', '7', '8', '9'))
            .add(bytes("a", 7))
            .add(wide)
            .write(target());
    String sums =
        String.format("%08x%08x", crc32c(new byte[] {0, 0, -128, 63}), crc32c(new byte[] {7}))
            + "e3069283";
    String said =
        "format|pt|quant4j.crc32c|" + sums + "|w|F32|[1, 1]|0-4|a|U8|[1]|4-5|b|U8|[9]|5-14|";
    String json =
        "{\"__metadata__\":{\"format\":\"pt\",\"quant4j.crc32c\":\""
            + sums
            + "\",\"quant4j.header\":\""
            + String.format(
                "%08x", crc32c(said.replace('|', '\0').getBytes(StandardCharsets.US_ASCII)))
            + "\"},"
            + "\"w\":{\"dtype\":\"F32\",\"shape\":[1,1],\"data_offsets\":[0,4]},"
            + "\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[4,5]},"
            + "\"b\":{\"dtype\":\"U8\",\"shape\":[9],\"data_offsets\":[5,14]}}";
    String padded = json + " ".repeat((8 - json.length() % 8) % 8);
    byte[] data = {0, 0, -128, 63, 7, '1', '2', '3', '4', '5', '6', '7', '8', '9'};
    assertArrayEquals(RawSafetensors.bytes(padded, data), Files.readAllBytes(target()));
    assertEquals(Files.size(target()), size);
  }

  /** Names, types, shapes and notes are covered: a flipped bit is refused or changes none. */
  @Test
  void everyFlippedBitOfTheHeaderIsFoundOrChangesNothing() throws IOException {
    Tensor wide = Tensor.ofFloats(Shape.of(1, 2), new float[] {1f, 2f}).withName("m.zero");
    new SafetensorsWriter().metadata("format", "pt").add(wide).add(bytes("a", 7)).write(target());
    byte[] good = Files.readAllBytes(target());
    String expected = described();
    int changed = 0;
    int refused = 0;
    for (int bit = 0; bit < 8 * (good.length - 9); bit++) {
      byte[] bad = good.clone();
      bad[bit / 8] ^= (byte) (1 << bit % 8);
      Files.write(target(), bad);
      try {
        changed += described().equals(expected) ? 0 : 1;
      } catch (TensorFileException e) {
        refused++;
      }
    }
    assertEquals(0, changed);
    assertTrue(refused > 1000, refused + " flips were refused");
  }

  private String described() throws IOException {
    try (SafetensorsFile file = SafetensorsFile.open(target())) {
      StringBuilder text = new StringBuilder();
      for (String name : file.names()) {
        text.append(file.require(name)).append(file.verify(name) == ChecksumState.CORRUPT);
      }
      return text.toString();
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6})
  void whatIsWrittenIsRead(long seed) throws IOException {
    SeededRandom random = new SeededRandom(seed);
    List<Tensor> tensors = randomTensors(random);
    SafetensorsWriter writer = new SafetensorsWriter().metadata("note", "\u00e4\"\\\n\ud83d\ude00");
    tensors.forEach(writer::add);
    writer.write(target());
    try (SafetensorsFile file = SafetensorsFile.open(target())) {
      assertEquals("\u00e4\"\\\n\ud83d\ude00", file.metadata().get("note"));
      assertEquals(tensors.size(), file.names().size());
      long offset = 0;
      for (Tensor tensor : tensors) {
        Tensor found = file.require(tensor.name());
        assertEquals(tensor.dtype(), found.dtype(), random + tensor.name());
        assertEquals(tensor.shape(), found.shape(), random + tensor.name());
        assertEquals(-1, tensor.data().mismatch(found.data()), random + tensor.name());
        assertEquals(ChecksumState.INTACT, file.verify(tensor.name()), random + tensor.name());
        offset += found.byteSize();
      }
      assertEquals(0, (file.byteSize() - offset) % 8, random + ": the data is not aligned");
    }
    byte[] first = Files.readAllBytes(target());
    Collections.shuffle(tensors, new Random(seed));
    SafetensorsWriter again = new SafetensorsWriter().metadata("note", "\u00e4\"\\\n\ud83d\ude00");
    tensors.forEach(again::add);
    again.write(target());
    assertArrayEquals(first, Files.readAllBytes(target()), random + ": the order matters");
  }

  private static List<Tensor> randomTensors(SeededRandom random) {
    List<Tensor> tensors = new ArrayList<>();
    for (DType dtype : DType.values()) {
      int rank = random.nextInt(0, 4);
      long[] dimensions = new long[rank];
      for (int i = 0; i < rank; i++) {
        dimensions[i] = random.nextInt(0, 6) * (dtype.bits() < 8 ? 4L : 1L);
      }
      Shape shape = rank == 0 && dtype.bits() < 8 ? Shape.of(4) : Shape.of(dimensions);
      byte[] data = new byte[(int) dtype.bytes(shape.elementCount())];
      for (int i = 0; i < data.length; i++) {
        data[i] = (byte) random.nextLong();
      }
      tensors.add(Tensor.ofBytes(dtype, shape, data).withName("layer." + dtype.label()));
    }
    return tensors;
  }

  @Test
  void elementsAreAlignedToTheirSize() throws IOException {
    SeededRandom random = new SeededRandom(9);
    SafetensorsWriter writer = new SafetensorsWriter();
    randomTensors(random).forEach(writer::add);
    writer.write(target());
    String text = Files.readString(target(), StandardCharsets.ISO_8859_1);
    Matcher entries =
        Pattern.compile("\"dtype\":\"(\\w+)\",\"shape\":[^:]*:\\[(\\d+),").matcher(text);
    int count = 0;
    while (entries.find()) {
      int bytes = Math.max(1, DType.ofLabel(entries.group(1)).orElseThrow().bits() / 8);
      assertEquals(0, Long.parseLong(entries.group(2)) % bytes, entries.group());
      count++;
    }
    assertEquals(DType.values().length, count);
  }

  @Test
  void largeTensorsAreStreamed() throws IOException {
    int rows = 3000;
    float[] row = new float[1000];
    SafetensorsWriter writer =
        new SafetensorsWriter()
            .add(
                "big",
                DType.F32,
                Shape.of(rows, row.length),
                sink -> {
                  for (int r = 0; r < rows; r++) {
                    row[0] = r;
                    sink.write(MemorySegment.ofArray(row));
                  }
                });
    long before = Allocation.currentThreadBytes();
    writer.write(target());
    long allocated = Allocation.currentThreadBytes() - before;
    assertTrue(allocated < 2_000_000, () -> allocated + " bytes were allocated for 12 MB");
    try (SafetensorsFile file = SafetensorsFile.open(target())) {
      assertEquals(2999f, file.require("big").readRows(2999, 1).get(0, 0));
      assertEquals(ChecksumState.INTACT, file.verify("big"));
    }
  }

  @Test
  void everyChangedByteOfTheDataIsFound() throws IOException {
    new SafetensorsWriter().add(bytes("a", 1, 2, 3)).add(bytes("b", 4, 5)).write(target());
    byte[] good = Files.readAllBytes(target());
    for (int i = 0; i < 5; i++) {
      byte[] bad = good.clone();
      bad[good.length - 5 + i] ^= 16;
      Files.write(target(), bad);
      try (SafetensorsFile file = SafetensorsFile.open(target())) {
        assertEquals(i < 3 ? ChecksumState.CORRUPT : ChecksumState.INTACT, file.verify("a"));
        assertEquals(i < 3 ? ChecksumState.INTACT : ChecksumState.CORRUPT, file.verify("b"));
      }
    }
  }

  @Test
  void aListOfChecksumsThatIsDamagedOrAbsentIsToldApart() throws IOException {
    String entry = "\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}";
    for (String list : List.of("", "0123456", "0123456g", "0123456789abcdef")) {
      RawSafetensors.write(
          target(), "{\"__metadata__\":{\"quant4j.crc32c\":\"" + list + "\"}," + entry, 1);
      try (SafetensorsFile file = SafetensorsFile.open(target())) {
        assertEquals(ChecksumState.CORRUPT, file.verify("a"), list);
      }
    }
    RawSafetensors.write(target(), "{" + entry, 1);
    try (SafetensorsFile file = SafetensorsFile.open(target())) {
      assertEquals(ChecksumState.ABSENT, file.verify("a"));
      assertThrows(IllegalArgumentException.class, () -> file.verify("b"));
    }
  }

  @Test
  void contentOfTheWrongSizeIsRefused() throws IOException {
    for (int size : new int[] {0, 3, 5, 1000}) {
      SafetensorsWriter writer =
          new SafetensorsWriter()
              .add(
                  "a",
                  DType.F32,
                  Shape.of(1),
                  sink -> sink.write(MemorySegment.ofArray(new byte[size])));
      IllegalStateException e =
          assertThrows(IllegalStateException.class, () -> writer.write(target()));
      assertTrue(e.getMessage().contains("expected 4"), e.getMessage());
      assertNothingLeft();
    }
  }

  @Test
  void namesAndSizesAreChecked() {
    SafetensorsWriter writer = new SafetensorsWriter().add(bytes("a", 1));
    assertThrows(IllegalArgumentException.class, () -> writer.add(bytes("a", 1)));
    assertThrows(IllegalArgumentException.class, () -> writer.add(bytes("__metadata__", 1)));
    assertThrows(
        IllegalArgumentException.class, () -> writer.add("f", DType.F4, Shape.of(3), sink -> {}));
    assertThrows(
        IllegalArgumentException.class,
        () -> writer.add("f", DType.F64, Shape.of(Long.MAX_VALUE), sink -> {}));
  }

  @Test
  void aFailureLeavesTheOldFileAndNothingElse() throws IOException {
    new SafetensorsWriter().add(bytes("old", 1)).write(target());
    byte[] old = Files.readAllBytes(target());
    SafetensorsWriter writer =
        new SafetensorsWriter()
            .add(
                "a",
                DType.U8,
                Shape.of(8),
                sink -> {
                  sink.write(MemorySegment.ofArray(new byte[4]));
                  throw new TensorFileException(Path.of("source"), "gone");
                });
    assertThrows(TensorFileException.class, () -> writer.write(target()));
    assertArrayEquals(old, Files.readAllBytes(target()));
    Files.delete(target());
    assertNothingLeft();
  }

  @Test
  void aFullDiskIsOneClearException() throws IOException {
    SafetensorsWriter writer = new SafetensorsWriter().add(bytes("a", new int[5000]));
    Path temporary = folder.resolve("temporary");
    OutputException e =
        assertThrows(
            OutputException.class,
            () -> {
              try (OutputFile file =
                  new OutputFile(target(), temporary, new FullDisk(temporary, 3000))) {
                writer.write(file);
                file.commit();
              }
            });
    assertTrue(e.getMessage().contains("No space left on device"), e.getMessage());
    assertTrue(e.getMessage().startsWith(target().toString()), e.getMessage());
    assertNothingLeft();
  }

  @Test
  void aMissingDirectoryIsOneClearException() {
    OutputException e =
        assertThrows(
            OutputException.class,
            () -> new SafetensorsWriter().write(folder.resolve("no/x.safetensors")));
    assertTrue(e.getMessage().contains("cannot be written: there is no"), e.getMessage());
  }

  @Test
  void otherUsersMayReadTheFile() throws IOException {
    new SafetensorsWriter().add(bytes("a", 1)).write(target());
    Path plain = Files.writeString(folder.resolve("plain"), "");
    assertEquals(Files.getPosixFilePermissions(plain), Files.getPosixFilePermissions(target()));
  }

  @Test
  void checksumsDoNotDependOnWhereTheDataLies() throws IOException {
    float[] values = {1f, -2f, 3.5f};
    byte[] raw = new byte[12];
    MemorySegment.ofArray(raw).copyFrom(MemorySegment.ofArray(values));
    assertEquals(crc32c(raw), Checksums.of(MemorySegment.ofArray(values)));
    assertEquals(crc32c(raw), Checksums.of(MemorySegment.ofArray(raw)));
    assertEquals(
        crc32c(raw),
        Checksums.of(MemorySegment.ofBuffer(ByteBuffer.allocateDirect(12).put(raw).flip())));
  }

  private void assertNothingLeft() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      assertEquals(List.of(), files.toList());
    }
    assertFalse(Files.exists(target()));
  }

  /** A file on a device with little room. */
  private static final class FullDisk implements SeekableByteChannel {
    private final SeekableByteChannel inner;
    private final long room;

    FullDisk(Path file, long room) throws IOException {
      this.inner =
          Files.newByteChannel(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
      this.room = room;
    }

    @Override
    public int write(ByteBuffer source) throws IOException {
      int count = (int) Math.min(source.remaining(), room - inner.position());
      if (count == 0) {
        throw new IOException("No space left on device");
      }
      int written = inner.write(source.slice(source.position(), count));
      source.position(source.position() + written);
      return written;
    }

    @Override
    public int read(ByteBuffer target) throws IOException {
      return inner.read(target);
    }

    @Override
    public long position() throws IOException {
      return inner.position();
    }

    @Override
    public SeekableByteChannel position(long position) throws IOException {
      inner.position(position);
      return this;
    }

    @Override
    public long size() throws IOException {
      return inner.size();
    }

    @Override
    public SeekableByteChannel truncate(long size) throws IOException {
      inner.truncate(size);
      return this;
    }

    @Override
    public boolean isOpen() {
      return inner.isOpen();
    }

    @Override
    public void close() throws IOException {
      inner.close();
    }
  }
}
