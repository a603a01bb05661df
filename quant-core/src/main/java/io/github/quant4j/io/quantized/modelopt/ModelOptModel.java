// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.quantized.modelopt;

import io.github.quant4j.io.TensorSource;
import io.github.quant4j.io.quantized.module.ConfigMembers;
import io.github.quant4j.io.quantized.module.ModuleReader;
import io.github.quant4j.io.quantized.module.ModuleTensors;
import io.github.quant4j.io.quantized.module.QuantizedModules;
import io.github.quant4j.json.JsonException;
import io.github.quant4j.json.JsonValue;
import io.github.quant4j.linear.QuantizedLinear;
import io.github.quant4j.tensor.DType;
import io.github.quant4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;

/**
 * The modules of a ModelOpt checkpoint: those that have {@code weight_scale}. With {@code
 * weight_scale_2} the weights are NVFP4, otherwise FP8; both scales are factors. Inputs stay in
 * full precision.
 */
public final class ModelOptModel {
  /** The {@code quant_method}. */
  public static final String METHOD = "modelopt";

  private static final String SCALE = "weight_scale";
  private static final String TENSOR_SCALE = "weight_scale_2";
  private static final String ALGORITHM = "quant_algo";
  private static final String CACHE = "kv_cache_quant_algo";
  private static final String CACHE_SCHEME = "kv_cache_scheme";

  private static final Set<String> KNOWN =
      Set.of(
          ALGORITHM,
          CACHE,
          CACHE_SCHEME,
          "config_groups",
          "exclude_modules",
          "group_size",
          "ignore",
          "quantized_layers");

  private static final Set<String> ALGORITHMS =
      Set.of("FP8", "FP8_PER_CHANNEL_PER_TOKEN", "NVFP4", "W4A16_NVFP4", "MIXED_PRECISION");

  private ModelOptModel() {}

  /**
   * The readers of the modules.
   *
   * @param config the {@code quantization_config}, or what {@code hf_quant_config.json} says
   * @param tensors all tensors
   * @return the modules, with a warning about inputs
   * @throws JsonException if something is malformed or not supported
   */
  public static QuantizedModules modules(JsonValue.Obj config, TensorSource tensors) {
    // The file beside the config has everything but the producer in an object of its own.
    JsonValue.Obj object = config.getObject("quantization").orElse(config);
    ConfigMembers.requireKnown(object, KNOWN);
    String algorithm = object.getString(ALGORITHM).orElse("").toUpperCase(Locale.ROOT);
    if (!ALGORITHMS.contains(algorithm)) {
      throw new JsonException(
          "'"
              + ALGORITHM
              + "': '"
              + algorithm
              + "' is not supported, expected one of "
              + ALGORITHMS);
    }
    SequencedMap<String, ModuleReader> readers = new LinkedHashMap<>();
    for (String module : ModuleTensors.having(tensors, SCALE)) {
      readers.put(module, ModelOptModel::read);
    }
    List<String> warnings = new ArrayList<>();
    if (!ModuleTensors.having(tensors, "input_scale").isEmpty()) {
      warnings.add(
          "'" + ALGORITHM + "' is " + algorithm + "; inputs of layers stay in full precision");
    }
    String cache = object.getString(CACHE).orElse("");
    if (!cache.isEmpty() || object.getObject(CACHE_SCHEME).isPresent()) {
      warnings.add(
          "a quantized key-value cache ("
              + (cache.isEmpty() ? CACHE_SCHEME : cache)
              + ") is asked for; it is kept in the precision that the options say");
    }
    return QuantizedModules.of(readers, warnings);
  }

  private static QuantizedLinear read(ModuleTensors tensors) {
    // What inputs and caches would be rounded with.
    List.of("input_scale", "k_scale", "v_scale", "output_scale").forEach(tensors::passOver);
    Optional<Tensor> smoothed = tensors.find("pre_quant_scale");
    if (smoothed.isPresent()) {
      throw new IllegalArgumentException(
          smoothed.get() + ": inputs that are scaled while the model runs are not supported");
    }
    if (tensors.find(TENSOR_SCALE).isPresent()) {
      return QuantizedLinear.of(FloatWeights.nvfp4(tensors));
    }
    Tensor weight = tensors.requireMatrix("weight", DType.F8_E4M3);
    Tensor scale = tensors.require(SCALE, DType.F32, DType.F16, DType.BF16);
    return QuantizedLinear.of(FloatWeights.fp8(weight, scale));
  }
}
