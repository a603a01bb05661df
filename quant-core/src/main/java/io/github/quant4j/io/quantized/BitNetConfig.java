// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.quantized;

import io.github.quant4j.io.TensorSource;
import io.github.quant4j.io.quantized.module.ModuleReader;
import io.github.quant4j.json.JsonException;
import io.github.quant4j.json.JsonValue;
import io.github.quant4j.tensor.DType;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.SequencedMap;
import java.util.Set;

/**
 * The {@code quantization_config} of BitNet b1.58 checkpoints (Ma et al., arXiv 2402.17764) as the
 * Transformers library writes it: ternary weights, four rows in one of bytes, under one scale each.
 *
 * <p>The config does not list the modules: those with packed weights or a {@code weight_scale} are
 * quantized. Members that are not known are refused, since they may change numbers.
 */
final class BitNetConfig {
  static final String METHOD = "bitnet";

  private static final String LINEAR_CLASS = "linear_class";
  private static final String MODE = "quantization_mode";
  private static final String EXCEPTIONS = "modules_to_not_convert";
  private static final String NORM = "use_rms_norm";
  private static final Set<String> MEMBERS =
      Set.of("quant_method", LINEAR_CLASS, MODE, EXCEPTIONS, NORM, "rms_norm_eps");

  private static final String WEIGHT = ".weight";
  private static final String SCALE = ".weight_scale";

  private BitNetConfig() {}

  /**
   * The readers of the modules.
   *
   * @throws JsonException if the config asks for something that is not supported, or a module is
   *     quantized that it excepts
   */
  static SequencedMap<String, ModuleReader> modules(JsonValue.Obj config, TensorSource tensors) {
    for (String member : config.members().keySet()) {
      if (!MEMBERS.contains(member)) {
        throw new JsonException(
            "'" + member + "' is not known in '" + METHOD + "', expected " + sorted(MEMBERS));
      }
    }
    String mode = config.getString(MODE).orElse("offline");
    if (!mode.equals("offline")) {
      throw new JsonException(
          "'" + MODE + "': '" + mode + "' is not supported, expected 'offline', packed weights");
    }
    if (config.getBoolean(NORM).orElse(false)) {
      throw new JsonException(
          "'" + NORM + "': a norm inside of linear layers is not supported, expected false");
    }
    BitNetReader reader = new BitNetReader(isMultiplied(config));
    List<String> exceptions = exceptions(config);
    SequencedMap<String, ModuleReader> modules = new LinkedHashMap<>();
    for (String module : withTernaryWeights(tensors)) {
      for (String exception : exceptions) {
        if (("." + module + ".").contains("." + exception + ".")) {
          throw new JsonException(
              "module '"
                  + module
                  + "' has packed weights though '"
                  + EXCEPTIONS
                  + "' names '"
                  + exception
                  + "'");
        }
      }
      modules.put(module, reader::read);
    }
    return modules;
  }

  private static List<String> sorted(Set<String> names) {
    return names.stream().sorted().toList();
  }

  /** Whether results are multiplied by the scale of the weights, not divided. */
  private static boolean isMultiplied(JsonValue.Obj config) {
    String linearClass = config.getString(LINEAR_CLASS).orElse("bitlinear");
    return switch (linearClass) {
      case "autobitlinear" -> true;
      case "bitlinear" -> false;
      default ->
          throw new JsonException(
              "'"
                  + LINEAR_CLASS
                  + "': '"
                  + linearClass
                  + "' is not supported, expected 'autobitlinear' or 'bitlinear'");
    };
  }

  private static List<String> exceptions(JsonValue.Obj config) {
    return config.getArray(EXCEPTIONS).orElse(List.of()).stream()
        .map(
            value -> {
              if (value instanceof JsonValue.Str(var text) && !text.isEmpty()) {
                return text;
              }
              throw new JsonException(
                  "'" + EXCEPTIONS + "': expected names of modules, found " + value.kind());
            })
        .toList();
  }

  private static Set<String> withTernaryWeights(TensorSource tensors) {
    Set<String> modules = new LinkedHashSet<>();
    for (String name : tensors.names()) {
      if (name.endsWith(SCALE)) {
        modules.add(name.substring(0, name.length() - SCALE.length()));
      } else if (name.endsWith(WEIGHT)
          && tensors.find(name).filter(tensor -> tensor.dtype() == DType.U8).isPresent()) {
        modules.add(name.substring(0, name.length() - WEIGHT.length()));
      }
    }
    return modules;
  }
}
