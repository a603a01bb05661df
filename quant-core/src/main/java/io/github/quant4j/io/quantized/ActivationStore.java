// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.quantized;

import io.github.quant4j.activation.ActivationGranularity;
import io.github.quant4j.activation.ActivationQuantizer;
import io.github.quant4j.activation.ActivationScheme;
import io.github.quant4j.format.IntegerFormat;
import io.github.quant4j.format.MiniFloat;
import io.github.quant4j.format.NumberFormat;
import io.github.quant4j.io.quantized.QuantizationArguments.Dynamic;
import io.github.quant4j.io.quantized.QuantizationArguments.Strategy;
import io.github.quant4j.io.quantized.module.ModuleTensors;
import io.github.quant4j.json.JsonValue;
import io.github.quant4j.scheme.E8m0ScaleCodec;
import io.github.quant4j.scheme.FloatScaleCodec;
import io.github.quant4j.scheme.Nvfp4ScaleCodec;
import io.github.quant4j.scheme.ScaleCodec;
import io.github.quant4j.tensor.DType;
import io.github.quant4j.tensor.Shape;
import io.github.quant4j.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import org.jspecify.annotations.Nullable;

/**
 * How a module's input is quantized: a scheme, and what calibration has fixed as tensors {@code
 * input_scale}, {@code input_zero_point} and {@code input_global_scale} (a divisor, as for
 * weights).
 */
final class ActivationStore {
  static final String PREFIX = "input";
  private static final String SCALE = "scale";
  private static final String ZERO_POINT = "zero_point";
  private static final String CLIP_RATIO = "clip_ratio";
  private static final String GLOBAL_SCALE = "global_scale";

  private ActivationStore() {}

  /** Writes a quantizer in our own schema; the tensors are those of compressed-tensors. */
  static JsonValue write(ActivationQuantizer quantizer, TensorCollector out) {
    SequencedMap<String, Object> description = new LinkedHashMap<>();
    description.put("scheme", quantizer.scheme().toString());
    float[] scales = quantizer.staticScales();
    if (scales.length > 0) {
      Shape shape = Shape.of(scales.length);
      out.add(SCALE, "_scale", Tensor.ofFloats(shape, scales));
      if (!quantizer.scheme().symmetric()) {
        out.add(ZERO_POINT, "_zero_point", zeroPoints(shape, quantizer.staticZeros()));
      }
    }
    if (quantizer.tensorScale() > 0) {
      float[] divisor = {1f / quantizer.tensorScale()};
      out.add(GLOBAL_SCALE, "_global_scale", Tensor.ofFloats(Shape.of(1), divisor));
    }
    if (quantizer.clipRatio() < 1) {
      description.put(CLIP_RATIO, (double) quantizer.clipRatio());
    }
    description.put("tensors", out.names());
    return JsonValue.of(description);
  }

  private static Tensor zeroPoints(Shape shape, float[] zeros) {
    byte[] bytes = new byte[zeros.length];
    for (int i = 0; i < zeros.length; i++) {
      bytes[i] = (byte) zeros[i];
      if (bytes[i] != zeros[i]) {
        return Tensor.ofFloats(shape, zeros);
      }
    }
    return Tensor.ofBytes(DType.I8, shape, bytes);
  }

  static ActivationQuantizer read(JsonValue.Obj description, DescribedModule module) {
    ActivationQuantizer quantizer = readUnclipped(description, module);
    Optional<Double> ratio = description.getDouble(CLIP_RATIO);
    return ratio.isPresent() ? quantizer.withClipRatio(ratio.get()) : quantizer;
  }

  private static ActivationQuantizer readUnclipped(
      JsonValue.Obj description, DescribedModule module) {
    ActivationScheme scheme = ActivationScheme.parse(module.text(description, "scheme"));
    Map<String, Tensor> parts = module.parts(description);
    Tensor scale = parts.get(SCALE);
    Tensor divisor = parts.get(GLOBAL_SCALE);
    if (divisor != null) {
      return ActivationQuantizer.blocks(scheme, 1f / ModuleTensors.scalar(divisor));
    }
    if (scale == null) {
      return ActivationQuantizer.dynamic(scheme);
    }
    float[] scales = scale.toFloatArray();
    Tensor zeros = parts.get(ZERO_POINT);
    return ActivationQuantizer.fixed(
        scheme, scales, zeros == null ? new float[scales.length] : zeros.toFloatArray());
  }

