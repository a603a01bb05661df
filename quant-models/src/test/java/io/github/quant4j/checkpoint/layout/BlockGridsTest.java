// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.checkpoint.layout;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.block.BlockFormat;
import io.github.quant4j.format.HalfPrecision;
import io.github.quant4j.linear.BlockTerm;
import io.github.quant4j.linear.QuantizedLinear;
import io.github.quant4j.matrix.BlockMatrix;
import io.github.quant4j.testing.SeededRandom;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Blocks of ggml as integers. */
class BlockGridsTest {
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private static BlockMatrix random(SeededRandom random, BlockFormat format, int scaleAt) {
    int blocks = 6;
    MemorySegment data = MemorySegment.ofArray(new byte[blocks * format.blockBytes()]);
    for (long i = 0; i < data.byteSize(); i++) {
      data.set(ValueLayout.JAVA_BYTE, i, (byte) random.nextInt(-128, 128));
    }
    for (int block = 0; block < blocks; block++) {
      // Of either sign, and none in one block.
      float scale = block == 4 ? 0 : (block % 2 == 0 ? 1 : -1) * random.nextInt(1, 999) / 4096f;
      long at = (long) block * format.blockBytes() + scaleAt;
      data.set(SHORT, at, HalfPrecision.toFloat16(scale));
      if (format == BlockFormat.Q4_1 || format == BlockFormat.Q5_1) {
        float minimum = -scale * random.nextInt(0, 3);
        data.set(SHORT, at + Short.BYTES, HalfPrecision.toFloat16(minimum));
      }
    }
    return new BlockMatrix(format, 3, 2 * format.blockSize(), data);
  }

  @ParameterizedTest
  @EnumSource(names = {"Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0", "TQ2_0"})
  void weightsAreThoseOfTheBlocks(BlockFormat format) throws InexactException {
    SeededRandom random = new SeededRandom(format.blockBytes());
    BlockMatrix matrix =
        random(random, format, format == BlockFormat.TQ2_0 ? format.blockBytes() - 2 : 0);
    IntegerWeights weights = IntegerGrids.of(new BlockTerm(matrix));
    float[] expected = unsigned(matrix.dequantize().data());
    assertArrayEquals(expected, unsigned(weights.toDense().data()), format + ", " + random);
    assertArrayEquals(
        expected, unsigned(IntegerGrids.linear(weights).toDense().data()), "as a layer");
  }

  /** With no zeros below zero. */
  private static float[] unsigned(float[] values) {
    for (int i = 0; i < values.length; i++) {
      values[i] += 0f;
    }
    return values;
  }

  @Test
  void aBlockOfFourBitsByHand() throws InexactException {
    byte[] block = new byte[18];
    MemorySegment data = MemorySegment.ofArray(block);
    data.set(SHORT, 0, HalfPrecision.toFloat16(-0.5f));
    // Element 0 is code 3, element 16 is code 12: -0.5 (3 - 8) and -0.5 (12 - 8).
    block[2] = (byte) 0xc3;
    IntegerWeights weights =
        IntegerGrids.of(new BlockTerm(new BlockMatrix(BlockFormat.Q4_0, 1, 32, data)));
    assertEquals(0.5f, weights.scales()[0]);
    assertEquals(7, weights.zeros()[0]);
    assertEquals(12, weights.codes()[0]);
    assertEquals(3, weights.codes()[16]);
    assertEquals(2.5f, weights.get(0, 0));
    assertEquals(-2f, weights.get(0, 16));
  }

  @Test
  void minimaBetweenStepsAndOtherBlocksAreRefused() {
    BlockMatrix matrix = random(new SeededRandom(1), BlockFormat.Q4_1, 0);
    matrix.data().set(SHORT, 2, HalfPrecision.toFloat16(-0.0123f));
    assertTrue(
        assertThrows(InexactException.class, () -> IntegerGrids.of(new BlockTerm(matrix)))
            .reason()
            .contains("minima"));
    BlockMatrix codebook = random(new SeededRandom(1), BlockFormat.IQ4_NL, 0);
    InexactException refused =
        assertThrows(
            InexactException.class,
            () -> IntegerGrids.of(QuantizedLinear.of(List.of(new BlockTerm(codebook)))));
    assertTrue(refused.reason().contains("IQ4_NL"), refused.reason());
  }
}
