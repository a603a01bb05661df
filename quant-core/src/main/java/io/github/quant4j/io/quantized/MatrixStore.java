// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.quantized;

import io.github.quant4j.format.IntegerFormat;
import io.github.quant4j.io.quantized.module.SignedBytes;
import io.github.quant4j.json.JsonValue;
import io.github.quant4j.matrix.Grid;
import io.github.quant4j.matrix.PackedCodes;
import io.github.quant4j.matrix.QuantizedMatrix;
import io.github.quant4j.scheme.Granularity;
import io.github.quant4j.scheme.GroupParameters;
import io.github.quant4j.scheme.QuantScheme;
import io.github.quant4j.scheme.ScaleLayout;
import io.github.quant4j.tensor.DType;
import io.github.quant4j.tensor.Shape;
import io.github.quant4j.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import org.jspecify.annotations.Nullable;

/**
 * A quantized matrix as tensors with a description: scheme, formats, and which tensor is which.
 *
 * <p>The tensors are those of a compressed-tensors format if there is one for the matrix, so that
 * one file serves both schemas; the description speaks of either.
 */
final class MatrixStore {
  static final String KIND = "quantized";
  private static final String CODES = "codes";
  private static final String SIGNED = "signed";
  private static final String SCALE = "scale";
  private static final String ZERO_POINT = "zero_point";

  private MatrixStore() {}

  /**
   * Writes a matrix.
   *
   * @param format the compressed-tensors format whose tensors to make, or empty for our own
   * @param out receives the tensors
   */
  static JsonValue.Obj write(
      QuantizedMatrix matrix, Optional<CompressionFormat> format, TensorCollector out) {
    Grid grid = matrix.grid();
    requireTilesOfScheme(matrix);
    SequencedMap<String, Object> description = new LinkedHashMap<>();
    description.put("kind", KIND);
    description.put("scheme", matrix.scheme().toString());
    if (format.equals(Optional.of(CompressionFormat.INT))) {
      description.put(CODES, SIGNED);
    }
    writeCodes(matrix.codes(), format, out);
    boolean single = matrix.scheme().granularity() instanceof Granularity.PerTensor;
    for (Map.Entry<String, Tensor> part : grid.scales().parts().entrySet()) {
      out.add(role(SCALE, part.getKey()), scaleName(part.getKey()), scale(part.getValue(), single));
    }
    grid.zeroPoints().ifPresent(zeros -> writeZeroPoints(zeros, grid.layout(), single, out));
    PaletteStore.write(grid, description, out);
    description.put("tensors", out.names());
    return (JsonValue.Obj) JsonValue.of(description);
  }

  /** The tiles are not stored, as the scheme says them. */
  private static void requireTilesOfScheme(QuantizedMatrix matrix) {
    ScaleLayout expected = matrix.scheme().granularity().layout(matrix.rows(), matrix.columns());
    if (!matrix.grid().layout().equals(expected)) {
      throw new IllegalArgumentException(
          matrix + ": tiles " + matrix.grid().layout() + ", expected " + expected);
    }
  }

  private static void writeCodes(
      PackedCodes given, Optional<CompressionFormat> format, TensorCollector out) {
    int unit = format.equals(Optional.of(CompressionFormat.PACK)) ? Integer.BYTES : 1;
    PackedCodes codes = format.isPresent() ? inRows(given, unit) : given;
    long rows = codes.rows();
    long columns = codes.columns();
    long rowBytes = codes.rowBytes();
    MemorySegment data = codes.data().asSlice(0, rows * rowBytes);
    if (format.isEmpty()) {
      out.add(CODES, "_codes", Tensor.of("", DType.U8, Shape.of(rows, rowBytes), data));
      return;
    }
    switch (format.get()) {
      case PACK -> {
        Shape words = Shape.of(rows, rowBytes / Integer.BYTES);
        out.add(CODES, "_packed", Tensor.of("", DType.I32, words, data));
        out.add("shape", "_shape", Tensor.ofLongs(Shape.of(2), new long[] {rows, columns}));
      }
      case INT ->
          out.add(
              CODES,
              "",
              Tensor.of("", DType.I8, Shape.of(rows, columns), SignedBytes.fromCodes(codes)));
      case FLOAT, MXFP8, NAIVE ->
          out.add(CODES, "", Tensor.of("", DType.F8_E4M3, Shape.of(rows, columns), data));
      case NVFP4, MXFP4 ->
          out.add(CODES, "_packed", Tensor.of("", DType.U8, Shape.of(rows, rowBytes), data));
    }
  }