  /** The words of compressed-tensors for a quantizer, if it has any. */
  static Optional<QuantizationArguments> arguments(ActivationQuantizer quantizer) {
    ActivationScheme scheme = quantizer.scheme();
    NumberFormat format = scheme.format();
    boolean isInteger = format instanceof IntegerFormat;
    boolean isKnown =
        isInteger || format.equals(MiniFloat.FP8_E4M3) || format.equals(MiniFloat.FP4_E2M1);
    // That library knows no dynamic ranges that clip.
    if (!isKnown || quantizer.clipRatio() < 1) {
      return Optional.empty();
    }
    ScaleCodec codec = scheme.scaleCodec();
    ActivationGranularity granularity = scheme.granularity();
    if (codec.equals(FloatScaleCodec.FLOAT32) && !format.equals(MiniFloat.FP4_E2M1)) {
      return switch (granularity) {
        case ActivationGranularity.PerTensor() ->
            arguments(scheme, Strategy.TENSOR, Dynamic.NO, Optional.empty());
        case ActivationGranularity.PerToken() ->
            arguments(scheme, Strategy.TOKEN, Dynamic.YES, Optional.empty());
        case ActivationGranularity.PerGroup _ ->
            arguments(scheme, Strategy.GROUP, Dynamic.YES, Optional.empty());
        case ActivationGranularity.PerChannel() -> Optional.empty();
      };
    }
    // What that library reads it rounds by its own rule; the other rule takes our schema.
    if (codec.equals(E8m0ScaleCodec.ROUNDED)
        && !isInteger
        && granularity.equals(ActivationGranularity.group(32))) {
      return arguments(
          scheme, Strategy.GROUP, Dynamic.YES, Optional.of(QuantizationArguments.EXPONENTS));
    }
    if (codec instanceof Nvfp4ScaleCodec
        && format.equals(MiniFloat.FP4_E2M1)
        && granularity.equals(ActivationGranularity.group(16))
        && quantizer.tensorScale() > 0) {
      return arguments(
          scheme,
          Strategy.TENSOR_GROUP,
          Dynamic.LOCAL,
          Optional.of(QuantizationArguments.FP8_SCALES));
    }
    return Optional.empty();
  }

  private static Optional<QuantizationArguments> arguments(
      ActivationScheme scheme, Strategy strategy, Dynamic dynamic, Optional<String> scaleType) {
    Optional<Integer> groupSize =
        scheme.granularity() instanceof ActivationGranularity.PerGroup(int size)
            ? Optional.of(size)
            : Optional.empty();
    return Optional.of(
        QuantizationArguments.of(
            scheme.format().bits(),
            !(scheme.format() instanceof IntegerFormat),
            scheme.symmetric(),
            strategy,
            groupSize,
            dynamic,
            scaleType));
  }

  /** Whether we have a counterpart for what a compressed-tensors config says of activations. */
  static boolean isKnown(QuantizationArguments input) {
    if (format(input) == null || input.groupSize().filter(size -> size < 2).isPresent()) {
      return false;
    }
    return switch (input.strategy()) {
      case TOKEN -> input.dynamic() == Dynamic.YES;
      case TENSOR -> input.dynamic() == Dynamic.NO;
      case GROUP -> input.groupSize().isPresent() && input.dynamic() == Dynamic.YES;
      case TENSOR_GROUP -> input.groupSize().isPresent() && input.dynamic() == Dynamic.LOCAL;
      case CHANNEL, BLOCK -> false;
    };
  }

  /**
   * The quantizer that a compressed-tensors config means.
   *
   * @return empty if it is of a kind that we have no counterpart for
   * @throws IllegalArgumentException if a tensor is missing or malformed
   */
  static Optional<ActivationQuantizer> read(QuantizationArguments input, ModuleTensors tensors) {
    NumberFormat format = format(input);
    if (format == null || !isKnown(input)) {
      return Optional.empty();
    }
    boolean exponents = input.scaleType().equals(Optional.of(QuantizationArguments.EXPONENTS));
    ScaleCodec codec = exponents ? E8m0ScaleCodec.ROUNDED : FloatScaleCodec.FLOAT32;
    ActivationGranularity group =
        input.groupSize().map(ActivationGranularity::group).orElse(ActivationGranularity.token());
    return Optional.of(
        switch (input.strategy()) {
          case TENSOR ->
              fixed(scheme(input, format, ActivationGranularity.tensor(), codec), tensors);
          case TENSOR_GROUP -> {
            float divisor = ModuleTensors.scalar(tensors.require("input_global_scale", DType.F32));
            yield ActivationQuantizer.blocks(
                scheme(input, format, group, new Nvfp4ScaleCodec()), 1f / divisor);
          }
          default -> ActivationQuantizer.dynamic(scheme(input, format, group, codec));
        });
  }

  private static ActivationScheme scheme(
      QuantizationArguments input,
      NumberFormat format,
      ActivationGranularity granularity,
      ScaleCodec codec) {
    return new ActivationScheme(format, granularity, input.symmetric(), codec);
  }

  private static ActivationQuantizer fixed(ActivationScheme scheme, ModuleTensors tensors) {
    float[] scale = {ModuleTensors.scalar(tensors.require("input_scale"))};
    float[] zero = new float[1];
    if (!scheme.symmetric()) {
      zero[0] = ModuleTensors.scalar(tensors.require("input_zero_point"));
    }
    return ActivationQuantizer.fixed(scheme, scale, zero);
  }

  private static @Nullable NumberFormat format(QuantizationArguments input) {
    if (!input.isFloat()) {
      int fewest = input.symmetric() ? 2 : 1;
      return input.bits() >= fewest && input.bits() <= 8 ? new IntegerFormat(input.bits()) : null;
    }
    return switch (input.bits()) {
      case 8 -> MiniFloat.FP8_E4M3;
      case 4 -> MiniFloat.FP4_E2M1;
      default -> null;
    };
  }
}
