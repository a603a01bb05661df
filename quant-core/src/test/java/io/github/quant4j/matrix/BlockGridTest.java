// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.matrix;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.block.BlockFormat;
import io.github.quant4j.linalg.Compute;
import io.github.quant4j.quantize.Quantizer;
import io.github.quant4j.scheme.BlockScaleCodec;
import io.github.quant4j.scheme.BlockScales;
import io.github.quant4j.statistic.Gram;
import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.testing.SeededRandom;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Grids of blocks against the decoders of blocks, which are held against ggml by themselves. */
class BlockGridTest {
  private static final int ROWS = 12;
  private static final int COLUMNS = 512;

  static List<BlockFormat> formats() {
    return BlockScaleCodec.formats();
  }

  private static String name(BlockFormat format) {
    return format.name().toLowerCase(Locale.ROOT);
  }

  /** Rows of every magnitude, of one sign, of single weights, of equal weights and of zeros. */
  private static FloatMatrix weights(SeededRandom random) {
    FloatMatrix weights = random.gaussianMatrix(ROWS, COLUMNS);
    for (int row = 0; row < ROWS; row++) {
      for (int j = 0; j < COLUMNS; j++) {
        double value = weights.get(row, j);
        value *= Math.exp(3 * Math.sin(j / 16.0)) * Math.pow(10, row % 5 - 3.0);
        weights.put(
            row,
            j,
            switch (row) {
              case 5 -> Math.abs((float) value);
              case 6 -> 0;
              case 7 -> j % 100 == 7 ? -0.5f : 0;
              case 8 -> j < 256 ? 0 : 0.25f;
              case 9 -> -0.125f;
              case 10 -> 3 + 1e-4f * (float) value;
              case 11 -> (float) (1e-9 * value);
              default -> (float) value;
            });
      }
    }
    return weights;
  }

  private static Gram gram(SeededRandom random) {
    return Gram.of(random.gaussianMatrix(600, COLUMNS), Compute.scalar());
  }

  @ParameterizedTest
  @MethodSource("formats")
  void blocksDecodeToTheValuesOfTheGrid(BlockFormat format) {
    SeededRandom random = new SeededRandom(100 + format.blockBytes());
    FloatMatrix weights = weights(random);
    Gram gram = gram(random);
    for (String steps :
        List.of(" rtn", " mse(steps=20) rtn", " clip gptq(act-order)", " clip gptq>refit(1)")) {
      QuantizedMatrix matrix =
          Quantizer.of(name(format) + steps).quantize(weights, gram, Compute.scalar());
      BlockMatrix blocks = BlockGrid.pack(matrix);
      assertEquals(format, blocks.format());
      assertEquals(
          format.bitsPerWeight(), (double) blocks.storageBits() / ROWS / COLUMNS, format::name);
      FloatMatrix expected = blocks.dequantize();
      FloatMatrix found = matrix.dequantize();
      BlockScales scales = BlockGrid.scales(matrix.grid());
      for (int i = 0; i < expected.data().length; i++) {
        int tile = matrix.grid().layout().index(i / COLUMNS, i % COLUMNS);
        // Zero points are as exact as the largest number of steps that they count.
        double reach = (1 << matrix.codes().bits()) * (double) scales.scale(tile);
        double size = Math.abs(expected.data()[i]) + 2.0 * Math.abs(scales.offset(tile)) + reach;
        assertEquals(
            expected.data()[i],
            found.data()[i],
            size * 0x1p-22 + 1e-35,
            format + steps + " at " + i + ", " + random);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("formats")
  void errorsAreThoseOfSoManyBits(BlockFormat format) {
    SeededRandom random = new SeededRandom(200);
    FloatMatrix weights = random.gaussianMatrix(8, COLUMNS);
    FloatMatrix found =
        BlockGrid.pack(
                Quantizer.of(name(format) + " mse(steps=20) rtn")
                    .quantize(weights, Compute.scalar()))
            .dequantize();
    double error = 0;
    double size = 0;
    for (int i = 0; i < found.data().length; i++) {
      error += Math.pow((double) found.data()[i] - weights.data()[i], 2);
      size += Math.pow(weights.data()[i], 2);
    }
    // What the best scalar quantizer without groups makes of normal weights (Max, 1960).
    double most =
        switch (format) {
          case TQ1_0, TQ2_0 -> 0.192;
          case Q2_K -> 0.119;
          case Q3_K -> 0.0375;
          case Q4_0, Q4_1, Q4_K, IQ4_NL, IQ4_XS -> 0.0115;
          case Q5_0, Q5_1, Q5_K -> 0.0033;
          case Q6_K -> 0.0009;
          default -> 0.0001;
        };
    assertTrue(error < most * size, format + " " + error / size + ", " + random);
  }

  /** A negative scale gives the longer side of the levels to positive weights. */
  @Test
  void scalesOfBothSignsAreFound() {
    FloatMatrix weights = FloatMatrix.zeros(2, 32);
    Arrays.fill(weights.data(), 1f);
    Arrays.fill(weights.data(), 32, 64, -1f);
    for (int i = 0; i < 64; i++) {
      weights.data()[i] *= i % 32 % 9 / 8f;
    }
    BlockMatrix blocks =
        BlockGrid.pack(Quantizer.of("q4_0 rtn").quantize(weights, Compute.scalar()));
    assertEquals(-0.125f, scale(blocks, 0));
    assertEquals(0.125f, scale(blocks, 1));
    assertArrayEquals(weights.data(), blocks.dequantize().data(), 1e-9f);
  }

  private static float scale(BlockMatrix blocks, int row) {
    float[] scale = new float[1];
    byte[] bytes =
        blocks
            .data()
            .asSlice(row * blocks.rowBytes(), blocks.rowBytes())
            .toArray(ValueLayout.JAVA_BYTE);
    blocks.format().coded().orElseThrow().scales(bytes, 0, scale, new float[1], 0);
    return scale[0];
  }

  @Test
  void whatAreNoBlocksIsRefused() {
    FloatMatrix weights = new SeededRandom(1).gaussianMatrix(2, 288);
    QuantizedMatrix plain = Quantizer.of("int4:g32 rtn").quantize(weights, Compute.scalar());
    assertRefused("int4:g32:sym", () -> BlockGrid.pack(plain));
    Quantizer wide = Quantizer.of("q4_k rtn");
    assertRefused(
        "q4_k: 288 columns, expected a multiple of 256; take q5_0",
        () -> wide.quantize(weights, Compute.scalar()));
    FloatMatrix odd = new SeededRandom(1).gaussianMatrix(2, 40);
    assertRefused("a multiple of 256; keep", () -> wide.quantize(odd, Compute.scalar()));
  }

  private static void assertRefused(String part, Runnable work) {
    IllegalArgumentException refusal = assertThrows(IllegalArgumentException.class, work::run);
    assertTrue(String.valueOf(refusal.getMessage()).contains(part), refusal::getMessage);
  }
}
