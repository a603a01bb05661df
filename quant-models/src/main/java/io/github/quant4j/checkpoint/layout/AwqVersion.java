// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.checkpoint.layout;

import io.github.quant4j.format.HalfPrecision;
import io.github.quant4j.tensor.DType;
import io.github.quant4j.tensor.Shape;
import io.github.quant4j.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.SequencedMap;

/** The orders in which AWQ checkpoints hold codes, by the kernels that they are meant for. */
public enum AwqVersion {
  /**
   * For matrix products. {@code qweight}, I32 {@code [in, out / 8]}, and {@code qzeros}, I32 {@code
   * [groups, out / 8]}: eight outputs in a word, of which the lowest four bits are the first one,
   * then come the third, the fifth, the seventh, the second, the fourth, the sixth and the eighth.
   * {@code scales}, {@code [groups, out]}.
   */
  GEMM {
    @Override
    void require(int rows, int columns, int size) throws InexactException {
      requireMultiple(rows, "outputs", IN_WORD);
    }

    @Override
    SequencedMap<String, Tensor> tensors(IntegerWeights weights) {
      int rows = weights.rows();
      int columns = weights.columns();
      int groups = weights.groupCount();
      Words codes = new Words(columns, rows / IN_WORD, BITS);
      Words zeros = new Words(groups, rows / IN_WORD, BITS);
      for (int row = 0; row < rows; row++) {
        int place = row / IN_WORD * IN_WORD + PLACES[row % IN_WORD];
        for (int column = 0; column < columns; column++) {
          codes.along(column, place, weights.codes()[row * columns + column] & 0xff);
        }
        for (int group = 0; group < groups; group++) {
          zeros.along(group, place, weights.zeros()[row * groups + group]);
        }
      }
      return layer(codes.toTensor(), zeros.toTensor(), Scales.transposed(weights));
    }
  },

  /**
   * For products with one vector. {@code qweight}, I32 {@code [out, in / 8]}, and {@code qzeros},
   * I32 {@code [out, width]}, lowest bits first; {@code scales}, {@code [out, 8 width]}. Behind the
   * last group come zeros, up to the width that the kernels read.
   */
  GEMV {
    @Override
    void require(int rows, int columns, int size) throws InexactException {
      requireMultiple(rows, "outputs", IN_WORD);
      requireMultiple(columns, "inputs", IN_WORD);
      requireKernelGroups(size);
    }

    @Override
    SequencedMap<String, Tensor> tensors(IntegerWeights weights) {
      int rows = weights.rows();
      int columns = weights.columns();
      int groups = weights.groupCount();
      int width = width(groups, weights.groupSize());
      int padded = width * IN_WORD;
      Words codes = new Words(rows, columns / IN_WORD, BITS);
      Words zeros = new Words(rows, width, BITS);
      DType type = Scales.storedType(weights.scales());
      short[] scales = new short[Math.multiplyExact(rows, padded)];
      for (int row = 0; row < rows; row++) {
        for (int column = 0; column < columns; column++) {
          codes.along(row, column, weights.codes()[row * columns + column] & 0xff);
        }
        for (int group = 0; group < groups; group++) {
          int at = row * groups + group;
          zeros.along(row, group, weights.zeros()[at]);
          scales[row * padded + group] = half(weights.scales()[at], type);
        }
      }
      return layer(
          codes.toTensor(),
          zeros.toTensor(),
          Tensor.ofShorts(type, Shape.of(rows, padded), scales));
    }
  },

