// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.quantized;

import io.github.quant4j.io.TensorSource;
import io.github.quant4j.io.quantized.QuantizationArguments.Dynamic;
import io.github.quant4j.io.quantized.QuantizationArguments.Strategy;
import io.github.quant4j.io.quantized.autoround.AutoRoundModel;
import io.github.quant4j.io.quantized.module.ModuleReader;
import io.github.quant4j.io.quantized.module.ModuleTensors;
import io.github.quant4j.io.quantized.module.QuantizedModules;
import io.github.quant4j.json.JsonException;
import io.github.quant4j.json.JsonValue;
import io.github.quant4j.tensor.DType;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;

/**
 * Microscaling formats and NVFP4 under AutoRound's own config: the tensors are those of
 * compressed-tensors, and tell the format. Inputs stay in full precision.
 */
final class AutoRoundFloats {
  private static final String TYPE = "data_type";
  private static final String PACKED = "weight_packed";

  private AutoRoundFloats() {}

  /** Whether a config of AutoRound speaks of such formats. */
  static boolean isMeant(JsonValue.Obj config) {
    String type = config.getString(TYPE).orElse("int");
    return type.startsWith("mx_fp") || type.startsWith("nv_fp");
  }

  /**
   * The readers of the modules.
   *
   * @throws JsonException if a member is not known, or the tensors are integers
   */
  static QuantizedModules modules(JsonValue.Obj config, TensorSource tensors) {
    AutoRoundModel.requireKnown(config);
    if (!ModuleTensors.having(tensors, "qweight").isEmpty()) {
      throw new JsonException(
          "'"
              + TYPE
              + "' is '"
              + config.getString(TYPE).orElse("")
              + "', expected int, as there are packed integers");
    }
    SequencedMap<String, ModuleReader> readers = new LinkedHashMap<>();
    for (String module : ModuleTensors.having(tensors, "weight_scale")) {
      ConfigGroup group = group(module, tensors);
      readers.put(
          module,
          own -> {
            own.passOver("input_global_scale");
            return CompressedTensorsReader.read(own, group);
          });
    }
    return QuantizedModules.of(
        readers,
        List.of(
            "'"
                + TYPE
                + "' is "
                + config.getString(TYPE).orElse("")
                + "; inputs of layers stay in full precision"));
  }

  private static ConfigGroup group(String module, TensorSource tensors) {
    if (tensors.find(ModuleTensors.join(module, PACKED)).isEmpty()) {
      return group(CompressionFormat.MXFP8, 8, 32);
    }
    boolean isScaledTwice =
        tensors.find(ModuleTensors.join(module, "weight_global_scale")).isPresent();
    boolean isOfSixteen =
        tensors
            .find(ModuleTensors.join(module, "weight_scale"))
            .filter(scale -> scale.dtype() == DType.F8_E4M3)
            .isPresent();
    return isScaledTwice && isOfSixteen
        ? group(CompressionFormat.NVFP4, 4, 16)
        : group(CompressionFormat.MXFP4, 4, 32);
  }

  private static ConfigGroup group(CompressionFormat format, int bits, int size) {
    return new ConfigGroup(
        format,
        QuantizationArguments.of(
            bits,
            true,
            true,
            format == CompressionFormat.NVFP4 ? Strategy.TENSOR_GROUP : Strategy.GROUP,
            Optional.of(size),
            Dynamic.NO,
            Optional.empty()),
        Optional.empty());
  }
}
