// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.matrix;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.activation.ActivationQuantizer;
import io.github.quant4j.activation.ActivationScheme;
import io.github.quant4j.format.TrellisCode;
import io.github.quant4j.format.TrellisCodes;
import io.github.quant4j.kernel.KernelOptions;
import io.github.quant4j.kernel.Kernels;
import io.github.quant4j.kernel.LinearKernel;
import io.github.quant4j.parallel.WorkerTeam;
import io.github.quant4j.testing.SeededRandom;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Trellis-coded matrices and their scalar kernels against the definition, sequence by sequence. */
class TrellisMatrixTest {
  private static final String SHAPES =
      """
      1,   1,   2, 8, 3
      31,  15,  2, 10, 4
      33,  17,  3, 8, 5
      129, 100, 4, 8, 6
      200, 48,  2, 8, 4
      128, 16,  3, 8, 5
      """;

  /** The value of each weight by walking along the sequences, with windows as strings of bits. */
  static int[][] values(int rows, int columns, TrellisCode code, byte[] codes) {
    int padded = (rows + 31) / 32 * 32;
    int[][] values = new int[padded][columns];
    for (int top = 0; top < padded; top += 128) {
      int bottom = Math.min(padded, top + 128);
      for (int residue = 0; residue < 16; residue++) {
        StringBuilder history = new StringBuilder("0".repeat(code.window()));
        for (int column = residue; column < columns; column += 16) {
          for (int row = top; row < bottom; row++) {
            for (int bit = code.bits() - 1; bit >= 0; bit--) {
              history.append(codes[row * columns + column] >> bit & 1);
            }
            String window = history.substring(history.length() - code.window());
            values[row][column] = value(code, window);
          }
        }
      }
    }
    return values;
  }

  private static int value(TrellisCode code, String window) {
    int value = 0;
    for (TrellisCode.Plane plane : code.planes()) {
      int sign = 1;
      for (int bit = 0; bit < code.window(); bit++) {
        boolean counts = (plane.mask() >> bit & 1) != 0;
        if (counts && window.charAt(code.window() - 1 - bit) == '1') {
          sign = -sign;
        }
      }
      value += sign * plane.magnitude();
    }
    return value;
  }

  private record Sample(TrellisMatrix matrix, byte[] codes, int[][] values) {
    static Sample of(int rows, int columns, int bits, int window, int planes, SeededRandom random) {
      TrellisCode code = TrellisCodes.find(bits, window, planes).orElseThrow().code();
      byte[] codes = new byte[TrellisMatrix.paddedRows(rows) * columns];
      for (int i = 0; i < codes.length; i++) {
        codes[i] = (byte) random.nextInt(0, 1 << bits);
      }
      float[] scales = new float[rows];
      for (int r = 0; r < rows; r++) {
        scales[r] =
            Float.float16ToFloat(Float.floatToFloat16((float) (0.01 + random.nextDouble())));
      }
      return new Sample(
          TrellisMatrix.pack(rows, columns, code, codes, scales),
          codes,
          TrellisMatrixTest.values(rows, columns, code, codes));
    }
  }

  @ParameterizedTest
  @CsvSource(textBlock = SHAPES)
  void rowsAreDecodedAsSequencesSay(int rows, int columns, int bits, int window, int planes) {
    SeededRandom random = new SeededRandom(rows * 1000 + columns);
    Sample sample = Sample.of(rows, columns, bits, window, planes, random);
    TrellisMatrix matrix = sample.matrix;
    byte[] integers = new byte[columns + 2];
    float[] weights = new float[columns + 2];
    for (int row = 0; row < rows; row++) {
      matrix.decodeIntegers(row, integers, 1);
      matrix.decodeRow(row, weights, 1);
      for (int column = 0; column < columns; column++) {
        int at = row * columns + column;
        String place = random + ": row " + row + ", column " + column;
        assertEquals(sample.codes[at], matrix.codeAt(row, column), place);
        assertEquals(sample.values[row][column], integers[column + 1], place);
        assertEquals(matrix.scales()[row] * sample.values[row][column], weights[column + 1], place);
      }
    }
    long shorts = (long) (rows + 31) / 32 * 32 * ((columns + 15) / 16) * bits;
    assertEquals(16 * (shorts + rows), matrix.storageBits());
  }

  @ParameterizedTest
  @CsvSource(textBlock = SHAPES)
  void kernelOfFloats(int rows, int columns, int bits, int window, int planes) {
    SeededRandom random = new SeededRandom(rows * 1001 + columns);
    Sample sample = Sample.of(rows, columns, bits, window, planes, random);
    int tokens = 3;
    float[] x = random.gaussians(tokens * columns);
    float[] y = new float[tokens * rows];
    scalar(sample, null, 1).multiply(x, 0, tokens, y, 0);
    for (int t = 0; t < tokens; t++) {
      for (int r = 0; r < rows; r++) {
        double sum = 0;
        for (int c = 0; c < columns; c++) {
          sum += (double) x[t * columns + c] * sample.values[r][c];
        }
        double wanted = sum * sample.matrix.scales()[r];
        assertEquals(wanted, y[t * rows + r], 1e-5 * Math.abs(wanted) + 1e-4, random.toString());
      }
    }
  }

