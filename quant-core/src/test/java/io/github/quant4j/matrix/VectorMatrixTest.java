// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.matrix;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.kernel.KernelOptions;
import io.github.quant4j.kernel.Kernels;
import io.github.quant4j.testing.SeededRandom;
import java.lang.foreign.MemorySegment;
import java.math.BigInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Vector-quantized matrices and their scalar kernel against the definition. */
class VectorMatrixTest {
  /** A matrix, and its weights by the definition. */
  record Sample(VectorMatrix matrix, float[] weights) {
    static Sample of(
        int rows,
        int columns,
        int length,
        int bits,
        int second,
        boolean scaled,
        SeededRandom random) {
      int groups = (rows + length - 1) / length;
      float[] book = VectorBook.rounded(length, bits, random.gaussians(length << bits)).values();
      int[] codes = codes(groups * columns, bits, random);
      VectorMatrix matrix = VectorMatrix.of(rows, part(groups, columns, length, bits, book, codes));
      float[] weights = new float[rows * columns];
      for (int i = 0; i < weights.length; i++) {
        int row = i / columns;
        int code = codes[row / length * columns + i % columns];
        weights[i] = book[code * length + row % length];
      }
      if (second > 0) {
        float[] added =
            VectorBook.rounded(length, second, random.gaussians(length << second)).values();
        int[] others = codes(groups * columns, second, random);
        matrix = matrix.withResidual(part(groups, columns, length, second, added, others));
        for (int i = 0; i < weights.length; i++) {
          int row = i / columns;
          int code = others[row / length * columns + i % columns];
          weights[i] += added[code * length + row % length];
        }
      }
      if (scaled) {
        float[] scales = VectorBook.rounded(1, 16, random.gaussians(1 << 16)).values();
        scales = java.util.Arrays.copyOf(scales, columns);
        matrix = matrix.withScales(scales);
        for (int i = 0; i < weights.length; i++) {
          weights[i] *= scales[i % columns];
        }
      }
      return new Sample(matrix, weights);
    }

    private static int[] codes(int count, int bits, SeededRandom random) {
      int[] codes = new int[count];
      for (int i = 0; i < count; i++) {
        codes[i] = random.nextInt(0, 1 << bits);
      }
      return codes;
    }

    private static VectorMatrix.Part part(
        int groups, int columns, int length, int bits, float[] book, int[] codes) {
      return new VectorMatrix.Part(
          VectorBook.of(length, bits, book), VectorCodes.pack(groups, columns, bits, codes));
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3, 7, 8, 9, 12, 13, 16})
  void codesAreStreamsOfBits(int bits) {
    SeededRandom random = new SeededRandom(bits);
    int columns = 21;
    int[] codes = Sample.codes(3 * columns, bits, random);
    VectorCodes packed = VectorCodes.pack(3, columns, bits, codes);
    byte[] bytes = packed.data().toArray(java.lang.foreign.ValueLayout.JAVA_BYTE);
    int rowBytes = (columns * bits + 7) / 8;
    assertEquals(3 * rowBytes, bytes.length);
    assertEquals(24L * rowBytes, packed.storageBits());
    for (int row = 0; row < 3; row++) {
      byte[] reversed = new byte[rowBytes];
      for (int i = 0; i < rowBytes; i++) {
        reversed[rowBytes - 1 - i] = bytes[row * rowBytes + i];
      }
      BigInteger stream = new BigInteger(1, reversed);
      for (int k = 0; k < columns; k++) {
        int code = stream.shiftRight(k * bits).intValue() & (1 << bits) - 1;
        assertEquals(codes[row * columns + k], code, random.toString());
      }
      for (int from = 0; from < columns; from += 5) {
        int[] some = new int[columns];
        packed.unpack(row, from, columns - from, some, 2 * from / 5);
        for (int k = from; k < columns; k++) {
          assertEquals(codes[row * columns + k], some[2 * from / 5 + k - from]);
        }
      }
    }
  }

  private static final String SHAPES =
      """
      1,  1,  4, 3, 0, false
      17, 40, 4, 8, 0, false
      16, 33, 8, 9, 0, true
      13, 24, 6, 5, 4, false
      70, 64, 3, 6, 2, true
      31, 50, 16, 10, 7, true
      40, 32, 1, 4, 0, false
      """;

