// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector.weightonly;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.block.BlockFormat;
import io.github.quant4j.block.CodedBlocks;
import io.github.quant4j.kernel.KernelOptions;
import io.github.quant4j.kernel.Kernels;
import io.github.quant4j.kernel.LinearKernel;
import io.github.quant4j.linear.BlockTerm;
import io.github.quant4j.linear.QuantizedLinear;
import io.github.quant4j.matrix.BlockMatrix;
import io.github.quant4j.parallel.WorkerTeam;
import io.github.quant4j.testing.SeededRandom;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Weights in blocks of ggml with vector code, against products in double. */
class BlockKernelTest {
  private static final KernelOptions ONE = new KernelOptions("vector", WorkerTeam.sequential());
  private static final KernelOptions THREE = new KernelOptions("vector", WorkerTeam.ofThreads(3));

  /**
   * For each weight what bounds the terms that it has a part in: several times the largest level,
   * and its offset.
   */
  private static float[] magnitudes(BlockMatrix matrix) {
    float[] weights = matrix.dequantize().data();
    BlockFormat format = matrix.format();
    if (format.coded().isEmpty()) {
      return weights;
    }
    CodedBlocks coded = format.coded().get();
    int largest = 0;
    for (byte level : coded.levels()) {
      largest = Math.max(largest, Math.abs(level));
    }
    byte[] data = matrix.data().toArray(ValueLayout.JAVA_BYTE);
    int size = format.blockSize();
    float[] scales = new float[size / coded.run()];
    float[] offsets = new float[scales.length];
    float[] magnitudes = new float[weights.length];
    for (int b = 0; b < weights.length / size; b++) {
      coded.scales(data, b * format.blockBytes(), scales, offsets, 0);
      for (int i = 0; i < size; i++) {
        int run = i / coded.run();
        magnitudes[b * size + i] = 5 * largest * Math.abs(scales[run]) + Math.abs(offsets[run]);
      }
    }
    return magnitudes;
  }

