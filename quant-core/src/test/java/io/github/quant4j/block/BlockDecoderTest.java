// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.block;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.testing.SeededRandom;
import io.github.quant4j.testing.SharedData;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class BlockDecoderTest {

  private static float[] decode(BlockFormat format, byte[] blocks) {
    int count = blocks.length / format.blockBytes();
    float[] values = new float[count * format.blockSize()];
    for (int b = 0; b < count; b++) {
      format
          .decoder()
          .decode(
              MemorySegment.ofArray(blocks),
              (long) b * format.blockBytes(),
              values,
              b * format.blockSize());
    }
    return values;
  }

  /** As bits, but for NaN, of which one is like another. */
  private static void assertSameBits(float[] expected, float[] found) {
    assertEquals(expected.length, found.length);
    for (int i = 0; i < expected.length; i++) {
      boolean same =
          Float.isNaN(expected[i])
              ? Float.isNaN(found[i])
              : Float.floatToRawIntBits(expected[i]) == Float.floatToRawIntBits(found[i]);
      assertTrue(same, i + ": expected " + expected[i] + ", found " + found[i]);
    }
  }

  @ParameterizedTest
  @EnumSource
  void randomBytesAreWhatGgmlSays(BlockFormat format) throws IOException {
    float[] expected = BlockVectors.floats(BlockVectors.path(), format.name() + ".values");
    assertSameBits(expected, decode(format, BlockVectors.blocks(format, "random")));
  }

  @Tag("conformance")
  @Test
  void sharedVectorsAreMet() throws IOException {
    Path path = SharedData.path("fixtures/gguf/blocks.safetensors");
    int checked = 0;
    for (String name : BlockVectors.names(path)) {
      if (name.endsWith(".blocks") && !name.startsWith("BF16")) {
        String type = name.substring(0, name.indexOf('.'));
        float[] found =
            decode(BlockFormat.find(type).orElseThrow(), BlockVectors.bytes(path, name));
        assertSameBits(BlockVectors.floats(path, type + ".values"), found);
        checked++;
      }
    }
    assertEquals(22, checked);
  }

  /** Sizes by hand, from the definitions of the types. */
  @Test
  void sizesAreThoseOfTheFormat() {
    assertEquals(4.5, BlockFormat.Q4_0.bitsPerWeight());
    assertEquals(4.5, BlockFormat.Q4_K.bitsPerWeight());
    assertEquals(6.5625, BlockFormat.Q6_K.bitsPerWeight());
    assertEquals(1.5625, BlockFormat.IQ1_S.bitsPerWeight());
    assertEquals(1.75, BlockFormat.IQ1_M.bitsPerWeight());
    assertEquals(2.0625, BlockFormat.IQ2_XXS.bitsPerWeight());
    assertEquals(1.125, BlockFormat.Q1_0.bitsPerWeight());
    assertEquals(4.25, BlockFormat.MXFP4.bitsPerWeight());
    assertEquals(288, BlockFormat.Q4_K.rowBytes(512));
    assertEquals(64L * 36, BlockFormat.NVFP4.rowBytes(64 * 64));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, -256, 255, 257, 32})
  void aRowIsWholeBlocks(int columns) {
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> BlockFormat.Q4_K.rowBytes(columns));
    assertTrue(e.getMessage().contains("columns: " + columns), e.getMessage());
  }

  @Test
  void namesAreFoundInAnyCase() {
    for (BlockFormat format : BlockFormat.values()) {
      assertEquals(format, BlockFormat.find(format.name().toLowerCase(Locale.ROOT)).orElseThrow());
    }
    for (String other : List.of("", "Q4_2", "F16", "Q8_1", "Q4 K")) {
      assertTrue(BlockFormat.find(other).isEmpty(), other);
    }
  }

  @ParameterizedTest
  @EnumSource
  void blocksBesideAreNotTouched(BlockFormat format) {
    SeededRandom random = new SeededRandom(7);
    byte[] block = new byte[format.blockBytes()];
    for (int i = 0; i < block.length; i++) {
      block[i] = (byte) random.nextInt(0, 256);
    }
    byte[] shifted = new byte[block.length + 5];
    System.arraycopy(block, 0, shifted, 3, block.length);
    float[] target = new float[format.blockSize() + 2];
    Arrays.fill(target, 5);
    format.decoder().decode(MemorySegment.ofArray(shifted), 3, target, 1);
    assertEquals(5, target[0]);
    assertEquals(5, target[target.length - 1]);
    assertSameBits(decode(format, block), Arrays.copyOfRange(target, 1, target.length - 1));
    assertThrows(
        IndexOutOfBoundsException.class,
        () -> format.decoder().decode(MemorySegment.ofArray(shifted), 6, target, 1));
    assertThrows(
        IndexOutOfBoundsException.class,
        () -> format.decoder().decode(MemorySegment.ofArray(shifted), 0, target, 3));
  }

  @Test
  void codesAndScalesSayTheSameAsWeights() throws IOException {
    int coded = 0;
    for (BlockFormat format : BlockFormat.values()) {
      if (format.coded().isEmpty()) {
        continue;
      }
      coded++;
      CodedBlocks blocks = format.coded().get();
      byte[] bytes = BlockVectors.blocks(format, "random");
      float[] values = decode(format, bytes);
      int size = format.blockSize();
      byte[] codes = new byte[size];
      float[] scales = new float[size / blocks.run()];
      float[] offsets = new float[scales.length];
      for (int b = 0; b < bytes.length / format.blockBytes(); b++) {
        blocks.unpack(bytes, b * format.blockBytes(), codes, 0);
        blocks.scales(bytes, b * format.blockBytes(), scales, offsets, 0);
        float[] found = new float[size];
        for (int i = 0; i < size; i++) {
          int run = i / blocks.run();
          found[i] = scales[run] * blocks.levels()[codes[i] & 0xff];
          if (blocks.hasOffsets()) {
            found[i] += offsets[run];
          }
        }
        assertSameBits(Arrays.copyOfRange(values, b * size, (b + 1) * size), found);
      }
    }
    assertEquals(18, coded);
    assertFalse(BlockFormat.Q4_0.coded().orElseThrow().hasOffsets());
    assertArrayEquals(
        new byte[] {-4, -3, -2, -1, 0, 1, 2, 3}, BlockFormat.Q3_K.coded().orElseThrow().levels());
  }
}
