// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.matrix;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.block.BlockFormat;
import io.github.quant4j.testing.SeededRandom;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class BlockMatrixTest {

  private static BlockMatrix random(BlockFormat format, int rows, int columns, long seed) {
    SeededRandom random = new SeededRandom(seed);
    byte[] blocks = new byte[(int) format.rowBytes(columns) * rows];
    for (int i = 0; i < blocks.length; i++) {
      // Bytes below 64 keep every exponent of a scale finite.
      blocks[i] = (byte) random.nextInt(0, 64);
    }
    return new BlockMatrix(format, rows, columns, MemorySegment.ofArray(blocks));
  }

  @ParameterizedTest
  @CsvSource({
    "Q4_0, 2, 64, 71, data: 71 bytes",
    "Q4_0, 2, 64, 73, expected 2 rows of 36",
    "Q4_0, 2, 64, 0, data: 0 bytes",
    "Q4_0, 2, 64, 108, data: 108 bytes",
    "Q4_0, 0, 64, 0, rows: 0",
    "Q4_0, -1, 64, 36, rows: -1",
    "Q4_0, 2, 0, 0, columns: 0",
    "Q4_0, 2, 48, 54, columns: 48",
    "Q4_K, 1, 128, 72, columns: 128",
    "Q4_K, 2147483647, 2147483392, 144, expected 2147483647 rows of 1207959408",
    "NVFP4, 1, 32, 18, columns: 32",
  })
  void sizesMustAgree(BlockFormat format, int rows, int columns, int bytes, String expected) {
    MemorySegment data = MemorySegment.ofArray(new byte[bytes]);
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class, () -> new BlockMatrix(format, rows, columns, data));
    assertTrue(e.getMessage().contains(expected), e.getMessage());
  }

  @ParameterizedTest
  @EnumSource
  void rowsArePutWhereTheyBelong(BlockFormat format) {
    BlockMatrix matrix = random(format, 3, 512, 1);
    float[] all = matrix.dequantize().data();
    float[] row = new float[514];
    matrix.dequantizeRow(1, row, 2);
    assertArrayEquals(Arrays.copyOfRange(all, 512, 1024), Arrays.copyOfRange(row, 2, 514));
    assertEquals((long) (format.bitsPerWeight() * 3 * 512), matrix.storageBits());
    assertThrows(IndexOutOfBoundsException.class, () -> matrix.dequantizeRow(3, row, 0));
    assertThrows(IndexOutOfBoundsException.class, () -> matrix.dequantizeRow(-1, row, 0));
    assertThrows(IndexOutOfBoundsException.class, () -> matrix.dequantizeRow(0, row, 3));
  }

  @Test
  void rowsAreChosenInAnyOrder() {
    BlockMatrix matrix = random(BlockFormat.Q5_K, 4, 256, 2);
    float[] all = matrix.dequantize().data();
    BlockMatrix chosen = matrix.withRows(new int[] {2, 0, 2});
    float[] found = chosen.dequantize().data();
    assertArrayEquals(Arrays.copyOfRange(all, 512, 768), Arrays.copyOfRange(found, 0, 256));
    assertArrayEquals(Arrays.copyOfRange(all, 0, 256), Arrays.copyOfRange(found, 256, 512));
    assertArrayEquals(Arrays.copyOfRange(all, 512, 768), Arrays.copyOfRange(found, 512, 768));
    assertThrows(IndexOutOfBoundsException.class, () -> matrix.withRows(new int[] {4}));
    assertThrows(IllegalArgumentException.class, () -> matrix.withRows(new int[0]));
  }

  @Test
  void memoryOffTheHeapIsReadWhereItLies() {
    BlockMatrix heap = random(BlockFormat.Q6_K, 2, 256, 3);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment copy = arena.allocate(heap.data().byteSize() + 1).asSlice(1);
      copy.copyFrom(heap.data());
      BlockMatrix matrix = new BlockMatrix(BlockFormat.Q6_K, 2, 256, copy.asReadOnly());
      assertArrayEquals(heap.dequantize().data(), matrix.dequantize().data());
    }
  }

  /** A scale that is not a number makes its block so, and no other. */
  @ParameterizedTest
  @CsvSource({"Q4_0, 0", "Q8_0, 0", "Q6_K, 208", "Q3_K, 108", "TQ1_0, 52"})
  void whatIsNoNumberStaysInItsBlock(BlockFormat format, int place) {
    int columns = 2 * format.blockSize();
    BlockMatrix matrix = random(format, 1, columns, 4);
    byte[] blocks = matrix.data().toArray(java.lang.foreign.ValueLayout.JAVA_BYTE);
    blocks[place + 1] = 0x7e;
    float[] found =
        new BlockMatrix(format, 1, columns, MemorySegment.ofArray(blocks)).dequantize().data();
    for (int i = 0; i < columns; i++) {
      assertEquals(i < format.blockSize(), Float.isNaN(found[i]), format + " " + i);
    }
  }
}
