// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.block;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.testing.SharedData;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class BlockEncoderTest {

  static Stream<BlockFormat> encoded() {
    return Stream.of(BlockFormat.values()).filter(format -> format.encoder().isPresent());
  }

  private static byte[] encode(
      BlockFormat format, FloatMatrix weights, float @Nullable [] importance) {
    long rowBytes = format.rowBytes(weights.columns());
    byte[] blocks = new byte[(int) rowBytes * weights.rows()];
    for (int r = 0; r < weights.rows(); r++) {
      format
          .encoder()
          .orElseThrow()
          .encode(
              weights.data(),
              r * weights.columns(),
              weights.columns(),
              importance,
              0,
              MemorySegment.ofArray(blocks),
              r * rowBytes);
    }
    return blocks;
  }

  private static void assertSameBlocks(
      BlockFormat format, int columns, byte[] expected, byte[] found) {
    assertEquals(expected.length, found.length);
    int size = format.blockBytes();
    StringBuilder differing = new StringBuilder();
    for (int at = 0; at < found.length; at += size) {
      if (!Arrays.equals(expected, at, at + size, found, at, at + size)) {
        long row = at / format.rowBytes(columns);
        differing.append(
            String.format(" row %d block %d", row, at % format.rowBytes(columns) / size));
        for (int i = 0; i < size; i++) {
          if (expected[at + i] != found[at + i]) {
            differing.append(
                String.format(" [%d: %x, not %x]", i, found[at + i], expected[at + i]));
          }
        }
      }
    }
    assertTrue(differing.isEmpty(), differing::toString);
  }

  @ParameterizedTest
  @MethodSource("encoded")
  void blocksWithoutImportanceAreGgmls(BlockFormat format) throws IOException {
    FloatMatrix input = BlockVectors.input();
    assertSameBlocks(
        format, input.columns(), BlockVectors.blocks(format, "plain"), encode(format, input, null));
  }

  @ParameterizedTest
  @MethodSource("encoded")
  void blocksWithImportanceAreGgmls(BlockFormat format) throws IOException {
    FloatMatrix input = BlockVectors.input();
    assertSameBlocks(
        format,
        input.columns(),
        BlockVectors.blocks(format, "weighted"),
        encode(format, input, BlockVectors.importance()));
  }

  @Tag("conformance")
  @Test
  void sharedVectorsAreMet() throws IOException {
    Path path = SharedData.path("fixtures/gguf/blocks.safetensors");
    for (String name : List.of("Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0", "TQ1_0", "TQ2_0", "MXFP4")) {
      BlockFormat format = BlockFormat.find(name).orElseThrow();
      float[] input = BlockVectors.floats(path, name + ".input");
      FloatMatrix weights = FloatMatrix.wrap(8, 512, input);
      assertSameBlocks(
          format, 512, BlockVectors.bytes(path, name + ".blocks"), encode(format, weights, null));
    }
  }

  @Test
  void gridsCanOnlyBeRead() {
    assertEquals(18, encoded().count());
    assertTrue(BlockFormat.IQ2_XS.encoder().isEmpty());
  }

  @Test
  void placesAreChecked() {
    BlockEncoder encoder = BlockFormat.Q4_0.encoder().orElseThrow();
    float[] weights = new float[64];
    MemorySegment target = MemorySegment.ofArray(new byte[36]);
    assertThrows(
        IllegalArgumentException.class, () -> encoder.encode(weights, 0, 63, null, 0, target, 0));
    assertThrows(
        IndexOutOfBoundsException.class, () -> encoder.encode(weights, 1, 64, null, 0, target, 0));
    assertThrows(
        IndexOutOfBoundsException.class, () -> encoder.encode(weights, 0, 64, null, 0, target, 1));
    assertThrows(
        IndexOutOfBoundsException.class,
        () -> encoder.encode(weights, 0, 64, new float[63], 0, target, 0));
  }

  /** One block at a time is the same for types that look at blocks alone. */
  @Test
  void positionsDoNotMatter() throws IOException {
    FloatMatrix input = BlockVectors.input();
    byte[] whole = encode(BlockFormat.Q4_K, input.rowRange(0, 1), null);
    byte[] second = new byte[3 + 144];
    BlockFormat.Q4_K
        .encoder()
        .orElseThrow()
        .encode(input.data(), 256, 256, null, 0, MemorySegment.ofArray(second), 3);
    assertArrayEquals(
        Arrays.copyOfRange(whole, 144, 288), Arrays.copyOfRange(second, 3, second.length));
  }
}
