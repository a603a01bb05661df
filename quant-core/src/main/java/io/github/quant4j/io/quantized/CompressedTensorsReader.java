// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.quantized;

import io.github.quant4j.activation.ActivationQuantizer;
import io.github.quant4j.format.IntegerFormat;
import io.github.quant4j.format.MiniFloat;
import io.github.quant4j.format.NumberFormat;
import io.github.quant4j.io.quantized.QuantizationArguments.Dynamic;
import io.github.quant4j.io.quantized.QuantizationArguments.Strategy;
import io.github.quant4j.io.quantized.module.AffineMatrix;
import io.github.quant4j.io.quantized.module.GroupedColumns;
import io.github.quant4j.io.quantized.module.ModuleTensors;
import io.github.quant4j.io.quantized.module.PositiveScales;
import io.github.quant4j.io.quantized.module.SignedBytes;
import io.github.quant4j.linear.QuantizedLinear;
import io.github.quant4j.matrix.FormatPalette;
import io.github.quant4j.matrix.Grid;
import io.github.quant4j.matrix.PackedCodes;
import io.github.quant4j.matrix.QuantizedMatrix;
import io.github.quant4j.scheme.E8m0ScaleCodec;
import io.github.quant4j.scheme.FloatScaleCodec;
import io.github.quant4j.scheme.Granularity;
import io.github.quant4j.scheme.GroupParameters;
import io.github.quant4j.scheme.Nvfp4ScaleCodec;
import io.github.quant4j.scheme.QuantScheme;
import io.github.quant4j.scheme.ScaleCodec;
import io.github.quant4j.scheme.ScaleLayout;
import io.github.quant4j.tensor.DType;
import io.github.quant4j.tensor.Shape;
import io.github.quant4j.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import org.jspecify.annotations.Nullable;

/** Reads one module of a compressed-tensors checkpoint. */
final class CompressedTensorsReader {
  private static final String ORDER = "weight_g_idx";

  private final ModuleTensors tensors;
  private final ConfigGroup group;
  private final QuantizationArguments weights;

  private CompressedTensorsReader(ModuleTensors tensors, ConfigGroup group) {
    this.tensors = tensors;
    this.group = group;
    this.weights = group.weights();
  }

  /** What the tensors and the config say of the codes. */
  private record Codes(PackedCodes packed, NumberFormat format, Optional<WordPacking> packing) {}

  /**
   * Reads a module.
   *
   * @return the layer without a bias
   * @throws IllegalArgumentException if something is missing, malformed or not supported
   */
  static QuantizedLinear read(ModuleTensors tensors, ConfigGroup group) {
    CompressedTensorsReader reader = new CompressedTensorsReader(tensors, group);
    QuantizedLinear linear = reader.weights();
    Optional<ActivationQuantizer> input =
        group.input().flatMap(arguments -> ActivationStore.read(arguments, tensors));
    // Observers leave theirs behind, in dynamic schemes too; without a scheme they are none's.
    if (group.input().isPresent()) {
      List.of("input_scale", "input_zero_point", "input_global_scale").forEach(tensors::passOver);
    }
    tensors.passOver("weight_shape");
    return input.map(linear::withActivations).orElse(linear);
  }

  private QuantizedLinear weights() {
    if (weights.dynamic() != Dynamic.NO) {
      throw new IllegalArgumentException("weights: 'dynamic' is " + weights.dynamic());
    }
    Codes codes = codes();
    int rows = codes.packed.rows();
    int columns = codes.packed.columns();
    Optional<Tensor> order = tensors.find(ORDER);
    if (weights.strategy() == Strategy.GROUP
        && codes.format instanceof IntegerFormat format
        && (order.isPresent() || hasShortGroup(rows, columns))) {
      return grouped(codes, format, order);
    }
    // Of other strategies the group of an input means nothing.
    Granularity granularity = granularity();
    ScaleLayout layout = granularity.layout(rows, columns);
    Tensor scale = tensors.require("weight_scale");
    requireScaleShape(scale, layout);
    ScaleCodec codec = codec(scale);
    SequencedMap<String, Tensor> parts = new LinkedHashMap<>();
    parts.put("", scale);
    if (codec instanceof Nvfp4ScaleCodec) {
      parts.put("tensor", tensors.require("weight_global_scale", DType.F32));
    }
    GroupParameters scales = codec.decode(parts, layout);
    GroupParameters zeroPoints = zeroPoints(codes, layout);
    if (codes.format instanceof IntegerFormat && PositiveScales.isAnyNegative(scales.values())) {
      return QuantizedLinear.of(
          AffineMatrix.ofIntegers(
              codes.packed,
              granularity,
              scale.dtype(),
              scales.values(),
              zeroPoints == null ? null : zeroPoints.values()));
    }
    QuantScheme scheme = new QuantScheme(codes.format, granularity, zeroPoints == null, codec);
    return QuantizedLinear.of(
        new QuantizedMatrix(
            new Grid(scheme, layout, FormatPalette.uniform(codes.format), scales, zeroPoints),
            codes.packed));
  }

