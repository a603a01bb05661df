// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.quantized.gptq;

import io.github.quant4j.io.TensorSource;
import io.github.quant4j.io.quantized.module.ConfigMembers;
import io.github.quant4j.io.quantized.module.DynamicRules;
import io.github.quant4j.io.quantized.module.ModuleTensors;
import io.github.quant4j.io.quantized.module.QuantizedModules;
import io.github.quant4j.json.JsonException;
import io.github.quant4j.json.JsonValue;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.SequencedMap;
import java.util.Set;

/**
 * The modules of a GPTQ checkpoint: those that have {@code qweight}. The config gives bits, group
 * size and symmetry, and {@code dynamic} what differs for modules whose names match expressions.
 */
public final class GptqModel {
  /** The {@code quant_method}. */
  public static final String METHOD = "gptq";

  private static final String BITS = "bits";
  private static final String GROUP_SIZE = "group_size";
  private static final String SYMMETRIC = "sym";

  /**
   * Members that are read, say how the codes were found, or choose kernels. Which modules are
   * quantized their tensors say.
   */
  private static final Set<String> KNOWN =
      Set.of(
          BITS,
          GROUP_SIZE,
          SYMMETRIC,
          "method",
          "checkpoint_format",
          "format",
          "dynamic",
          "mse",
          "act_group_aware",
          "hyb_act",
          "gptaq",
          "foem",
          "v2",
          "v2_alpha",
          "v2_memory_device",
          "fallback",
          "failsafe",
          "failsafe_with_rtn",
          "pack_impl",
          "parallel_packing",
          "offload_to_disk",
          "offload_to_disk_path",
          "model_name_or_path",
          "model_file_base_name",
          "module_name_preceding_first_block",
          "pad_token_id",
          "model_seqlen",
          "use_cuda_fp16",
          "use_exllama",
          "disable_exllama",
          "max_input_length",
          "exllama_config",
          "backend",
          "device",
          "compute_dtype",
          "version",
          "is_marlin_format",
          "data_type");

  /** Members of a rule that are read or say how the codes were found. */
  private static final Set<String> KNOWN_CHANGES =
      Set.of(
          BITS,
          GROUP_SIZE,
          SYMMETRIC,
          "act_group_aware",
          "hyb_act",
          "mse",
          "gptaq",
          "foem",
          "fallback",
          "failsafe",
          "format",
          "data_type");

  private final GptqScheme common;
  private final DynamicRules rules;

  private GptqModel(GptqScheme common, DynamicRules rules) {
    this.common = common;
    this.rules = rules;
  }

  /**
   * The readers of the modules.
   *
   * @param config the {@code quantization_config}
   * @param tensors all tensors
   * @return the modules, with warnings about zero points
   * @throws JsonException if something is missing, malformed or not supported
   */
  public static QuantizedModules modules(JsonValue.Obj config, TensorSource tensors) {
    GptqModel model = parse(config);
    SequencedMap<String, GptqReader> readers = new LinkedHashMap<>();
    for (String module : ModuleTensors.having(tensors, GptqReader.CODES)) {
      readers.put(module, new GptqReader(model.scheme(module)));
    }
    return QuantizedModules.of(
        new LinkedHashMap<>(readers), ZeroPointWarnings.of(readers, tensors));
  }

  private static GptqModel parse(JsonValue.Obj config) {
    ConfigMembers.requireKnown(config, KNOWN);
    if (config.getBoolean("is_marlin_format").orElse(false)) {
      throw new JsonException("'is_marlin_format': codes in the order of a kernel are not read");
    }
    config
        .getString("data_type")
        .filter(type -> !type.startsWith("int"))
        .ifPresent(
            type -> {
              throw new JsonException("'data_type': '" + type + "', expected int");
            });
    GptqScheme common =
        new GptqScheme(
            ConfigMembers.number(config, BITS),
            ConfigMembers.number(config, GROUP_SIZE),
            config.getBoolean(SYMMETRIC).orElse(true),
            convention(config));
    return new GptqModel(common, DynamicRules.of(config, KNOWN_CHANGES));
  }

  private static ZeroPointConvention convention(JsonValue.Obj config) {
    String label =
        config.getString("checkpoint_format").or(() -> config.getString("format")).orElse("gptq");
    return switch (label.toLowerCase(Locale.ROOT)) {
      case "gptq" -> ZeroPointConvention.LESS_ONE;
      case "gptq_v2" -> ZeroPointConvention.PLAIN;
      default ->
          throw new JsonException(
              "'checkpoint_format': '" + label + "' is not supported, expected gptq or gptq_v2");
    };
  }

  private GptqScheme scheme(String module) {
    JsonValue.Obj changes = rules.changes(module);
    return new GptqScheme(
        changes.getInt(BITS).orElse(common.bits()),
        changes.getInt(GROUP_SIZE).orElse(common.groupSize()),
        changes.getBoolean(SYMMETRIC).orElse(common.symmetric()),
        common.convention());
  }
}
