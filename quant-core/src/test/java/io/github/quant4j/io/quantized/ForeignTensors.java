// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.quantized;

import io.github.quant4j.format.HalfPrecision;
import io.github.quant4j.tensor.DType;
import io.github.quant4j.tensor.Shape;
import io.github.quant4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntToDoubleFunction;

/**
 * Lays codes, zero points and scales out as other tools do, one bit after the other, by the
 * descriptions of the formats alone.
 */
final class ForeignTensors {
  private ForeignTensors() {}

  /** Packs values from the lowest bits of the first word on. */
  static int[] stream(int[] values, int bits) {
    int[] words = new int[Math.ceilDiv(values.length * bits, 32)];
    for (int i = 0; i < values.length; i++) {
      for (int b = 0; b < bits; b++) {
        int at = i * bits + b;
        words[at / 32] |= (values[i] >>> b & 1) << at % 32;
      }
    }
    return words;
  }

  static int[] column(int[][] matrix, int column) {
    int[] values = new int[matrix.length];
    for (int row = 0; row < values.length; row++) {
      values[row] = matrix[row][column];
    }
    return values;
  }

  /** Words of rows that are given. */
  static Tensor words(String name, int[][] rows) {
    int[] flat = new int[rows.length * rows[0].length];
    for (int row = 0; row < rows.length; row++) {
      System.arraycopy(rows[row], 0, flat, row * rows[0].length, rows[0].length);
    }
    return Tensor.ofInts(Shape.of(rows.length, rows[0].length), flat).withName(name);
  }

  static int[][] transposed(int[][] matrix) {
    int[][] turned = new int[matrix[0].length][matrix.length];
    for (int row = 0; row < matrix.length; row++) {
      for (int column = 0; column < matrix[0].length; column++) {
        turned[column][row] = matrix[row][column];
      }
    }
    return turned;
  }

  /** Halves {@code [rows, columns]}. */
  static Tensor halves(String name, float[][] values) {
    short[] bits = new short[values.length * values[0].length];
    for (int i = 0; i < bits.length; i++) {
      bits[i] = HalfPrecision.toFloat16(values[i / values[0].length][i % values[0].length]);
    }
    return Tensor.ofShorts(DType.F16, Shape.of(values.length, values[0].length), bits)
        .withName(name);
  }

  static float[] values(int count, IntToDoubleFunction value) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) value.applyAsDouble(i);
    }
    return values;
  }

  static Tensor floats(String name, Shape shape, float... values) {
    return Tensor.ofFloats(shape, values).withName(name);
  }

  static Tensor ints(String name, int... values) {
    return Tensor.ofInts(Shape.of(values.length), values).withName(name);
  }

  static Tensor bytes(String name, DType dtype, Shape shape, int... values) {
    byte[] bytes = new byte[values.length];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) values[i];
    }
    return Tensor.ofBytes(dtype, shape, bytes).withName(name);
  }

  /**
   * A module of GPTQ.
   *
   * @param codes {@code [out][in]}
   * @param stored {@code [groups][out]}, what stands for the zero points
   * @param scales {@code [groups][out]}
   */
  static List<Tensor> gptq(
      String module, int bits, int[][] codes, int[][] stored, float[][] scales) {
    int[][] columns = new int[codes.length][];
    for (int row = 0; row < codes.length; row++) {
      columns[row] = stream(codes[row], bits);
    }
    int[][] zeros = new int[stored.length][];
    for (int group = 0; group < stored.length; group++) {
      zeros[group] = stream(stored[group], bits);
    }
    List<Tensor> tensors = new ArrayList<>();
    tensors.add(words(module + ".qweight", transposed(columns)));
    tensors.add(words(module + ".qzeros", zeros));
    tensors.add(halves(module + ".scales", scales));
    return tensors;
  }

  /** Eight values in a word, number {@code order[i]} of them in nibble {@code i}. */
  static int[] interleaved(int[] values) {
    int[] order = {0, 2, 4, 6, 1, 3, 5, 7};
    int[] words = new int[values.length / 8];
    for (int word = 0; word < words.length; word++) {
      for (int i = 0; i < 8; i++) {
        words[word] |= values[8 * word + order[i]] << 4 * i;
      }
    }
    return words;
  }

  /** A module of AWQ for matrix products. */
  static List<Tensor> gemm(String module, int[][] codes, int[][] zeros, float[][] scales) {
    int[][] lines = transposed(codes);
    int[][] packed = new int[lines.length][];
    for (int i = 0; i < packed.length; i++) {
      packed[i] = interleaved(lines[i]);
    }
    int[][] packedZeros = new int[zeros.length][];
    for (int i = 0; i < packedZeros.length; i++) {
      packedZeros[i] = interleaved(zeros[i]);
    }
    return new ArrayList<>(
        List.of(
            words(module + ".qweight", packed),
            words(module + ".qzeros", packedZeros),
            halves(module + ".scales", scales)));
  }
}
