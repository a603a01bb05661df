// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.matrix;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.block.BlockFormat;
import io.github.quant4j.block.BlockVectors;
import io.github.quant4j.linalg.Compute;
import io.github.quant4j.parallel.WorkerTeam;
import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.testing.SeededRandom;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class BlockQuantizerTest {
  private static final Compute COMPUTE = Compute.scalar();

  private static byte[] bytes(BlockMatrix matrix) {
    return matrix.data().toArray(ValueLayout.JAVA_BYTE);
  }

  @ParameterizedTest
  @EnumSource(names = {"Q4_0", "Q4_K", "Q6_K", "NVFP4", "TQ1_0"})
  void threadsMakeWhatGgmlMakes(BlockFormat format) throws IOException {
    FloatMatrix input = BlockVectors.input();
    Compute threads = COMPUTE.withTeam(WorkerTeam.ofThreads(3));
    BlockMatrix plain = BlockQuantizer.quantize(format, input, null, threads);
    assertArrayEquals(BlockVectors.blocks(format, "plain"), bytes(plain));
    BlockMatrix weighted =
        BlockQuantizer.quantize(format, input, BlockVectors.importance(), threads);
    assertArrayEquals(BlockVectors.blocks(format, "weighted"), bytes(weighted));
  }

  /** Importance pays: the weighted error is smaller, with margin. */
  @ParameterizedTest
  @EnumSource(names = {"Q4_0", "Q4_1", "Q5_0", "Q2_K", "Q3_K", "Q4_K", "Q6_K", "IQ4_NL", "IQ4_XS"})
  void importanceIsHeeded(BlockFormat format) {
    SeededRandom random = new SeededRandom(11);
    FloatMatrix weights = random.gaussianMatrix(16, 512);
    float[] importance = new float[512];
    for (int i = 0; i < importance.length; i++) {
      importance[i] = (float) Math.exp(2 * random.gaussians(1)[0]);
    }
    double plain =
        error(weights, importance, BlockQuantizer.quantize(format, weights, null, COMPUTE));
    double weighted =
        error(weights, importance, BlockQuantizer.quantize(format, weights, importance, COMPUTE));
    assertTrue(weighted < 0.95 * plain, weighted + " of " + plain);
  }

  private static double error(FloatMatrix weights, float[] importance, BlockMatrix blocks) {
    float[] found = blocks.dequantize().data();
    double sum = 0;
    for (int i = 0; i < found.length; i++) {
      double difference = (double) weights.data()[i] - found[i];
      sum += importance[i % weights.columns()] * difference * difference;
    }
    return sum;
  }

  @ParameterizedTest
  @CsvSource({"NaN, 'NaN at [1, 3], expected a finite'", "-Infinity, 'at [1, 3]'", "1e9, Q4_0"})
  void weightsOutOfRangeAreRefused(float value, String expected) {
    FloatMatrix weights = FloatMatrix.zeros(2, 64);
    weights.put(1, 3, value);
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class,
            () -> BlockQuantizer.quantize(BlockFormat.Q4_0, weights, null, COMPUTE));
    assertTrue(e.getMessage().contains(expected), e.getMessage());
  }

  @ParameterizedTest
  @CsvSource({"63, 1", "64, -1", "64, NaN", "64, Infinity"})
  void importanceOutOfRangeIsRefused(int length, float value) {
    float[] importance = new float[length];
    Arrays.fill(importance, value);
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class,
            () ->
                BlockQuantizer.quantize(
                    BlockFormat.Q4_0, FloatMatrix.zeros(2, 64), importance, COMPUTE));
    assertTrue(e.getMessage().contains("importance: "), e.getMessage());
  }

  @Test
  void whatCannotBeWrittenIsRefused() {
    FloatMatrix weights = FloatMatrix.zeros(2, 256);
    assertThrows(
        IllegalArgumentException.class,
        () -> BlockQuantizer.quantize(BlockFormat.IQ3_S, weights, null, COMPUTE));
    assertThrows(
        IllegalArgumentException.class,
        () -> BlockQuantizer.quantize(BlockFormat.Q4_K, FloatMatrix.zeros(2, 128), null, COMPUTE));
    assertThrows(
        IllegalArgumentException.class,
        () -> BlockQuantizer.quantize(BlockFormat.Q4_K, FloatMatrix.zeros(0, 256), null, COMPUTE));
  }

  @ParameterizedTest
  @EnumSource
  void zerosStayZeros(BlockFormat format) {
    if (format.encoder().isEmpty()) {
      return;
    }
    float[] importance = new float[512];
    for (float[] given : new float[][] {null, importance}) {
      BlockMatrix blocks =
          BlockQuantizer.quantize(format, FloatMatrix.zeros(1, 512), given, COMPUTE);
      for (float value : blocks.dequantize().data()) {
        assertEquals(0, Math.abs(value), format.name());
      }
    }
  }
}