  /**
   * For products with one vector, as in llm-awq. {@code qweight}, I16 {@code [out / 4, in]}: four
   * outputs take turns after 64 inputs, and of each 32 inputs come those that are 0 and 1 modulo 8
   * first. {@code scales}, {@code [8 width, out]}; {@code qzeros}, of the same type and shape, is
   * {@code -scale zero}, which must be exact.
   */
  GEMV_FAST {
    @Override
    void require(int rows, int columns, int size) throws InexactException {
      requireMultiple(rows, "outputs", IN_WORD);
      requireMultiple(columns, "inputs", STRIDE);
      requireKernelGroups(size);
    }

    @Override
    void requireExact(IntegerWeights weights) throws InexactException {
      DType type = Scales.storedType(weights.scales());
      float[] scales = weights.scales();
      for (int i = 0; i < scales.length; i++) {
        float offset = scales[i] * weights.zeros()[i];
        if (Scales.round(offset, type) != offset) {
          throw new InexactException(
              "scale "
                  + scales[i]
                  + " times zero point "
                  + weights.zeros()[i]
                  + " is no number of "
                  + type
                  + ", as which this form stores it");
        }
      }
    }

    @Override
    SequencedMap<String, Tensor> tensors(IntegerWeights weights) {
      int rows = weights.rows();
      int columns = weights.columns();
      int groups = weights.groupCount();
      short[] codes = new short[rows / INTERLEAVED * columns];
      for (int row = 0; row < rows; row++) {
        for (int column = 0; column < columns; column++) {
          int run = column % RUN;
          int place =
              column % STRIDE / RUN * RUN + run % IN_WORD / 2 * IN_WORD + run % 2 * 4 + run / 8;
          int at = row % INTERLEAVED * STRIDE + place;
          int index = row / INTERLEAVED * columns + column / STRIDE * STRIDE + at / 4;
          int code = weights.codes()[row * columns + column] & 0xff;
          codes[index] = (short) (codes[index] | code << at % 4 * BITS);
        }
      }
      DType type = Scales.storedType(weights.scales());
      int lines = width(groups, weights.groupSize()) * IN_WORD;
      short[] scales = new short[Math.multiplyExact(rows, lines)];
      short[] offsets = new short[scales.length];
      for (int row = 0; row < rows; row++) {
        for (int group = 0; group < groups; group++) {
          int from = row * groups + group;
          float scale = weights.scales()[from];
          scales[group * rows + row] = half(scale, type);
          offsets[group * rows + row] = half(-(scale * weights.zeros()[from]), type);
        }
      }
      return layer(
          Tensor.ofShorts(DType.I16, Shape.of(rows / INTERLEAVED, columns), codes),
          Tensor.ofShorts(type, Shape.of(lines, rows), offsets),
          Tensor.ofShorts(type, Shape.of(lines, rows), scales));
    }
  };

  static final int BITS = 4;
  private static final int IN_WORD = Integer.SIZE / BITS;

  /** Inputs of an output before the next one's, in the fast order. */
  private static final int STRIDE = 64;

  /** Inputs that are shuffled with each other in the fast order. */
  private static final int RUN = 32;

  /** Outputs that take turns in the fast order. */
  private static final int INTERLEAVED = 4;

  /** The place of each of eight outputs in a word. */
  private static final int[] PLACES = {0, 4, 1, 5, 2, 6, 3, 7};

  /** Groups from this size on need no further padding. */
  private static final int LARGE_GROUP = 128;

  private static final int SMALLEST_GROUP = 32;

  /**
   * The version of a name.
   *
   * @param name {@code gemm}, {@code gemv} or {@code gemv_fast}
   * @return the version
   * @throws IllegalArgumentException if there is none of that name
   */
  public static AwqVersion named(String name) {
    for (AwqVersion version : values()) {
      if (version.word().equals(name.toLowerCase(Locale.ROOT))) {
        return version;
      }
    }
    throw new IllegalArgumentException(
        "'" + name + "' is no version of AWQ, expected gemm, gemv or gemv_fast");
  }

  /**
   * The name that configs have.
   *
   * @return in lower case
   */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** Refuses shapes and groups that have no place. */
  abstract void require(int rows, int columns, int size) throws InexactException;

  /** Refuses what would be rounded, besides scales. */
  void requireExact(IntegerWeights weights) throws InexactException {
    // Most versions store zero points as they are.
  }

  abstract SequencedMap<String, Tensor> tensors(IntegerWeights weights);

  private static void requireMultiple(int size, String what, int of) throws InexactException {
    if (size % of != 0) {
      throw new InexactException("it has " + size + " " + what + ", expected a multiple of " + of);
    }
  }

  private static void requireKernelGroups(int size) throws InexactException {
    if (size < LARGE_GROUP && size != LARGE_GROUP / 2 && size != SMALLEST_GROUP) {
      throw new InexactException(
          "it has groups of " + size + " inputs, expected 32, 64, or 128 and more");
    }
  }

  /** Words of zero points of an output, with those that nothing uses. */
  private static int width(int groups, int size) {
    int multiple = size >= LARGE_GROUP ? 1 : LARGE_GROUP / size;
    return Math.ceilDiv(Math.ceilDiv(groups, IN_WORD), multiple) * multiple;
  }

  private static short half(float value, DType type) {
    return type == DType.F16 ? HalfPrecision.toFloat16(value) : HalfPrecision.toBfloat16(value);
  }

  private static SequencedMap<String, Tensor> layer(Tensor codes, Tensor zeros, Tensor scales) {
    SequencedMap<String, Tensor> tensors = new LinkedHashMap<>();
    tensors.put("qweight", codes);
    tensors.put("qzeros", zeros);
    tensors.put("scales", scales);
    return tensors;
  }
}
