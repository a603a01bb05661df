// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.gguf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import io.github.quant4j.io.TensorFileException;
import io.github.quant4j.testing.Allocation;
import io.github.quant4j.testing.SeededRandom;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Mutates valid files: each is read with consistent contents or refused as documented, and without
 * much memory. The property {@code quant4j.fuzz} multiplies the numbers of cases.
 */
class GgufFuzzTest {
  private static final int TIMES = Integer.getInteger("quant4j.fuzz", 1);
  private static final long MOST_BYTES = 16L << 20;
  private static final long DOCUMENTED_MOST_BYTES = 64L << 20;

  private static final List<GgufTensorType> TYPES = List.of(GgufTensorType.values());

  /** Numbers at which arithmetic goes wrong. */
  private static final long[] NUMBERS = {
    0,
    1,
    2,
    3,
    7,
    8,
    9,
    31,
    32,
    33,
    255,
    256,
    65_535,
    65_536,
    1 << 20,
    Integer.MAX_VALUE,
    1L << 31,
    (1L << 32) - 1,
    1L << 32,
    1L << 33,
    1L << 40,
    1L << 61,
    1L << 62,
    Long.MAX_VALUE,
    Long.MAX_VALUE - 31,
    Long.MIN_VALUE,
    -1,
    -2,
    -31,
    -32
  };

  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5})
  void everyHeaderIsReadOrRefused(long seed) {
    SeededRandom random = new SeededRandom(seed);
    Path path = folder.resolve("fuzz.gguf");
    int read = 0;
    int cases = 2000 * TIMES;
    for (int i = 0; i < cases; i++) {
      byte[] bytes = mutate(validModel(random), random);
      String label = random + ", case " + i;
      long before = Allocation.currentThreadBytes();
      try {
        GgufHeader header = GgufHeaderReader.read(path, MemorySegment.ofArray(bytes));
        assertConsistent(header, bytes.length, label);
        read++;
      } catch (TensorFileException e) {
        assertNamesTheFile(e, label);
      } catch (RuntimeException | Error e) {
        fail(label + ": " + e, e);
      }
      assertModest(before, label);
    }
    assertSomeOfBoth(read, cases, random);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5})
  void everyFileIsOpenedOrRefused(long seed) throws IOException {
    SeededRandom random = new SeededRandom(seed);
    Path path = folder.resolve("fuzz.gguf");
    int read = 0;
    int cases = 100 * TIMES;
    for (int i = 0; i < cases; i++) {
      byte[] bytes = mutate(validModel(random), random);
      Files.write(path, bytes);
      String label = random + ", case " + i;
      long before = Allocation.currentThreadBytes();
      try (GgufFile file = GgufFile.open(path)) {
        touch(file);
        read++;
      } catch (TensorFileException e) {
        assertNamesTheFile(e, label);
      } catch (RuntimeException | Error e) {
        fail(label + ": " + e, e);
      }
      assertModest(before, label);
    }
    assertSomeOfBoth(read, cases, random);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4})
  void everyImportanceMatrixIsReadOrRefused(long seed) throws IOException {
    SeededRandom random = new SeededRandom(seed);
    Path path = folder.resolve("fuzz.imatrix");
    int read = 0;
    int cases = 100 * TIMES;
    for (int i = 0; i < cases; i++) {
      byte[] bytes = mutate(validImportance(random), random);
      Files.write(path, bytes);
      String label = random + ", case " + i;
      long before = Allocation.currentThreadBytes();
      try {
        ImportanceMatrix matrix = ImportanceMatrix.read(path);
        for (ImportanceMatrix.Entry entry : matrix.entries().values()) {
          for (float mean : entry.meanSquares()) {
            assertTrue(mean >= 0 && Float.isFinite(mean), label);
          }
        }
        read++;
      } catch (TensorFileException e) {
        assertNamesTheFile(e, label);
      } catch (RuntimeException | Error e) {
        fail(label + ": " + e, e);
      }
      assertModest(before, label);
    }
    assertSomeOfBoth(read, cases, random);
  }

  private static void assertNamesTheFile(TensorFileException e, String label) {
    assertNotNull(e.getMessage(), label);
    assertTrue(e.getMessage().contains("fuzz."), label + e.getMessage());
  }

  private static void assertModest(long before, String label) {
    long allocated = Allocation.currentThreadBytes() - before;
    assertTrue(allocated < MOST_BYTES, () -> label + ": " + allocated + " bytes were allocated");
  }

  private static void assertSomeOfBoth(int read, int cases, SeededRandom random) {
    assertTrue(read > cases / 50 && read < cases * 9 / 10, random + ": " + read + " were read");
  }

  private static void assertConsistent(GgufHeader header, long size, String label) {
    long end = 0;
    for (GgufHeader.Entry entry : header.tensors()) {
      assertTrue(entry.offset() >= end && entry.bytes() >= 0, label);
      end = entry.offset() + entry.bytes();
      assertTrue(header.dataStart() + end <= size, label);
      assertEquals(GgufTensor.byteSize(entry.type(), entry.dimensions()), entry.bytes(), label);
    }
    use(header.metadata());
  }

  private static void use(GgufMetadata metadata) {
    for (GgufValue value : metadata.values().values()) {
      switch (value) {
        case GgufValue.Texts texts -> texts.values().forEach(text -> assertNotNull(text));
        case GgufValue.Numbers numbers -> {
          for (int i = 0; i < numbers.size(); i++) {
            assertNotNull(numbers.text(i));
          }
        }
        default -> assertNotNull(value.toString());
      }
    }
  }

  /** Reads every byte of every tensor. */
  private static void touch(GgufFile file) {
    use(file.metadata());
    for (GgufTensor tensor : file.tensors().values()) {
      long sum = 0;
      for (long i = 0; i < tensor.data().byteSize(); i++) {
        sum += tensor.data().get(ValueLayout.JAVA_BYTE, i);
      }
      assertTrue(sum <= 127 * tensor.data().byteSize());
      assertEquals(tensor.dimensions().size(), tensor.shape().rank());
    }
  }

  private static byte[] validModel(SeededRandom random) {
    int keys = random.nextInt(0, 5);
    GgufTensorType[] types = new GgufTensorType[random.nextInt(0, 4)];
    RawGguf file = RawGguf.start(types.length, keys + 1);
    file.key("general.alignment", 4).u32(1 << random.nextInt(0, 7));
    for (int i = 0; i < keys; i++) {
      value(file, i, random);
    }
    int alignment = ByteBuffer.wrap(file.toBytes()).order(ByteOrder.LITTLE_ENDIAN).getInt(53);
    int[] sizes = new int[types.length];
    long offset = 0;
    for (int i = 0; i < types.length; i++) {
      types[i] = TYPES.get(random.nextInt(0, TYPES.size()));
      int rows = random.nextInt(0, 3);
      file.tensor("t" + i, types[i].id(), offset, types[i].blockSize(), rows);
      sizes[i] = rows * types[i].blockBytes();
      offset = GgufHeader.align(offset + sizes[i], alignment);
    }
    file.align(alignment);
    for (int size : sizes) {
      file.data(size).align(alignment);
    }
    return file.toBytes();
  }

  private static void value(RawGguf file, int index, SeededRandom random) {
    int type = random.nextInt(0, 13);
    file.key("k" + index, type);
    switch (type) {
      case 8 -> file.string("\u00fcber".repeat(random.nextInt(0, 3)));
      case 9 -> {
        int count = random.nextInt(0, 4);
        boolean strings = random.nextInt(0, 2) == 0;
        file.u32(strings ? 8 : 2).u64(count);
        for (int i = 0; i < count; i++) {
          if (strings) {
            file.string("s".repeat(i));
          } else {
            file.number(random.nextLong(), 2);
          }
        }
      }
      case 7 -> file.number(random.nextInt(0, 2), 1);
      default -> file.number(random.nextLong(), GgufValueType.ofId(type).orElseThrow().bytes());
    }
  }

  private static byte[] validImportance(SeededRandom random) {
    int weights = random.nextInt(1, 4);
    int columns = random.nextInt(1, 9);
    boolean legacy = random.nextInt(0, 2) == 0;
    RawGguf file =
        legacy
            ? new RawGguf().u32(weights)
            : RawGguf.start(2L * weights, 1).key("general.type", 8).string("imatrix");
    for (int i = 0; i < weights; i++) {
      if (legacy) {
        file.u32(2).ascii("w" + i).u32(random.nextInt(0, 9)).u32(columns);
        floats(file, columns, random);
      } else {
        file.tensor("w" + i + ".in_sum2", 0, 64L * i, columns);
        file.tensor("w" + i + ".counts", 0, 64L * i + 32, 1);
      }
    }
    if (legacy) {
      return random.nextInt(0, 2) == 0
          ? file.toBytes()
          : file.u32(3).u32(4).ascii("text").toBytes();
    }
    file.align(32);
    for (int i = 0; i < weights; i++) {
      floats(file, columns, random);
      floats(file.align(32), 1, random);
      file.align(32);
    }
    return file.toBytes();
  }

  private static void floats(RawGguf file, int count, SeededRandom random) {
    for (int i = 0; i < count; i++) {
      file.u32(Float.floatToRawIntBits(Math.abs(random.nextGaussian())));
    }
  }

  private static byte[] mutate(byte[] valid, SeededRandom random) {
    byte[] bytes = valid;
    int mutations = random.nextInt(1, 4);
    for (int i = 0; i < mutations && bytes.length > 12; i++) {
      bytes = mutateOnce(bytes, random);
    }
    return bytes;
  }

  private static byte[] mutateOnce(byte[] bytes, SeededRandom random) {
    byte[] changed = bytes.clone();
    int at = random.nextInt(0, bytes.length);
    ByteBuffer buffer = ByteBuffer.wrap(changed).order(ByteOrder.LITTLE_ENDIAN);
    long number = NUMBERS[random.nextInt(0, NUMBERS.length)];
    switch (random.nextInt(0, 9)) {
      case 0, 1 -> changed[at] ^= (byte) (1 << random.nextInt(0, 8));
      case 2 -> changed[at] = (byte) random.nextLong();
      case 3, 4 -> buffer.putLong(random.nextInt(0, bytes.length - 7), number);
      case 5 -> buffer.putInt(random.nextInt(0, bytes.length - 3), (int) number);
      case 6 -> {
        return Arrays.copyOf(bytes, random.nextInt(0, 3) == 0 ? bytes.length + at : at);
      }
      case 7 -> {
        // A stretch of the file again, somewhere else.
        int from = random.nextInt(0, bytes.length);
        int length = Math.min(random.nextInt(1, 40), bytes.length - Math.max(at, from));
        System.arraycopy(bytes, from, changed, at, length);
      }
      default -> {
        // A stretch left out.
        int end = Math.min(bytes.length, at + random.nextInt(1, 9));
        System.arraycopy(bytes, end, changed, at, bytes.length - end);
        return Arrays.copyOf(changed, bytes.length - (end - at));
      }
    }
    return changed;
  }

  /** Many small things whose objects take more memory than they do in the file. */
  @Test
  void theWorstFilesTakeBoundedMemory() throws IOException {
    RawGguf file = RawGguf.start(GgufHeader.MOST_TENSORS, GgufHeader.MOST_KEYS);
    int texts = 12;
    String longText = "\u20ac" + "x".repeat(GgufHeader.MOST_TEXT / (texts + 1));
    for (int i = 0; i < GgufHeader.MOST_KEYS; i++) {
      if (i < texts) {
        file.key("k" + i, 8).string(longText);
      } else if (i == texts) {
        file.key("k" + i, 9).u32(8).u64(1 << 20);
        file.raw(new byte[8 << 20]);
      } else {
        file.key("k" + i, 0).raw((byte) 1);
      }
    }
    for (int i = 0; i < GgufHeader.MOST_TENSORS; i++) {
      file.tensor("t" + i, 0, 0, 1L << 40, 0, 1L << 20, 1);
    }
    Path path = file.align(32).write(folder.resolve("worst.gguf"));
    long size = Files.size(path);
    long before = Allocation.currentThreadBytes();
    try (GgufFile opened = GgufFile.open(path)) {
      assertEquals(GgufHeader.MOST_TENSORS, opened.tensors().size());
      assertEquals(
          List.of("", ""), opened.metadata().strings("k" + texts).orElseThrow().subList(0, 2));
    }
    long allocated = Allocation.currentThreadBytes() - before;
    assertTrue(
        allocated < size + DOCUMENTED_MOST_BYTES,
        () -> allocated + " bytes were allocated for a file of " + size);
  }
}