  /** Integers in groups of inputs in any order, of which the last one may be short. */
  private QuantizedLinear grouped(Codes codes, IntegerFormat format, Optional<Tensor> order) {
    int rows = codes.packed.rows();
    int columns = codes.packed.columns();
    int size = groupSize();
    int groups = Math.ceilDiv(columns, size);
    ScaleLayout layout = new ScaleLayout(rows, columns, 1, size);
    Tensor scale = tensors.require("weight_scale", DType.F32, DType.F16, DType.BF16);
    requireScaleShape(scale, layout);
    int[] groupOf =
        order.isPresent()
            ? GroupedColumns.read(order.get(), groups, size)
            : GroupedColumns.inOrder(columns, size);
    GroupParameters zeroPoints = zeroPoints(codes, layout);
    float[] zeros = zeroPoints == null ? null : zeroPoints.values();
    if (zeros != null) {
      ZeroPoints.requireRange(zeros, format);
    }
    return new GroupedColumns(codes.packed, groups, scale.dtype(), scale.toFloatArray(), zeros)
        .linear(groupOf);
  }

  /** Whether there is a scale for what is left of the inputs behind the last whole group. */
  private boolean hasShortGroup(int rows, int columns) {
    int size = groupSize();
    return columns % size != 0
        && tensors
            .require("weight_scale")
            .shape()
            .equals(Shape.of(rows, Math.ceilDiv(columns, size)));
  }

  private int groupSize() {
    return weights
        .groupSize()
        .orElseThrow(() -> new IllegalArgumentException("weights: 'group_size' is missing"));
  }

  private Codes codes() {
    return switch (group.format()) {
      case PACK -> packedIntegers();
      case INT -> signedBytes();
      case FLOAT, MXFP8 -> bytes();
      case NAIVE -> weights.isFloat() ? bytes() : signedBytes();
      case NVFP4, MXFP4 -> nibbles();
    };
  }

  private Codes packedIntegers() {
    requireType(false, 1, 8);
    Tensor words = tensors.requireMatrix("weight_packed", DType.I32);
    int[] shape = weightShape();
    if (words.shape().dimension(0) != shape[0]) {
      throw new IllegalArgumentException(
          words + ": expected " + shape[0] + " rows as 'weight_shape' says");
    }
    int bits = weights.bits();
    WordPacking packing = WordPacking.of(words, 1, shape[1], bits);
    boolean sure =
        WordPacking.DENSE.words(shape[1], bits) != WordPacking.PADDED.words(shape[1], bits);
    return new Codes(
        packing.codes(words, shape[0], shape[1], bits),
        new IntegerFormat(bits),
        sure ? Optional.of(packing) : Optional.empty());
  }

  private int[] weightShape() {
    Tensor shape = tensors.require("weight_shape", DType.I64, DType.I32);
    if (shape.shape().elementCount() != 2) {
      throw new IllegalArgumentException(shape + ": expected two numbers, outputs and inputs");
    }
    long[] sizes =
        shape.dtype() == DType.I64
            ? shape.toLongArray()
            : new long[] {shape.toIntArray()[0], shape.toIntArray()[1]};
    for (long size : sizes) {
      if (size < 1 || size > Integer.MAX_VALUE) {
        throw new IllegalArgumentException(
            "'weight_shape': " + List.of(sizes[0], sizes[1]) + ", expected positive sizes");
      }
    }
    return new int[] {(int) sizes[0], (int) sizes[1]};
  }

  private Codes signedBytes() {
    requireType(false, 1, 8);
    Tensor weight = tensors.requireMatrix("weight", DType.I8);
    PackedCodes codes = SignedBytes.toCodes(rows(weight), columns(weight), weight.data());
    // Narrower integers lie one in a byte too; as values they are 8-bit integers.
    return new Codes(codes, new IntegerFormat(8), Optional.empty());
  }