  @ParameterizedTest
  @CsvSource(textBlock = SHAPES)
  void anyPartIsDecoded(int rows, int columns, int length, int bits, int second, boolean scaled) {
    SeededRandom random = new SeededRandom(rows * 100 + columns);
    Sample sample = Sample.of(rows, columns, length, bits, second, scaled, random);
    for (int trial = 0; trial < 30; trial++) {
      int row = random.nextInt(0, rows);
      int count = random.nextInt(1, rows - row + 1);
      int column = random.nextInt(0, columns);
      int width = random.nextInt(1, columns - column + 1);
      float[] byRows = new float[count * width + 1];
      sample.matrix.decode(row, count, column, width, byRows, 1, width, 1, new int[2 * width]);
      float[] byColumns = new float[count * width];
      sample.matrix.decode(row, count, column, width, byColumns, 0, 1, count, new int[2 * width]);
      for (int r = 0; r < count; r++) {
        for (int k = 0; k < width; k++) {
          float wanted = sample.weights[(row + r) * columns + column + k];
          assertEquals(wanted, byRows[1 + r * width + k], random.toString());
          assertEquals(wanted, byColumns[k * count + r], random.toString());
        }
      }
    }
    assertEquals(
        sample.matrix.storageBits(),
        VectorMatrix.storageBits(rows, columns, length, bits, second, scaled));
  }

  @ParameterizedTest
  @CsvSource(textBlock = SHAPES)
  void scalarKernel(int rows, int columns, int length, int bits, int second, boolean scaled) {
    SeededRandom random = new SeededRandom(rows * 101 + columns);
    Sample sample = Sample.of(rows, columns, length, bits, second, scaled, random);
    int tokens = 3;
    float[] x = random.gaussians(tokens * columns);
    float[] y = new float[tokens * rows];
    Kernels.forVectors(sample.matrix, KernelOptions.defaults().withProvider("scalar"))
        .multiply(x, 0, tokens, y, 0);
    for (int t = 0; t < tokens; t++) {
      for (int r = 0; r < rows; r++) {
        double sum = 0;
        double size = 0;
        for (int c = 0; c < columns; c++) {
          double product = (double) x[t * columns + c] * sample.weights[r * columns + c];
          sum += product;
          size += Math.abs(product);
        }
        assertEquals(sum, y[t * rows + r], 1e-5 * size, random.toString());
      }
    }
  }

  @Test
  void sizesInBits() {
    // 64 groups of 8-bit codes, 256 vectors of four halves.
    assertEquals(64 * 300 * 8 + 256 * 4 * 16, VectorMatrix.storageBits(256, 300, 4, 8, 0, false));
    // 43 groups of 13 and 8 bytes, 32 and 8 vectors of six halves, 20 scales.
    assertEquals(
        43 * (13 + 8) * 8 + (32 + 8) * 6 * 16 + 20 * 16,
        VectorMatrix.storageBits(256, 20, 6, 5, 3, true));
  }

  @Test
  void whatDoesNotFitIsRefused() {
    VectorBook book = VectorBook.of(2, 1, new float[4]);
    VectorCodes codes = VectorCodes.pack(2, 3, 1, new int[6]);
    VectorMatrix.Part part = new VectorMatrix.Part(book, codes);
    VectorMatrix matrix = VectorMatrix.of(4, part);
    assertArrayEquals(new float[4], VectorMatrix.of(3, part).main().book().values());
    refused(() -> VectorMatrix.of(2, part), "codes");
    refused(() -> VectorMatrix.of(0, part), "codes");
    refused(() -> VectorMatrix.of(5, part), "codes");
    refused(() -> matrix.withScales(new float[2]), "scales");
    refused(() -> matrix.withScales(new float[] {1, 1, Float.NaN}), "scale");
    refused(() -> matrix.withScales(new float[] {1, 1, 1e-9f}), "binary16");
    refused(() -> VectorBook.of(2, 1, new float[3]), "book");
    refused(() -> VectorBook.of(2, 1, new float[] {0, 0, 0, Float.POSITIVE_INFINITY}), "book");
    refused(() -> VectorBook.of(2, 1, new float[] {0, 0, 0, 0.1f}), "binary16");
    refused(() -> VectorBook.of(0, 1, new float[0]), "length");
    refused(() -> VectorBook.of(17, 1, new float[34]), "length");
    refused(() -> VectorBook.of(1, 17, new float[1 << 17]), "bits");
    refused(() -> VectorCodes.pack(1, 3, 0, new int[3]), "bits");
    refused(() -> VectorCodes.pack(1, 3, 17, new int[3]), "bits");
    refused(() -> VectorCodes.pack(1, 3, 2, new int[4]), "codes");
    refused(() -> VectorCodes.wrap(1, 0, 2, MemorySegment.ofArray(new byte[0])), "columns");
    refused(() -> VectorCodes.wrap(1, 3, 2, MemorySegment.ofArray(new byte[2])), "codes");
    VectorCodes wide = VectorCodes.pack(2, 3, 2, new int[6]);
    refused(() -> new VectorMatrix.Part(book, wide), "codes");
    VectorBook longer = VectorBook.of(4, 1, new float[8]);
    VectorMatrix.Part other = new VectorMatrix.Part(longer, VectorCodes.pack(1, 3, 1, new int[3]));
    refused(() -> matrix.withResidual(other), "second book");
  }

  private static void refused(Executable call, String name) {
    String message = assertThrows(IllegalArgumentException.class, call).getMessage();
    assertTrue(message.contains(name) && message.contains("expected"), message);
  }
}
