// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.quantized;

import io.github.quant4j.json.JsonException;
import io.github.quant4j.json.JsonValue;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;

/**
 * Modules that are quantized alike, as a compressed-tensors config describes them.
 *
 * @param format how the weights are stored
 * @param weights how they are quantized
 * @param input how the input is quantized, if it is
 */
record ConfigGroup(
    CompressionFormat format,
    QuantizationArguments weights,
    Optional<QuantizationArguments> input) {

  private static final Set<String> KNOWN =
      Set.of("targets", "weights", "input_activations", "output_activations", "format");

  /**
   * Reads a group.
   *
   * @param object the group's config
   * @param common the format of the whole config, if that is one
   * @throws JsonException if something is missing or cannot be read
   */
  static ConfigGroup parse(JsonValue.Obj object, Optional<CompressionFormat> common) {
    for (String member : object.members().keySet()) {
      if (!KNOWN.contains(member)) {
        throw new JsonException("'" + member + "' is not known, expected one of " + KNOWN);
      }
    }
    if (object.get("output_activations").isPresent()) {
      throw new JsonException("'output_activations': quantized outputs are not supported");
    }
    QuantizationArguments weights =
        object
            .getObject("weights")
            .map(QuantizationArguments::parse)
            .orElseThrow(
                () -> new JsonException("'weights' is missing; only quantized weights are read"));
    CompressionFormat format =
        object
            .getString("format")
            .map(ConfigGroup::format)
            .or(() -> common)
            .orElseThrow(
                () -> new JsonException("'format' is missing in the group and in the config"));
    return new ConfigGroup(
        format, weights, object.getObject("input_activations").map(QuantizationArguments::parse));
  }

  static CompressionFormat format(String label) {
    return CompressionFormat.ofLabel(label)
        .orElseThrow(
            () ->
                new JsonException(
                    "'format': '"
                        + label
                        + "' is not supported, expected one of "
                        + CompressionFormat.labels()));
  }

  JsonValue toJson(List<String> targets) {
    SequencedMap<String, Object> members = new LinkedHashMap<>();
    members.put("targets", targets);
    members.put("format", format.label());
    members.put("weights", weights.toJson());
    members.put("input_activations", input.map(QuantizationArguments::toJson).orElse(null));
    members.put("output_activations", null);
    return JsonValue.of(members);
  }
}
