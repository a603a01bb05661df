// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.quantized;

import io.github.quant4j.format.HalfPrecision;
import io.github.quant4j.json.JsonValue;
import io.github.quant4j.matrix.VectorBook;
import io.github.quant4j.matrix.VectorCodes;
import io.github.quant4j.matrix.VectorMatrix;
import io.github.quant4j.tensor.DType;
import io.github.quant4j.tensor.Shape;
import io.github.quant4j.tensor.Tensor;
import java.util.Map;

/**
 * Vector-quantized matrices: codes as they lie in memory, books and column scales in binary16, and
 * the length of vectors and the widths of codes in the description.
 */
final class VectorStore {
  static final String KIND = "vectors";

  private static final String LENGTH = "length";
  private static final String BITS = "bits";
  private static final String RESIDUAL_BITS = "residual_bits";
  private static final String CODES = "codes";
  private static final String BOOK = "book";
  private static final String RESIDUAL = "residual_";
  private static final String SCALE = "scale";

  private VectorStore() {}

  static void write(VectorMatrix matrix, Map<String, Object> description, TensorCollector out) {
    description.put("kind", KIND);
    description.put(LENGTH, matrix.length());
    description.put(BITS, matrix.main().book().bits());
    write(matrix.main(), "", out);
    matrix
        .residual()
        .ifPresent(
            second -> {
              description.put(RESIDUAL_BITS, second.book().bits());
              write(second, RESIDUAL, out);
            });
    matrix
        .scales()
        .ifPresent(scales -> out.add(SCALE, "_" + SCALE, halves(Shape.of(scales.length), scales)));
  }

  private static void write(VectorMatrix.Part part, String prefix, TensorCollector out) {
    VectorCodes codes = part.codes();
    Shape shape = Shape.of(codes.rows(), codes.data().byteSize() / codes.rows());
    out.add(prefix + CODES, "_" + prefix + CODES, Tensor.of("", DType.U8, shape, codes.data()));
    VectorBook book = part.book();
    out.add(
        prefix + BOOK,
        "_" + prefix + BOOK,
        halves(Shape.of(1L << book.bits(), book.length()), book.values()));
  }

  private static Tensor halves(Shape shape, float[] values) {
    short[] bits = new short[values.length];
    for (int i = 0; i < bits.length; i++) {
      bits[i] = HalfPrecision.toFloat16(values[i]);
    }
    return Tensor.ofShorts(DType.F16, shape, bits);
  }

  static VectorMatrix read(
      JsonValue.Obj description, int rows, int columns, DescribedModule module) {
    int length = module.number(description, LENGTH);
    if (length < 1 || length > VectorBook.MOST_LENGTH) {
      throw new IllegalArgumentException(
          "'" + LENGTH + "': " + length + ", expected 1 to " + VectorBook.MOST_LENGTH);
    }
    Map<String, Tensor> parts = module.parts(description);
    int groups = Math.ceilDiv(rows, length);
    VectorMatrix matrix =
        VectorMatrix.of(
            rows,
            part(module.number(description, BITS), length, groups, columns, "", parts, module));
    if (description.members().containsKey(RESIDUAL_BITS)) {
      int bits = module.number(description, RESIDUAL_BITS);
      matrix = matrix.withResidual(part(bits, length, groups, columns, RESIDUAL, parts, module));
    }
    return parts.containsKey(SCALE)
        ? matrix.withScales(halves(parts.get(SCALE), Shape.of(columns)))
        : matrix;
  }

  private static VectorMatrix.Part part(
      int bits,
      int length,
      int groups,
      int columns,
      String prefix,
      Map<String, Tensor> parts,
      DescribedModule module) {
    if (bits < 1 || bits > VectorCodes.MOST_BITS) {
      throw new IllegalArgumentException(
          "'" + prefix + BITS + "': " + bits + ", expected 1 to " + VectorCodes.MOST_BITS);
    }
    Tensor codes = module.part(parts, prefix + CODES);
    Shape shape = Shape.of(groups, VectorCodes.rowBytes(columns, bits));
    if (codes.dtype() != DType.U8 || !codes.shape().equals(shape)) {
      throw new IllegalArgumentException(codes + ": expected U8 " + shape);
    }
    float[] book = halves(module.part(parts, prefix + BOOK), Shape.of(1L << bits, length));
    return new VectorMatrix.Part(
        VectorBook.of(length, bits, book), VectorCodes.wrap(groups, columns, bits, codes.data()));
  }

  private static float[] halves(Tensor tensor, Shape shape) {
    if (tensor.dtype() != DType.F16 || !tensor.shape().equals(shape)) {
      throw new IllegalArgumentException(tensor + ": expected F16 " + shape);
    }
    return tensor.toFloatArray();
  }
}