  @ParameterizedTest
  @CsvSource(textBlock = SHAPES)
  void kernelOfIntegersIsExact(int rows, int columns, int bits, int window, int planes) {
    SeededRandom random = new SeededRandom(rows * 1002 + columns);
    Sample sample = Sample.of(rows, columns, bits, window, planes, random);
    for (String scheme : List.of("int8:token", "int8:token:asym")) {
      ActivationQuantizer activations = ActivationQuantizer.dynamic(ActivationScheme.parse(scheme));
      int tokens = 67;
      float[] x = random.gaussians(tokens * columns);
      float[] y = new float[tokens * rows];
      float[] again = new float[tokens * rows];
      scalar(sample, activations, 1).multiply(x, 0, tokens, y, 0);
      scalar(sample, activations, 2).multiply(x, 0, tokens, again, 0);
      byte[] codes = new byte[columns];
      float[] scale = new float[1];
      float[] zero = new float[1];
      for (int t = 0; t < tokens; t++) {
        activations.quantize(x, t * columns, columns, codes, 0, scale, zero);
        for (int r = 0; r < rows; r++) {
          int sum = 0;
          for (int c = 0; c < columns; c++) {
            int value = (int) activations.scheme().format().decode(codes[c] & 0xff);
            sum += (value - (int) zero[0]) * sample.values[r][c];
          }
          float wanted = (float) sum * (sample.matrix.scales()[r] * scale[0]);
          assertEquals(wanted, y[t * rows + r], scheme + ", " + random);
          assertEquals(wanted, again[t * rows + r], scheme + ", two threads, " + random);
        }
      }
    }
  }

  @Test
  void groupsOfActivationsAreMultipliedInFloat() {
    SeededRandom random = new SeededRandom(5);
    Sample sample = Sample.of(40, 64, 2, 8, 3, random);
    ActivationQuantizer activations =
        ActivationQuantizer.dynamic(ActivationScheme.parse("int8:g16"));
    float[] x = random.gaussians(64);
    float[] y = new float[40];
    scalar(sample, activations, 1).multiply(x, y);
    activations.fakeQuantize(x, 0, 64, x, 0);
    for (int r = 0; r < 40; r++) {
      double wanted = 0;
      for (int c = 0; c < 64; c++) {
        wanted += (double) x[c] * sample.values[r][c] * sample.matrix.scales()[r];
      }
      assertEquals(wanted, y[r], 1e-5 * Math.abs(wanted) + 1e-3, random.toString());
    }
  }

  private static LinearKernel scalar(
      Sample sample, @org.jspecify.annotations.Nullable ActivationQuantizer activations, int n) {
    KernelOptions options =
        KernelOptions.defaults().withProvider("scalar").withTeam(WorkerTeam.ofThreads(n));
    return activations == null
        ? Kernels.forTrellis(sample.matrix, options)
        : Kernels.forTrellis(sample.matrix, activations, options);
  }

  @Test
  void whatDoesNotFitIsRefused() {
    TrellisCode code = TrellisCodes.find(2, 8, 3).orElseThrow().code();
    MemorySegment planes = MemorySegment.ofArray(new byte[32 * 2 * 2]);
    TrellisMatrix.wrap(1, 1, code, planes, new float[] {1});
    refused(() -> TrellisMatrix.wrap(1, 17, code, planes, new float[] {1}), "planes");
    refused(() -> TrellisMatrix.wrap(0, 1, code, planes, new float[0]), "sizes");
    refused(() -> TrellisMatrix.wrap(1, 1, code, planes, new float[2]), "scales");
    refused(() -> TrellisMatrix.wrap(1, 1, code, planes, new float[] {1e-9f}), "binary16");
    refused(() -> TrellisMatrix.wrap(1, 1, code, planes, new float[] {Float.NaN}), "binary16");
    refused(() -> TrellisMatrix.pack(1, 1, code, new byte[3], new float[] {1}), "codes");
  }

  @ParameterizedTest
  @CsvSource({
    "0, 8, 3, 1, bits",
    "5, 8, 3, 1, bits",
    "2, 2, 3, 1, window",
    "2, 17, 3, 1, window",
    "2, 8, 0, 1, mask",
    "2, 8, 256, 1, mask",
    "2, 8, 1, 1, mask",
    "2, 8, 3, 0, magnitude",
    "2, 8, 3, 127, magnitudes",
  })
  void codesOutOfRangeAreRefused(int bits, int window, int mask, int magnitude, String name) {
    List<TrellisCode.Plane> planes =
        List.of(new TrellisCode.Plane(1, 1), new TrellisCode.Plane(mask, magnitude));
    refused(() -> new TrellisCode(bits, window, planes), name);
  }

  @Test
  void planesAreFewButSome() {
    refused(() -> new TrellisCode(2, 8, List.of()), "planes");
    List<TrellisCode.Plane> nine = new ArrayList<>();
    for (int mask = 1; mask <= 9; mask++) {
      nine.add(new TrellisCode.Plane(mask, 1));
    }
    refused(() -> new TrellisCode(2, 8, nine), "planes");
  }

  private static void refused(org.junit.jupiter.api.function.Executable call, String name) {
    String message = assertThrows(IllegalArgumentException.class, call).getMessage();
    assertTrue(message.contains(name) && message.contains(": "), message);
  }

  @Test
  void namedCodesAreUnlike() {
    for (TrellisCodes.Entry entry : TrellisCodes.all()) {
      TrellisCode code = entry.code();
      assertEquals(
          entry, TrellisCodes.find(code.bits(), code.window(), code.planes().size()).orElseThrow());
    }
  }
}
