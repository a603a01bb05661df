// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import io.github.quant4j.tensor.Tensor;
import io.github.quant4j.testing.Allocation;
import io.github.quant4j.testing.SeededRandom;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Mutates valid files: each is opened with consistent contents or refused as documented. */
class SafetensorsFuzzTest {
  private static final List<String> TOKENS =
      List.of(
          "0",
          "-1",
          "1e400",
          "9223372036854775807",
          "18446744073709551616",
          "null",
          "true",
          "{}",
          "[]",
          "[",
          "]",
          "{",
          "}",
          ",",
          ":",
          "\"",
          "\\u0000",
          "\"F32\"",
          "\"F4\"",
          "\"U8\"",
          "\"dtype\"",
          "\"shape\"",
          "\"data_offsets\"",
          "\"__metadata__\"",
          "\"a\"",
          " ",
          "\n");

  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4})
  void everyMutationOpensConsistentlyOrIsRefused(long seed) throws IOException {
    SeededRandom random = new SeededRandom(seed);
    Path path = folder.resolve("fuzz.safetensors");
    int opened = 0;
    int cases = 750;
    for (int i = 0; i < cases; i++) {
      byte[] bytes = mutate(validFile(random), random);
      RawSafetensors.write(path, bytes);
      String label = random + ", case " + i;
      long before = Allocation.currentThreadBytes();
      try (SafetensorsFile file = SafetensorsFile.open(path)) {
        assertConsistent(file, bytes, label);
        opened++;
      } catch (TensorFileException e) {
        assertNotNull(e.getMessage(), label);
        assertTrue(e.getMessage().contains("fuzz.safetensors"), label + e.getMessage());
      } catch (RuntimeException | Error e) {
        fail(label + ": " + e, e);
      }
      long allocated = Allocation.currentThreadBytes() - before;
      assertTrue(allocated < 2_000_000, () -> label + ": " + allocated + " bytes were allocated");
    }
    // A mutation of the data or of a name is no damage that opening could see.
    assertTrue(opened > cases / 30 && opened < cases * 9 / 10, random + ": " + opened + " opened");
  }

  private static void assertConsistent(SafetensorsFile file, byte[] bytes, String label) {
    long header = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong(0);
    MemorySegment data =
        MemorySegment.ofArray(bytes).asSlice(8 + header, bytes.length - 8 - header);
    long position = 0;
    for (String name : file.names()) {
      Tensor tensor = file.require(name);
      assertEquals(name, tensor.name(), label);
      assertEquals(
          tensor.shape().elementCount() * tensor.dtype().bits(), tensor.byteSize() * 8, label);
      MemorySegment expected = data.asSlice(position, tensor.byteSize());
      assertEquals(-1, expected.mismatch(tensor.data()), label);
      position += tensor.byteSize();
    }
    assertEquals(data.byteSize(), position, label);
  }

  private static byte[] validFile(SeededRandom random) {
    String[] types = {"U8", "F32", "F16", "F4", "I64", "BOOL", "F6_E3M2"};
    int[] bits = {8, 32, 16, 4, 64, 8, 6};
    StringBuilder header = new StringBuilder("{\"__metadata__\":{\"format\":\"pt\"}");
    int position = 0;
    int count = random.nextInt(0, 5);
    for (int i = 0; i < count; i++) {
      int type = random.nextInt(0, types.length);
      int rows = random.nextInt(0, 4);
      int end = position + rows * 8 * bits[type] / 8;
      header.append(
          String.format(
              ",\"t%d\":{\"dtype\":\"%s\",\"shape\":[%d,8],\"data_offsets\":[%d,%d]}",
              i, types[type], rows, position, end));
      position = end;
    }
    header.append("}").append(" ".repeat(random.nextInt(0, 9)));
    byte[] data = new byte[position];
    for (int i = 0; i < data.length; i++) {
      data[i] = (byte) random.nextLong();
    }
    return RawSafetensors.bytes(header.toString(), data);
  }

  private static byte[] mutate(byte[] valid, SeededRandom random) {
    byte[] bytes = valid;
    int mutations = random.nextInt(1, 4);
    for (int i = 0; i < mutations; i++) {
      bytes = mutateOnce(bytes, random);
    }
    return bytes;
  }

  private static byte[] mutateOnce(byte[] bytes, SeededRandom random) {
    if (bytes.length < 10) {
      return Arrays.copyOf(bytes, bytes.length + random.nextInt(0, 20));
    }
    int at = random.nextInt(0, bytes.length);
    return switch (random.nextInt(0, 8)) {
      case 0 -> {
        byte[] flipped = bytes.clone();
        flipped[at] ^= (byte) (1 << random.nextInt(0, 8));
        yield flipped;
      }
      case 1 -> {
        byte[] flipped = bytes.clone();
        flipped[bytes.length - 1 - at / 4] ^= 1;
        yield flipped;
      }
      case 6 -> Arrays.copyOf(bytes, at);
      case 2 -> Arrays.copyOf(bytes, bytes.length + random.nextInt(1, 64));
      case 3 -> {
        byte[] length = bytes.clone();
        length[random.nextInt(0, 8)] = (byte) random.nextLong();
        yield length;
      }
      case 4 -> splice(bytes, headerPosition(bytes, random), 0, token(random));
      case 5 -> splice(bytes, headerPosition(bytes, random), random.nextInt(1, 6), token(random));
      default -> replaceDigit(bytes, random);
    };
  }

  private static String token(SeededRandom random) {
    return TOKENS.get(random.nextInt(0, TOKENS.size()));
  }

  private static int headerPosition(byte[] bytes, SeededRandom random) {
    return random.nextInt(8, bytes.length);
  }

  /** Changes the header and corrects the length, so that the parser gets to see the change. */
  private static byte[] splice(byte[] bytes, int at, int remove, String insert) {
    byte[] added = insert.getBytes(StandardCharsets.UTF_8);
    int tail = Math.min(bytes.length, at + remove);
    ByteBuffer out =
        ByteBuffer.allocate(at + added.length + bytes.length - tail)
            .order(ByteOrder.LITTLE_ENDIAN)
            .put(bytes, 0, at)
            .put(added)
            .put(bytes, tail, bytes.length - tail);
    out.putLong(0, out.getLong(0) + added.length - (tail - at));
    return out.array();
  }

  private static byte[] replaceDigit(byte[] bytes, SeededRandom random) {
    byte[] changed = bytes.clone();
    int start = random.nextInt(8, bytes.length);
    for (int i = start; i < changed.length; i++) {
      if (changed[i] >= '0' && changed[i] <= '9') {
        changed[i] = (byte) ('0' + random.nextInt(0, 10));
        break;
      }
    }
    return changed;
  }
}
