// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.matrix;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.block.BlockFormat;
import io.github.quant4j.linalg.Compute;
import io.github.quant4j.quantize.Quantizer;
import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.testing.SeededRandom;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BlockConversionTest {

  private static QuantizedMatrix quantized(String scheme, int columns) {
    SeededRandom random = new SeededRandom(scheme.hashCode());
    FloatMatrix weights = random.gaussianMatrix(5, columns);
    return Quantizer.of(scheme).quantize(weights, Compute.scalar());
  }

  @ParameterizedTest
  @CsvSource({
    "int4:g32:sym:f16, 256, Q4_0",
    "int4:g128:sym:f16, 384, Q4_0",
    "int4:channel:sym:f16, 96, Q4_0",
    "int5:g32:sym:f16, 256, Q5_0",
    "int8:g32:sym:f16, 256, Q8_0",
    "int6:g32:sym:f16, 256, Q8_0",
    "int3:g32:sym:f16, 256, Q4_0",
    "int2:g64:sym:f16, 256, Q2_0",
    "mxfp4, 256, MXFP4",
    "ternary:tensor, 512, TQ2_0",
    "ternary:tensor, 128, Q2_0",
  })
  void theSameWeightsComeOut(String scheme, int columns, BlockFormat expected) {
    QuantizedMatrix matrix = quantized(scheme, columns);
    BlockMatrix blocks = BlockConversion.exact(matrix).orElseThrow();
    assertEquals(expected, blocks.format());
    assertArrayEquals(matrix.dequantize().data(), blocks.dequantize().data());
  }

  /** Weights that are eighths need no rounding anywhere. */
  @ParameterizedTest
  @CsvSource({"int4:g32:asym:f16, Q4_1, 5, 15", "int5:g32:asym:f16, Q5_1, 20, 31"})
  void offsetsAreTakenWhereTheyFit(String scheme, BlockFormat expected, int below, int steps) {
    SeededRandom random = new SeededRandom(3);
    FloatMatrix weights = FloatMatrix.zeros(4, 64);
    for (int i = 0; i < weights.data().length; i++) {
      int step = i % 32 < 2 ? steps * (i % 2) : random.nextInt(0, steps + 1);
      weights.data()[i] = (step - below) / 8f;
    }
    QuantizedMatrix matrix = Quantizer.of(scheme).quantize(weights, Compute.scalar());
    assertArrayEquals(weights.data(), matrix.dequantize().data());
    BlockMatrix blocks = BlockConversion.exact(matrix).orElseThrow();
    assertEquals(expected, blocks.format());
    assertArrayEquals(weights.data(), blocks.dequantize().data());
  }

  /** The largest scale is then 448, and the divisor of the matrix 1. */
  @Test
  void nvfp4WithoutADivisorFits() {
    SeededRandom random = new SeededRandom(4);
    FloatMatrix weights = random.gaussianMatrix(8, 128);
    for (int i = 0; i < weights.data().length; i++) {
      weights.data()[i] *= i % 200;
    }
    weights.put(3, 5, 6 * 448);
    weights.put(2, 80, -6 * 300);
    QuantizedMatrix matrix = Quantizer.of("nvfp4").quantize(weights, Compute.scalar());
    BlockMatrix blocks = BlockConversion.exact(matrix).orElseThrow();
    assertEquals(BlockFormat.NVFP4, blocks.format());
    assertArrayEquals(matrix.dequantize().data(), blocks.dequantize().data());
  }

  /** Either none, or the same weights: zero points need a product that binary16 can hold. */
  @ParameterizedTest
  @CsvSource({"int4:g32:asym:f16, Q4_1", "int5:g32:asym:f16, Q5_1", "nvfp4, NVFP4"})
  void otherwiseNothingComesOut(String scheme, BlockFormat format) {
    QuantizedMatrix matrix = quantized(scheme, 256);
    Optional<BlockMatrix> blocks = BlockConversion.exact(matrix, format);
    assertTrue(blocks.isEmpty(), () -> blocks + " holds products of 15 bits");
  }

  @ParameterizedTest
  @CsvSource({
    "int4:channel:sym:f16, 48, Q4_0",
    "int4:g16:sym:f16, 64, Q4_0",
    "int4:g32:sym:f32, 64, Q4_0",
    "int5:g32:sym:f16, 64, Q4_0",
    "nf4:g32, 64, IQ4_NL",
    "int4:g32:sym:f16, 256, Q4_K",
    "int4:g32:sym:f16, 256, IQ2_S",
    "fp8e4m3:channel, 64, Q8_0",
  })
  void whatDoesNotFitIsLeft(String scheme, int columns, BlockFormat format) {
    assertTrue(BlockConversion.exact(quantized(scheme, columns), format).isEmpty());
  }
}
