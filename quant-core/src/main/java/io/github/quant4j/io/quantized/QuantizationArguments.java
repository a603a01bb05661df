// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.quantized;

import io.github.quant4j.json.JsonException;
import io.github.quant4j.json.JsonValue;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;

/**
 * How weights or activations are quantized, in the words of a compressed-tensors config.
 *
 * @param bits {@code num_bits}
 * @param isFloat whether {@code type} is {@code float} rather than {@code int}
 * @param symmetric whether there is no zero point
 * @param strategy which elements share a scale
 * @param groupSize {@code group_size}, for groups
 * @param block {@code block_structure}, rows and columns, for blocks
 * @param dynamic when scales are computed
 * @param scaleType {@code scale_dtype}, for example {@code torch.uint8}
 * @param order {@code actorder} for what is written; readers see it by the tensors
 */
record QuantizationArguments(
    int bits,
    boolean isFloat,
    boolean symmetric,
    Strategy strategy,
    Optional<Integer> groupSize,
    Optional<List<Integer>> block,
    Dynamic dynamic,
    Optional<String> scaleType,
    Optional<String> order) {

  /** Groups of inputs in an order of their own. */
  static final String BY_GROUP = "group";

  /** The scale type of power-of-two scales. */
  static final String EXPONENTS = "torch.uint8";

  /** The scale type of NVFP4. */
  static final String FP8_SCALES = "torch.float8_e4m3fn";

  /** Which elements share a scale. */
  enum Strategy {
    TENSOR,
    CHANNEL,
    GROUP,
    BLOCK,
    TOKEN,
    TENSOR_GROUP;

    String label() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** When scales are computed. */
  enum Dynamic {
    /** Beforehand. */
    NO,
    /** From each input. */
    YES,
    /** Group scales from each input, under a scale of the tensor that is computed beforehand. */
    LOCAL
  }

  /** The members that any version of the schema has; it forbids others, and so do we. */
  private static final Set<String> KNOWN =
      Set.of(
          "num_bits",
          "type",
          "symmetric",
          "strategy",
          "group_size",
          "block_structure",
          "dynamic",
          "actorder",
          "observer",
          "observer_kwargs",
          "scale_dtype",
          "zp_dtype");

  static QuantizationArguments of(
      int bits,
      boolean isFloat,
      boolean symmetric,
      Strategy strategy,
      Optional<Integer> groupSize,
      Dynamic dynamic,
      Optional<String> scaleType) {
    return new QuantizationArguments(
        bits,
        isFloat,
        symmetric,
        strategy,
        groupSize,
        Optional.empty(),
        dynamic,
        scaleType,
        Optional.empty());
  }

  /**
   * Reads a config.
   *
   * @throws JsonException if a member is not known, or has another type or value than it may have
   */
  static QuantizationArguments parse(JsonValue.Obj object) {
    for (String member : object.members().keySet()) {
      if (!KNOWN.contains(member)) {
        throw new JsonException("'" + member + "' is not known, expected one of " + KNOWN);
      }
    }
    Optional<Integer> groupSize = object.getInt("group_size");
    return new QuantizationArguments(
        object.getInt("num_bits").orElse(8),
        isFloat(object.getString("type").orElse("int")),
        object.getBoolean("symmetric").orElse(true),
        object
            .getString("strategy")
            .map(QuantizationArguments::strategy)
            .orElseGet(() -> inferredStrategy(groupSize)),
        groupSize.filter(size -> size > 0),
        object.get("block_structure").map(QuantizationArguments::block),
        dynamic(object),
        object.getString("scale_dtype"),
        Optional.empty());
  }

  private static boolean isFloat(String type) {
    return switch (type.toLowerCase(Locale.ROOT)) {
      case "int" -> false;
      case "float" -> true;
      default -> throw new JsonException("'type': '" + type + "', expected int or float");
    };
  }

  private static Strategy strategy(String label) {
    for (Strategy strategy : Strategy.values()) {
      if (strategy.label().equals(label.toLowerCase(Locale.ROOT))) {
        return strategy;
      }
    }
    throw new JsonException(
        "'strategy': '"
            + label
            + "', expected tensor, channel, group, block, token or tensor_group");
  }

  private static Strategy inferredStrategy(Optional<Integer> groupSize) {
    if (groupSize.isEmpty()) {
      return Strategy.TENSOR;
    }
    return groupSize.get() == -1 ? Strategy.CHANNEL : Strategy.GROUP;
  }

  /** Two numbers in a list, or in old configs a text such as 128x128. */
  private static List<Integer> block(JsonValue value) {
    List<String> sizes =
        switch (value) {
          case JsonValue.Arr(var elements) ->
              elements.stream()
                  .map(size -> size instanceof JsonValue.Num(var text) ? text : "")
                  .toList();
          case JsonValue.Str(var text) -> List.of(text.split("x", -1));
          default -> List.of();
        };
    if (sizes.size() != 2 || !sizes.stream().allMatch(size -> size.matches("[1-9][0-9]{0,8}"))) {
      throw new JsonException("'block_structure': expected two positive numbers");
    }
    return sizes.stream().map(Integer::valueOf).toList();
  }

  private static Dynamic dynamic(JsonValue.Obj object) {
    return switch (object.get("dynamic").orElse(new JsonValue.Bool(false))) {
      case JsonValue.Bool(var dynamic) -> dynamic ? Dynamic.YES : Dynamic.NO;
      case JsonValue.Str(var text) when text.equals("local") -> Dynamic.LOCAL;
      default -> throw new JsonException("'dynamic': expected true, false or \"local\"");
    };
  }

  /** The same for groups in an order of their own. */
  QuantizationArguments reordered() {
    return new QuantizationArguments(
        bits,
        isFloat,
        symmetric,
        strategy,
        groupSize,
        block,
        dynamic,
        scaleType,
        Optional.of(BY_GROUP));
  }

  /** The form for a config, with no member that an older version of the schema would refuse. */
  JsonValue toJson() {
    SequencedMap<String, Object> members = new LinkedHashMap<>();
    members.put("num_bits", bits);
    members.put("type", isFloat ? "float" : "int");
    members.put("symmetric", symmetric);
    members.put("strategy", strategy.label());
    members.put("group_size", groupSize.orElse(null));
    members.put("block_structure", block.orElse(null));
    members.put(
        "dynamic",
        switch (dynamic) {
          case NO -> (Object) false;
          case YES -> true;
          case LOCAL -> "local";
        });
    members.put("actorder", order.orElse(null));
    members.put("observer", dynamic == Dynamic.NO ? "minmax" : null);
    members.put("observer_kwargs", Map.of());
    scaleType.ifPresent(type -> members.put("scale_dtype", type));
    return JsonValue.of(members);
  }
}