  private static void assertProducts(BlockMatrix matrix, LinearKernel kernel, SeededRandom random) {
    int rows = matrix.rows();
    int columns = matrix.columns();
    float[] weights = matrix.dequantize().data();
    float[] magnitudes = magnitudes(matrix);
    LinearKernel shared = Kernels.forBlocks(matrix, THREE);
    for (int tokens : new int[] {1, 5, 6, 49}) {
      float[] x = random.gaussians(3 + tokens * columns);
      float[] y = new float[2 + tokens * rows + 3];
      Arrays.fill(y, Float.NaN);
      float[] again = y.clone();
      kernel.multiply(x, 3, tokens, y, 2);
      shared.multiply(x, 3, tokens, again, 2);
      assertArrayEquals(y, again, random.toString());
      for (int t = 0; t < tokens; t++) {
        for (int r = 0; r < rows; r++) {
          double sum = 0;
          double bound = 0;
          for (int k = 0; k < columns; k++) {
            double input = x[3 + t * columns + k];
            sum += input * weights[r * columns + k];
            bound += Math.abs(input * magnitudes[r * columns + k]);
          }
          String place = kernel.describe() + ", " + tokens + " tokens, row " + r + ", " + random;
          assertEquals(sum, y[2 + t * rows + r], 320 * 0x1p-24 * bound, place);
        }
      }
      for (int i : new int[] {0, 1, y.length - 3, y.length - 1}) {
        assertEquals(Float.NaN, y[i], "written outside the output");
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void productsWithFewAndManyTokens(BlockFormat format) {
    SeededRandom random = new SeededRandom(format.blockBytes());
    for (int[] shape : new int[][] {{67, 256}, {33, 512}}) {
      BlockMatrix matrix = RandomBlocks.of(format, shape[0], shape[1], random);
      LinearKernel kernel = Kernels.forBlocks(matrix, ONE);
      Class<?> expected =
          format.coded().isPresent() ? WeightOnlyKernel.class : DecodedBlockKernel.class;
      assertEquals(expected, kernel.getClass());
      assertProducts(matrix, kernel, random);
    }
  }

  @ParameterizedTest
  @CsvSource({"Q4_0, 40, 32", "Q4_1, 65, 96", "Q8_0, 33, 1056", "Q1_0, 70, 384", "NVFP4, 64, 64"})
  void blocksNeedNotFillWords(BlockFormat format, int rows, int columns) {
    SeededRandom random = new SeededRandom(columns);
    BlockMatrix matrix = RandomBlocks.of(format, rows, columns, random);
    assertProducts(matrix, Kernels.forBlocks(matrix, ONE), random);
  }

  /** What no quantizer would write: offsets without scales, and scales without numbers. */
  @ParameterizedTest
  @CsvSource({"Q4_K, 0, 2", "Q5_K, 0, 2", "Q2_K, 80, 82", "Q4_1, 0, 2"})
  void zeroScalesLeaveTheOffset(BlockFormat format, int scalePlace, int offsetPlace) {
    SeededRandom random = new SeededRandom(5);
    BlockMatrix matrix = RandomBlocks.of(format, 66, 512, random);
    byte[] data = matrix.data().toArray(ValueLayout.JAVA_BYTE);
    for (int at = 0; at < data.length; at += 3 * format.blockBytes()) {
      data[at + scalePlace] = 0;
      data[at + scalePlace + 1] = (byte) (at % 2 << 7);
      data[at + offsetPlace + 1] = 0x38;
    }
    BlockMatrix changed = new BlockMatrix(format, 66, 512, MemorySegment.ofArray(data));
    assertProducts(changed, Kernels.forBlocks(changed, ONE), random);
  }

  @ParameterizedTest
  @EnumSource(names = {"Q4_0", "Q4_1", "Q4_K", "Q6_K", "Q3_K", "TQ2_0", "IQ4_XS", "IQ2_S"})
  void whatIsNoNumberSpoilsItsRowAlone(BlockFormat format) {
    SeededRandom random = new SeededRandom(6);
    BlockMatrix matrix = RandomBlocks.of(format, 70, 512, random);
    byte[] data = matrix.data().toArray(ValueLayout.JAVA_BYTE);
    long row = 69 * matrix.rowBytes();
    int place =
        switch (format) {
          case Q6_K -> 208;
          case Q3_K -> 108;
          case TQ2_0 -> 64;
          default -> 0;
        };
    data[(int) row + place + 1] = 0x7e;
    BlockMatrix changed = new BlockMatrix(format, 70, 512, MemorySegment.ofArray(data));
    for (int tokens : new int[] {1, 7, 50}) {
      float[] x = random.gaussians(tokens * 512);
      float[] y = new float[tokens * 70];
      float[] before = new float[tokens * 70];
      Kernels.forBlocks(changed, ONE).multiply(x, 0, tokens, y, 0);
      Kernels.forBlocks(matrix, ONE).multiply(x, 0, tokens, before, 0);
      for (int i = 0; i < y.length; i++) {
        assertEquals(i % 70 == 69, Float.isNaN(y[i]), format + ", output " + i);
        if (i % 70 != 69) {
          assertEquals(before[i], y[i], Math.abs(before[i]) * 1e-3, format + ", output " + i);
        }
      }
    }
  }

  @Test
  void theKernelSaysWhatItIs() {
    SeededRandom random = new SeededRandom(7);
    BlockMatrix coded = RandomBlocks.of(BlockFormat.Q4_K, 64, 512, random);
    LinearKernel kernel = Kernels.forLinear(QuantizedLinear.of(List.of(new BlockTerm(coded))), ONE);
    assertTrue(kernel.describe().startsWith("vector Q4_K by "), kernel.describe());
    BlockMatrix points = RandomBlocks.of(BlockFormat.IQ3_S, 64, 512, random);
    String description = Kernels.forBlocks(points, ONE).describe();
    assertTrue(description.startsWith("vector IQ3_S by decoded blocks"), description);
    BlockMatrix tiny = RandomBlocks.of(BlockFormat.Q8_0, 1, 32, random);
    String scalar = Kernels.forBlocks(tiny, KernelOptions.defaults()).describe();
    assertTrue(scalar.startsWith("scalar Q8_0"), scalar);
  }
}