  private Codes bytes() {
    requireType(true, 8, 8);
    Tensor weight = tensors.requireMatrix("weight", DType.F8_E4M3);
    int columns = columns(weight);
    return new Codes(
        PackedCodes.wrap(rows(weight), columns, 8, columns, weight.data()),
        MiniFloat.FP8_E4M3,
        Optional.empty());
  }

  private Codes nibbles() {
    requireType(true, 4, 4);
    Tensor packed = tensors.requireMatrix("weight_packed", DType.U8);
    int columns = Math.multiplyExact(columns(packed), 2);
    return new Codes(
        PackedCodes.wrap(rows(packed), columns, 4, columns(packed), packed.data()),
        MiniFloat.FP4_E2M1,
        Optional.empty());
  }

  private static int rows(Tensor matrix) {
    return (int) matrix.shape().dimension(0);
  }

  private static int columns(Tensor matrix) {
    return (int) matrix.shape().dimension(1);
  }

  private void requireType(boolean isFloat, int leastBits, int mostBits) {
    if (weights.isFloat() != isFloat || weights.bits() < leastBits || weights.bits() > mostBits) {
      throw new IllegalArgumentException(
          "weights: "
              + (weights.isFloat() ? "float" : "int")
              + " of "
              + weights.bits()
              + " bits, expected "
              + (isFloat ? "float" : "int")
              + " of "
              + leastBits
              + (leastBits == mostBits ? "" : " to " + mostBits)
              + " bits for "
              + group.format().label());
    }
  }

  private Granularity granularity() {
    Strategy strategy = weights.strategy();
    return switch (strategy) {
      case TENSOR -> Granularity.tensor();
      case CHANNEL -> Granularity.channel();
      case GROUP, TENSOR_GROUP -> Granularity.group(groupSize());
      case BLOCK -> {
        List<Integer> block =
            weights
                .block()
                .orElseThrow(
                    () -> new IllegalArgumentException("weights: 'block_structure' is missing"));
        yield new Granularity.PerBlock(block.get(0), block.get(1));
      }
      case TOKEN ->
          throw new IllegalArgumentException("weights: strategy 'token' is for activations");
    };
  }

  private static void requireScaleShape(Tensor scale, ScaleLayout layout) {
    Shape shape = scale.shape();
    Shape expected = Shape.of(layout.scaleRows(), layout.scaleColumns());
    boolean isLine = layout.scaleRows() == 1 || layout.scaleColumns() == 1;
    if (!shape.equals(expected)
        && !(shape.rank() < 2 && isLine && shape.elementCount() == expected.elementCount())) {
      throw new IllegalArgumentException(scale + ": expected " + expected + " for " + layout);
    }
  }

  private ScaleCodec codec(Tensor scale) {
    return switch (group.format()) {
      case MXFP4, MXFP8 -> E8m0ScaleCodec.FLOOR;
      case NVFP4 -> new Nvfp4ScaleCodec();
      default ->
          switch (scale.dtype()) {
            case F32 -> FloatScaleCodec.FLOAT32;
            case F16 -> FloatScaleCodec.FLOAT16;
            case BF16 -> FloatScaleCodec.BFLOAT16;
            default ->
                throw new IllegalArgumentException(scale + ": expected scales in F32, F16 or BF16");
          };
    };
  }

  /**
   * The zero points, or null if there are none or all are zero. A scheme that has them must say so:
   * a tensor that is not found may have lost its name.
   */
  private @Nullable GroupParameters zeroPoints(Codes codes, ScaleLayout layout) {
    Optional<Tensor> tensor = tensors.find("weight_zero_point");
    if (!(codes.format instanceof IntegerFormat)) {
      tensor.ifPresent(CompressedTensorsReader::requireZeros);
      return null;
    }
    if (tensor.isEmpty()) {
      if (!weights.symmetric()) {
        throw new IllegalArgumentException(
            "tensor 'weight_zero_point' is missing, expected one as 'symmetric' is false");
      }
      return null;
    }
    GroupParameters zeros = ZeroPoints.read(tensor.get(), layout, codes.format, codes.packing);
    if (!weights.symmetric()) {
      return zeros;
    }
    // Some writers store the zeros of symmetric schemes.
    for (float zero : zeros.values()) {
      if (zero != 0) {
        return zeros;
      }
    }
    return null;
  }

  private static void requireZeros(Tensor zeroPoints) {
    float[] values = zeroPoints.dtype() == DType.U8 ? new float[0] : zeroPoints.toFloatArray();
    for (float value : values) {
      if (value != 0) {
        throw new IllegalArgumentException(
            zeroPoints + ": " + value + ", expected zeros, as floating-point weights have none");
      }
    }
  }
}
