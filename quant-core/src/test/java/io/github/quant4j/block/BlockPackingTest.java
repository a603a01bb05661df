// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.block;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.format.HalfPrecision;
import io.github.quant4j.scheme.BlockScaleCodec;
import io.github.quant4j.testing.SeededRandom;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What is packed is found by the decoders, which are held against ggml by themselves. */
class BlockPackingTest {

  static List<BlockFormat> formats() {
    return BlockScaleCodec.formats();
  }

  private static float half(double value) {
    return HalfPrecision.fromFloat16(HalfPrecision.toFloat16((float) value));
  }

  @ParameterizedTest
  @MethodSource("formats")
  void codesAndScalesAreWhereDecodersLook(BlockFormat format) {
    SeededRandom random = new SeededRandom(format.blockBytes());
    CodedBlocks coded = format.coded().orElseThrow();
    BlockScaleCodec codec = new BlockScaleCodec(format);
    int runs = format.blockSize() / coded.run();
    for (int repeat = 0; repeat < 50; repeat++) {
      byte[] codes = new byte[format.blockSize()];
      int levels = format == BlockFormat.TQ1_0 ? 3 : coded.levels().length;
      for (int i = 0; i < codes.length; i++) {
        codes[i] = (byte) random.nextInt(0, levels);
      }
      int[] scaleCodes = new int[runs];
      int[] leastCodes = new int[runs];
      for (int r = 0; r < runs; r++) {
        scaleCodes[r] = random.nextInt(codec.leastScale(), codec.mostScale() + 1);
        leastCodes[r] = random.nextInt(0, codec.mostOffset() + 1);
      }
      float scale = half(random.nextGaussian());
      float least = half(random.nextGaussian());
      byte[] target = new byte[format.blockBytes() + 5];
      BlockPacking.pack(
          format, new BlockPacking.Parts(codes, scale, least, scaleCodes, leastCodes), target, 3);
      byte[] unpacked = new byte[codes.length];
      coded.unpack(target, 3, unpacked, 0);
      assertArrayEquals(codes, unpacked, format + ", " + random);
      float[] scales = new float[runs];
      float[] offsets = new float[runs];
      coded.scales(target, 3, scales, offsets, 0);
      for (int r = 0; r < runs; r++) {
        assertEquals(runs == 1 ? scale : scale * scaleCodes[r], scales[r], format + ", " + random);
        float offset = runs == 1 ? least : -(least * leastCodes[r]);
        assertEquals(coded.hasOffsets() ? offset : 0f, offsets[r], format + ", " + random);
      }
      byte[] outside = {
        target[0], target[1], target[2], target[target.length - 2], target[target.length - 1]
      };
      assertArrayEquals(new byte[5], outside, format + ", " + random);
    }
  }

  @Test
  void formatsWithOtherScalesAreRefused() {
    for (BlockFormat format : BlockFormat.values()) {
      assertEquals(formats().contains(format), BlockPacking.isPossible(format), format::name);
    }
    BlockPacking.Parts parts = new BlockPacking.Parts(new byte[32], 1, 0, new int[1], new int[1]);
    IllegalArgumentException refusal =
        assertThrows(
            IllegalArgumentException.class,
            () -> BlockPacking.pack(BlockFormat.MXFP4, parts, new byte[17], 0));
    assertTrue(String.valueOf(refusal.getMessage()).contains("MXFP4"), refusal::getMessage);
    assertFalse(BlockPacking.isPossible(BlockFormat.IQ2_XXS));
  }
}