  private static void writeZeroPoints(
      GroupParameters zeros, ScaleLayout layout, boolean single, TensorCollector out) {
    if (zeros.parts().size() == 1) {
      out.add(ZERO_POINT, "_zero_point", ZeroPoints.toWrite(zeros, layout, single));
      return;
    }
    zeros
        .parts()
        .forEach(
            (suffix, part) ->
                out.add(
                    role(ZERO_POINT, suffix),
                    suffix.isEmpty() ? "_zero_point" : "_zero_point_" + suffix,
                    part));
  }

  /** The codes with no more padding than whole units. */
  private static PackedCodes inRows(PackedCodes codes, int unit) {
    int columns = codes.columns();
    int bits = codes.bits();
    if (codes.rowBytes() == PackedCodes.rowBytes(columns, bits, unit)) {
      return codes;
    }
    byte[] unpacked = new byte[Math.multiplyExact(codes.rows(), columns)];
    for (int row = 0; row < codes.rows(); row++) {
      codes.unpackRow(row, unpacked, row * columns);
    }
    return PackedCodes.pack(codes.rows(), columns, bits, unit, unpacked);
  }

  private static String role(String parameter, String suffix) {
    return suffix.isEmpty() ? parameter : parameter + "." + suffix;
  }

  /** The scale of a whole matrix has a name of its own in compressed-tensors. */
  private static String scaleName(String suffix) {
    return switch (suffix) {
      case "" -> "_scale";
      case "tensor" -> "_global_scale";
      default -> "_scale_" + suffix;
    };
  }

  private static Tensor scale(Tensor part, boolean single) {
    // Few readers know the type of exponents, and compressed-tensors stores plain bytes.
    DType dtype = part.dtype() == DType.F8_E8M0 ? DType.U8 : part.dtype();
    Shape shape = single ? Shape.of(part.shape().elementCount()) : part.shape();
    return Tensor.of("", dtype, shape, part.data());
  }

  /**
   * Reads a matrix.
   *
   * @param description what {@link #write} described
   * @param tensors where the tensors are
   * @throws IllegalArgumentException if something is missing or does not go together
   */
  static QuantizedMatrix read(
      JsonValue.Obj description, int rows, int columns, DescribedModule tensors) {
    QuantScheme scheme = QuantScheme.parse(tensors.text(description, "scheme"));
    ScaleLayout layout = scheme.granularity().layout(rows, columns);
    Map<String, Tensor> parts = tensors.parts(description);
    GroupParameters scales = scheme.scaleCodec().decode(suffixes(parts, SCALE), layout);
    GroupParameters zeroPoints = readZeroPoints(suffixes(parts, ZERO_POINT), scheme, layout);
    Grid grid =
        new Grid(
            scheme,
            layout,
            PaletteStore.read(description, scheme, layout, parts),
            scales,
            zeroPoints);
    return new QuantizedMatrix(grid, codes(description, grid, tensors.part(parts, CODES)));
  }

  /** The tensors of a parameter by the suffix of their role. */
  private static SequencedMap<String, Tensor> suffixes(
      Map<String, Tensor> parts, String parameter) {
    SequencedMap<String, Tensor> found = new LinkedHashMap<>();
    parts.forEach(
        (role, tensor) -> {
          if (role.equals(parameter)) {
            found.put("", tensor);
          } else if (role.startsWith(parameter + ".")) {
            found.put(role.substring(parameter.length() + 1), tensor);
          }
        });
    return found;
  }

  private static @Nullable GroupParameters readZeroPoints(
      SequencedMap<String, Tensor> parts, QuantScheme scheme, ScaleLayout layout) {
    Tensor main = parts.get("");
    if (main == null) {
      if (!scheme.symmetric()) {
        throw new IllegalArgumentException(
            "zero points are missing, expected some for the scheme " + scheme);
      }
      return null;
    }
    return parts.size() > 1 && scheme.format() instanceof IntegerFormat format
        ? scheme.scaleCodec().decodeZeroPoints(parts, layout, format)
        : ZeroPoints.read(main, layout, scheme.format(), Optional.of(WordPacking.DENSE));
  }

  private static PackedCodes codes(JsonValue.Obj description, Grid grid, Tensor tensor) {
    int rows = grid.layout().rows();
    int columns = grid.layout().columns();
    int bits = grid.palette().bits();
    if (description.getString(CODES).isPresent()) {
      if (!description.getString(CODES).get().equals(SIGNED)
          || bits != 8
          || tensor.byteSize() != (long) rows * columns) {
        throw new IllegalArgumentException(
            tensor + ": expected signed codes of 8 bits for [" + rows + ", " + columns + "]");
      }
      return SignedBytes.toCodes(rows, columns, tensor.data());
    }
    long rowBytes = tensor.byteSize() / rows;
    if (rowBytes * rows != tensor.byteSize()) {
      throw new IllegalArgumentException(tensor + ": expected a whole number of " + rows + " rows");
    }
    return PackedCodes.wrap(rows, columns, bits, rowBytes, tensor.data());
  }
}
