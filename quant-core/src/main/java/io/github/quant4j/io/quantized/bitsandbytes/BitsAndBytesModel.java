// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.quantized.bitsandbytes;

import io.github.quant4j.io.TensorSource;
import io.github.quant4j.io.quantized.module.ConfigMembers;
import io.github.quant4j.io.quantized.module.ModuleReader;
import io.github.quant4j.io.quantized.module.ModuleTensors;
import io.github.quant4j.io.quantized.module.QuantizedModules;
import io.github.quant4j.json.JsonException;
import io.github.quant4j.json.JsonValue;
import java.util.LinkedHashMap;
import java.util.SequencedMap;
import java.util.Set;

/**
 * The modules of a bitsandbytes checkpoint: of 4 bits those with {@code weight.quant_map}, of 8
 * bits those with {@code SCB}. What is read the tensors say; the config is for libraries that
 * quantize while they load.
 */
public final class BitsAndBytesModel {
  /** The {@code quant_method}. */
  public static final String METHOD = "bitsandbytes";

  private static final Set<String> KNOWN =
      Set.of(
          "_load_in_4bit",
          "_load_in_8bit",
          "load_in_4bit",
          "load_in_8bit",
          "bnb_4bit_compute_dtype",
          "bnb_4bit_quant_storage",
          "bnb_4bit_quant_type",
          "bnb_4bit_use_double_quant",
          "llm_int8_enable_fp32_cpu_offload",
          "llm_int8_has_fp16_weight",
          "llm_int8_skip_modules",
          "llm_int8_threshold");

  private BitsAndBytesModel() {}

  /**
   * The readers of the modules.
   *
   * @param config the {@code quantization_config}
   * @param tensors all tensors
   * @return the modules
   * @throws JsonException if a member is not known
   */
  public static QuantizedModules modules(JsonValue.Obj config, TensorSource tensors) {
    ConfigMembers.requireKnown(config, KNOWN);
    SequencedMap<String, ModuleReader> readers = new LinkedHashMap<>();
    for (String module : ModuleTensors.having(tensors, FourBits.LEVELS)) {
      readers.put(module, FourBits::read);
    }
    for (String module : ModuleTensors.having(tensors, EightBits.MAXIMA)) {
      readers.put(module, EightBits::read);
    }
    return QuantizedModules.of(readers);
  }
}
