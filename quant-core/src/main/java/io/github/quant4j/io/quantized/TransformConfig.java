// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.quantized;

import io.github.quant4j.io.quantized.module.ConfigMembers;
import io.github.quant4j.io.quantized.module.ModulePattern;
import io.github.quant4j.json.JsonException;
import io.github.quant4j.json.JsonValue;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The {@code transform_config} of compressed-tensors (SpinQuant, QuIP). Transforms that have been
 * multiplied into weights need nothing while the model runs; those of an input or an output do.
 */
final class TransformConfig {
  /** Where transforms are part of the stored weights. */
  private static final List<String> MERGED = List.of("weight_input", "weight_output");

  private static final List<String> ONLINE = List.of(OnlineTransform.INPUT, OnlineTransform.OUTPUT);

  private static final String FIXED = "hadamard";
  private static final String RANDOM = "random-hadamard";

  private static final Set<String> KNOWN =
      Set.of("type", "apply", "randomize", "requires_grad", "head_dim", "block_size", "precision");
  private static final Set<String> KNOWN_APPLIES =
      Set.of("targets", "location", "inverse", "ignore");

  private TransformConfig() {}

  /**
   * Reads a config.
   *
   * @return the transforms that run with the model, in the order in which they do
   * @throws JsonException if something is malformed or not supported
   */
  static List<OnlineTransform> parse(JsonValue.Obj config) {
    List<OnlineTransform> online = new ArrayList<>();
    Optional<JsonValue.Obj> found = config.getObject("config_groups");
    if (found.isEmpty()) {
      ConfigMembers.requireKnown(config, Set.of());
      return online;
    }
    JsonValue.Obj groups = found.get();
    for (String name : groups.members().keySet()) {
      try {
        online.addAll(
            transforms(name, groups.getObject(name).orElseThrow(TransformConfig::isNull)));
      } catch (JsonException e) {
        throw new JsonException("'transform_config': '" + name + "' " + e.getMessage(), e);
      }
    }
    return online;
  }

  private static JsonException isNull() {
    return new JsonException("is null, expected an object");
  }

  private static List<OnlineTransform> transforms(String name, JsonValue.Obj object) {
    ConfigMembers.requireKnown(object, KNOWN);
    List<OnlineTransform> online = new ArrayList<>();
    for (JsonValue apply :
        object.getArray("apply").orElseThrow(() -> new JsonException("has no 'apply'"))) {
      if (!(apply instanceof JsonValue.Obj one)) {
        throw new JsonException("has 'apply': expected objects, found " + apply.kind());
      }
      ConfigMembers.requireKnown(one, KNOWN_APPLIES);
      String location = one.getString("location").orElse("missing");
      if (ONLINE.contains(location)) {
        online.add(online(name, object, one, location));
      } else if (!MERGED.contains(location)) {
        throw new JsonException(
            "has the location '"
                + location
                + "', which is not supported; expected one of "
                + MERGED
                + " or "
                + ONLINE);
      }
    }
    return online;
  }

  private static OnlineTransform online(
      String name, JsonValue.Obj object, JsonValue.Obj apply, String location) {
    String type = object.getString("type").orElse("missing");
    if (!type.equals(FIXED) && !type.equals(RANDOM)) {
      throw new JsonException(
          "runs with the model and has the type '"
              + type
              + "', expected "
              + FIXED
              + " or "
              + RANDOM);
    }
    Optional<Integer> block = object.getInt("head_dim").or(() -> object.getInt("block_size"));
    if (block.filter(size -> size < 1).isPresent()) {
      throw new JsonException("has 'head_dim': " + block.get() + ", expected at least 1");
    }
    return new OnlineTransform(
        name,
        location,
        apply.getBoolean("inverse").orElse(false),
        type.equals(FIXED) && !object.getBoolean("randomize").orElse(false),
        block,
        patterns(apply, "targets"),
        patterns(apply, "ignore"));
  }

  private static List<ModulePattern> patterns(JsonValue.Obj object, String member) {
    return ConfigMembers.texts(object, member).stream().map(ModulePattern::parse).toList();
  }
}
