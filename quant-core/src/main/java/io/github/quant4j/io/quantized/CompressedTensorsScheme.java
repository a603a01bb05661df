// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.quantized;

import io.github.quant4j.format.IntegerFormat;
import io.github.quant4j.format.MiniFloat;
import io.github.quant4j.format.NumberFormat;
import io.github.quant4j.io.quantized.QuantizationArguments.Dynamic;
import io.github.quant4j.io.quantized.QuantizationArguments.Strategy;
import io.github.quant4j.linear.QuantizedLinear;
import io.github.quant4j.linear.QuantizedTerm;
import io.github.quant4j.matrix.FormatPalette;
import io.github.quant4j.matrix.QuantizedMatrix;
import io.github.quant4j.scheme.E8m0ScaleCodec;
import io.github.quant4j.scheme.FloatScaleCodec;
import io.github.quant4j.scheme.Granularity;
import io.github.quant4j.scheme.Nvfp4ScaleCodec;
import io.github.quant4j.scheme.ScaleCodec;
import io.github.quant4j.tensor.DType;
import java.util.List;
import java.util.Optional;

/** Says a linear layer in the words of compressed-tensors, where they suffice. */
final class CompressedTensorsScheme {
  private CompressedTensorsScheme() {}

  /** The config group of a layer, or empty if the schema cannot say it. */
  static Optional<ConfigGroup> of(QuantizedLinear linear) {
    if (linear.transform().isPresent()
        || linear.terms().size() != 1
        || !(linear.terms().getFirst() instanceof QuantizedTerm(var matrix))
        || !isPlain(matrix)) {
      return Optional.empty();
    }
    Optional<QuantizationArguments> input =
        linear.activations().flatMap(ActivationStore::arguments);
    if (linear.activations().isPresent() && input.isEmpty()) {
      return Optional.empty();
    }
    return format(matrix, input)
        .flatMap(
            format ->
                arguments(matrix, format).map(weights -> new ConfigGroup(format, weights, input)));
  }

  /** Whether all tiles have the format of the scheme. */
  private static boolean isPlain(QuantizedMatrix matrix) {
    FormatPalette palette = matrix.grid().palette();
    return palette.isUniform()
        && !palette.isFitted()
        && palette.format(0).equals(matrix.scheme().format());
  }

  private static Optional<CompressionFormat> format(
      QuantizedMatrix matrix, Optional<QuantizationArguments> input) {
    NumberFormat format = matrix.scheme().format();
    ScaleCodec codec = matrix.scheme().scaleCodec();
    Granularity granularity = matrix.scheme().granularity();
    boolean floatScales = codec instanceof FloatScaleCodec;
    boolean exponents =
        codec instanceof E8m0ScaleCodec && granularity.equals(Granularity.group(32));
    if (format instanceof IntegerFormat(int bits)) {
      if (bits < 2 || !floatScales || !hasIntegerZeroPoints(matrix)) {
        return Optional.empty();
      }
      return switch (granularity) {
        case Granularity.PerTensor(), Granularity.PerChannel() ->
            Optional.of(
                isInt8Product(matrix, input) ? CompressionFormat.INT : CompressionFormat.PACK);
        case Granularity.PerGroup _ -> Optional.of(CompressionFormat.PACK);
        default -> Optional.empty();
      };
    }
    if (format.equals(MiniFloat.FP8_E4M3)) {
      if (exponents) {
        return Optional.of(CompressionFormat.MXFP8);
      }
      return floatScales && hasKnownTiles(matrix)
          ? Optional.of(CompressionFormat.FLOAT)
          : Optional.empty();
    }
    if (format.equals(MiniFloat.FP4_E2M1)) {
      if (exponents) {
        return Optional.of(CompressionFormat.MXFP4);
      }
      return codec instanceof Nvfp4ScaleCodec && granularity.equals(Granularity.group(16))
          ? Optional.of(CompressionFormat.NVFP4)
          : Optional.empty();
    }
    return Optional.empty();
  }

  /** Blocks may overhang at the bottom, but the library refuses them at the right. */
  private static boolean hasKnownTiles(QuantizedMatrix matrix) {
    return switch (matrix.scheme().granularity()) {
      case Granularity.PerBlock(int _, int columns) -> matrix.columns() % columns == 0;
      case Granularity.PerInputChannel _ -> false;
      default -> true;
    };
  }

  private static boolean hasIntegerZeroPoints(QuantizedMatrix matrix) {
    return matrix
        .grid()
        .zeroPoints()
        .map(zeros -> zeros.parts().values().stream().allMatch(part -> isInteger(part.dtype())))
        .orElse(true);
  }

  private static boolean isInteger(DType dtype) {
    return dtype == DType.I32 || dtype == DType.I8;
  }

  /** Whether this is 8-bit integers against 8-bit integers, which has a format of its own. */
  private static boolean isInt8Product(
      QuantizedMatrix matrix, Optional<QuantizationArguments> input) {
    return matrix.codes().bits() == 8
        && matrix.grid().zeroPoints().isEmpty()
        && input.filter(arguments -> !arguments.isFloat() && arguments.bits() == 8).isPresent();
  }

  private static Optional<QuantizationArguments> arguments(
      QuantizedMatrix matrix, CompressionFormat format) {
    Granularity granularity = matrix.scheme().granularity();
    Optional<Strategy> strategy =
        switch (granularity) {
          case Granularity.PerTensor() -> Optional.of(Strategy.TENSOR);
          case Granularity.PerChannel() -> Optional.of(Strategy.CHANNEL);
          case Granularity.PerGroup _ ->
              Optional.of(
                  format == CompressionFormat.NVFP4 ? Strategy.TENSOR_GROUP : Strategy.GROUP);
          case Granularity.PerBlock _ -> Optional.of(Strategy.BLOCK);
          case Granularity.PerInputChannel _ -> Optional.empty();
        };
    Optional<Integer> groupSize =
        granularity instanceof Granularity.PerGroup(int size)
            ? Optional.of(size)
            : Optional.empty();
    Optional<List<Integer>> block =
        granularity instanceof Granularity.PerBlock(int rows, int columns)
            ? Optional.of(List.of(rows, columns))
            : Optional.empty();
    Optional<String> scaleType =
        switch (format) {
          case MXFP4, MXFP8 -> Optional.of(QuantizationArguments.EXPONENTS);
          case NVFP4 -> Optional.of(QuantizationArguments.FP8_SCALES);
          default -> Optional.empty();
        };
    return strategy.map(
        known ->
            new QuantizationArguments(
                matrix.codes().bits(),
                !(matrix.scheme().format() instanceof IntegerFormat),
                matrix.grid().zeroPoints().isEmpty(),
                known,
                groupSize,
                block,
                Dynamic.NO,
                scaleType,
                Optional.empty()));
  }
}
