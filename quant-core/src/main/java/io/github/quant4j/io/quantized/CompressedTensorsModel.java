// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.quantized;

import io.github.quant4j.io.TensorSource;
import io.github.quant4j.io.quantized.QuantizedWeights.ModuleReader;
import io.github.quant4j.json.JsonException;
import io.github.quant4j.json.JsonValue;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds the quantized modules of a compressed-tensors checkpoint: those with quantized tensors,
 * each of which must belong to a group of the config.
 */
final class CompressedTensorsModel {
  private static final Logger LOG = LoggerFactory.getLogger(CompressedTensorsModel.class);
  private static final String PACKED = ".weight_packed";
  private static final String SCALE = ".weight_scale";

  private CompressedTensorsModel() {}

  /**
   * The readers of the modules.
   *
   * @throws JsonException if the config is malformed, or a module belongs to no group or has no
   *     quantized tensors though a group names it
   */
  static SequencedMap<String, ModuleReader> modules(JsonValue.Obj object, TensorSource tensors) {
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
    inputs.forEach(CompressedTensorsModel::warnIfUnknown);
    return modules;
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

  private static void warnIfUnknown(QuantizationArguments input) {
    if (!ActivationStore.isKnown(input)) {
      LOG.warn(
          "Activations of {} bits, strategy {}, dynamic {} have no counterpart here; they stay in"
              + " full precision.",
          input.bits(),
          input.strategy().label(),
          input.dynamic());
    }
  }
}
