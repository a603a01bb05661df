// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.quantized;

import io.github.quant4j.io.TensorSource;
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
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Finds the quantized modules of a compressed-tensors checkpoint: those with quantized tensors,
 * each of which must belong to a group of the config.
 */
final class CompressedTensorsModel {
  private static final String PACKED = ".weight_packed";
  private static final String SCALE = ".weight_scale";
  private static final String CACHE = "kv_cache_scheme";
  private static final String ATTENTION = "attention_input_activations";

  /** A format that is none: the weights are rounded, but stored as they were. */
  private static final String DENSE = "dense";

  /** Parts that say how weights were rounded, or how inputs and caches would be. */
  private static final Pattern PARAMETER =
      Pattern.compile(
          ".*\\.(weight_scale|weight_zero_point|weight_g_idx|weight_shape|input_scale"
              + "|input_zero_point|input_global_scale|output_scale|output_zero_point)");

  private static final Pattern CACHE_PARAMETER =
      Pattern.compile(".*\\.[qkv]_(scale|zero_point|global_scale)");

  private CompressedTensorsModel() {}

  /**
   * The readers of the modules.
   *
   * @throws JsonException if the config is malformed, or a module belongs to no group or has no
   *     quantized tensors though a group names it
   */
  static QuantizedModules modules(JsonValue.Obj object, TensorSource tensors) {
    List<String> warnings = new ArrayList<>();
    Set<String> shared = new LinkedHashSet<>();
    if (object.getObject(CACHE).isPresent()) {
      warnings.add(
          "'"
              + CACHE
              + "': a quantized key-value cache is asked for; it is kept in the precision that the"
              + " options say");
      matching(CACHE_PARAMETER, tensors, shared);
    }
    if (object.get(ATTENTION).isPresent()) {
      warnings.add("'" + ATTENTION + "': inputs of attention stay in full precision");
    }
    if (object.getString("format").filter(DENSE::equals).isPresent()) {
      if (!ModuleTensors.having(tensors, "weight_packed").isEmpty()) {
        throw new JsonException("'format': 'dense' is not supported for weights that are packed");
      }
      warnings.add(
          "'format' is 'dense': the weights are stored as rounded; inputs are not rounded");
      matching(PARAMETER, tensors, shared);
      return new QuantizedModules(new LinkedHashMap<>(), warnings, shared);
    }
    CompressedTensorsConfig config = CompressedTensorsConfig.parse(object);
    SequencedMap<String, ModuleReader> modules = new LinkedHashMap<>();
    Set<QuantizationArguments> inputs = new LinkedHashSet<>();
    for (String module : withQuantizedTensors(tensors)) {
      ConfigGroup group =
          config
              .groupOf(module)
              .orElseThrow(
                  () ->
                      new JsonException(
                          "module '"
                              + module
                              + "' has quantized tensors but no config group targets it"));
      group.input().ifPresent(inputs::add);
      modules.put(module, own -> CompressedTensorsReader.read(own, group));
    }
    for (String target : config.namedTargets()) {
      Optional<ConfigGroup> group = config.groupOf(target);
      if (group.isPresent()
          && !modules.containsKey(target)
          && tensors.find(target + ".weight").isPresent()) {
        throw new JsonException(
            "module '" + target + "' is targeted by a config group but has no quantized tensors");
      }
    }
    inputs.stream()
        .filter(input -> !ActivationStore.isKnown(input))
        .map(CompressedTensorsModel::unknown)
        .forEach(warnings::add);
    transform(config.transforms(), modules, !inputs.isEmpty(), tensors, warnings);
    return new QuantizedModules(modules, warnings, shared);
  }

  private static void matching(Pattern pattern, TensorSource tensors, Set<String> found) {
    tensors.names().stream().filter(name -> pattern.matcher(name).matches()).forEach(found::add);
  }

  /** Puts rotations that run with the model around the readers of the modules that have them. */
  private static void transform(
      List<OnlineTransform> transforms,
      SequencedMap<String, ModuleReader> modules,
      boolean hasQuantizedInputs,
      TensorSource tensors,
      List<String> warnings) {
    int rotatedOutputs = 0;
    for (OnlineTransform transform : transforms) {
      for (String module : ModuleTensors.having(tensors, "weight")) {
        // Layers that are not quantized may be rotated all the same.
        if (transform.names(module)) {
          modules.putIfAbsent(module, CompressedTensorsModel::plain);
        }
      }
      for (Map.Entry<String, ModuleReader> entry : modules.entrySet()) {
        if (transform.applies(entry.getKey())) {
          ModuleReader reader = entry.getValue();
          entry.setValue(own -> transform.applied(reader.read(own), own));
          rotatedOutputs += transform.location().equals(OnlineTransform.OUTPUT) ? 1 : 0;
        }
      }
    }
    if (rotatedOutputs > 0) {
      warnings.add(
          "outputs of "
              + rotatedOutputs
              + " layers are rotated while the model runs: by a second matrix, which takes time"
              + (hasQuantizedInputs ? ", and their inputs stay in full precision" : ""));
    }
  }

  private static QuantizedLinear plain(ModuleTensors tensors) {
    Tensor weight = tensors.requireMatrix("weight", DType.F32, DType.F16, DType.BF16);
    return QuantizedLinear.of(weight.toMatrix(), weight.dtype());
  }

  private static Set<String> withQuantizedTensors(TensorSource tensors) {
    Set<String> modules = new LinkedHashSet<>();
    for (String name : tensors.names()) {
      if (name.endsWith(PACKED)) {
        modules.add(name.substring(0, name.length() - PACKED.length()));
      } else if (name.endsWith(SCALE)) {
        modules.add(name.substring(0, name.length() - SCALE.length()));
      }
    }
    return modules;
  }

  private static String unknown(QuantizationArguments input) {
    return "activations of "
        + input.bits()
        + " bits, strategy "
        + input.strategy().label()
        + ", dynamic "
        + input.dynamic()
        + " have no counterpart here; they stay in full precision";
  }
}
