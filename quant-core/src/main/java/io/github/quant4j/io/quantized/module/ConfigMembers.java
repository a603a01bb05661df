// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.quantized.module;

import io.github.quant4j.json.JsonException;
import io.github.quant4j.json.JsonValue;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** Checks that nothing in a config is passed over that could change numbers. */
public final class ConfigMembers {
  /**
   * What tools write of how they found the codes, how they ran and what they are; with any value.
   */
  private static final Set<String> HARMLESS =
      Set.of(
          "act_bits",
          "act_data_type",
          "act_dynamic",
          "act_group_size",
          "act_sym",
          "amp",
          "autoround_version",
          "batch_size",
          "block_name_to_quantize",
          "cache_block_outputs",
          "damp_auto_increment",
          "damp_percent",
          "dataset",
          "desc_act",
          "enable_alg_ext",
          "enable_minmax_tuning",
          "enable_norm_bias_tuning",
          "enable_quanted_input",
          "gradient_accumulate_steps",
          "iters",
          "lm_head",
          "low_gpu_mem_usage",
          "lr",
          "meta",
          "minmax_lr",
          "modules_in_block_to_quantize",
          "modules_to_not_convert",
          "nsamples",
          "pack_dtype",
          "producer",
          "provider",
          "quant_block_list",
          "quant_lm_head",
          "quant_method",
          "quant_nontext_module",
          "quantizer",
          "scale_dtype",
          "seqlen",
          "static_attention_dtype",
          "static_attention_granularity",
          "static_groups",
          "static_kv_dtype",
          "static_kv_granularity",
          "super_group_size",
          "supported_types",
          "to_quant_block_names",
          "tokenizer",
          "transformers_version",
          "true_sequential");

  private ConfigMembers() {}

  /**
   * Refuses members that are not known, unless they say nothing: null, false, 0, empty. Known to
   * all schemas are those by which tools say how they found the codes.
   *
   * @param config the config
   * @param known the members that are read, and others that do not matter
   * @throws JsonException if there are others, with their names
   */
  public static void requireKnown(JsonValue.Obj config, Set<String> known) {
    List<String> unknown = new ArrayList<>();
    config
        .members()
        .forEach(
            (name, value) -> {
              if (!known.contains(name) && !HARMLESS.contains(name) && !saysNothing(value)) {
                unknown.add(name);
              }
            });
    if (!unknown.isEmpty()) {
      throw new JsonException(
          "members " + unknown + " are not understood, and what they ask for could be missed");
    }
  }

  /**
   * Whether a value stands for something that is not there.
   *
   * @param value any value
   * @return true for null, false, 0, and empty texts, lists and objects
   */
  public static boolean saysNothing(JsonValue value) {
    return switch (value) {
      case JsonValue.Null _ -> true;
      case JsonValue.Bool(var flag) -> !flag;
      case JsonValue.Num number -> number.asDouble() == 0;
      case JsonValue.Str(var text) -> text.isEmpty();
      case JsonValue.Arr(var elements) -> elements.isEmpty();
      case JsonValue.Obj(var members) -> members.isEmpty();
    };
  }

  /**
   * A whole number that must be there.
   *
   * @param config the object
   * @param member the number's name
   * @return its value
   * @throws JsonException if it is missing or no whole number
   */
  public static int number(JsonValue.Obj config, String member) {
    return config
        .getInt(member)
        .orElseThrow(() -> new JsonException("'" + member + "' is missing"));
  }

  /**
   * A list of texts.
   *
   * @param config the object
   * @param member the list's name
   * @return the texts; none if there is no such member
   * @throws JsonException if an element is no text
   */
  public static List<String> texts(JsonValue.Obj config, String member) {
    List<String> texts = new ArrayList<>();
    for (JsonValue value : config.getArray(member).orElse(List.of())) {
      if (!(value instanceof JsonValue.Str(var text))) {
        throw new JsonException("'" + member + "': expected strings, found " + value.kind());
      }
      texts.add(text);
    }
    return texts;
  }
}
