// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.quantized;

import io.github.quant4j.io.quantized.module.ConfigMembers;
import io.github.quant4j.io.quantized.module.ModulePattern;
import io.github.quant4j.json.JsonException;
import io.github.quant4j.json.JsonValue;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;

/**
 * The {@code quantization_config} of compressed-tensors: groups of modules that are quantized
 * alike, and which modules are not.
 */
final class CompressedTensorsConfig {
  static final String METHOD = "compressed-tensors";

  /** Members of any version of the schema. */
  private static final Set<String> KNOWN =
      Set.of(
          "format",
          "quantization_status",
          "global_compression_ratio",
          "ignore",
          "config_groups",
          "kv_cache_scheme",
          "sparsity_config",
          "transform_config",
          "version",
          "run_compressed",
          "attention_input_activations");

  private record Target(ModulePattern pattern, ConfigGroup group) {}

  private final List<Target> targets;
  private final List<ModulePattern> ignored;
  private final List<OnlineTransform> transforms;

  private CompressedTensorsConfig(
      List<Target> targets, List<ModulePattern> ignored, List<OnlineTransform> transforms) {
    this.targets = targets;
    this.ignored = ignored;
    this.transforms = transforms;
  }

  /**
   * Reads a config.
   *
   * @throws JsonException if something is missing, malformed or not supported
   */
  static CompressedTensorsConfig parse(JsonValue.Obj config) {
    requireSupported(config);
    Optional<CompressionFormat> common =
        config
            .getString("format")
            .filter(label -> !label.equals(CompressionFormat.MIXED))
            .map(ConfigGroup::format);
    List<Target> targets = new ArrayList<>();
    JsonValue.Obj groups =
        config
            .getObject("config_groups")
            .orElseThrow(() -> new JsonException("'config_groups' is missing"));
    for (String name : groups.members().keySet()) {
      try {
        JsonValue.Obj object =
            groups
                .getObject(name)
                .orElseThrow(() -> new JsonException("expected an object, found null"));
        ConfigGroup group = ConfigGroup.parse(object, common);
        for (ModulePattern pattern : patterns(object, "targets")) {
          targets.add(new Target(pattern, group));
        }
      } catch (JsonException e) {
        throw new JsonException("config group '" + name + "': " + e.getMessage(), e);
      }
    }
    // The library tries names first, then expressions in the order of their text, then classes.
    targets.sort(
        Comparator.comparing((Target target) -> target.pattern.isLinear())
            .thenComparing(target -> target.pattern.isExpression())
            .thenComparing(target -> target.pattern.text()));
    return new CompressedTensorsConfig(
        targets,
        patterns(config, "ignore"),
        config.getObject("transform_config").map(TransformConfig::parse).orElse(List.of()));
  }

  private static void requireSupported(JsonValue.Obj config) {
    ConfigMembers.requireKnown(config, KNOWN);
    String status = config.getString("quantization_status").orElse("compressed");
    if (!status.equals("compressed")) {
      throw new JsonException(
          "'quantization_status': '" + status + "', expected 'compressed' weights");
    }
    config
        .getObject("sparsity_config")
        .flatMap(sparsity -> sparsity.getString("format"))
        .filter(format -> !format.equals("dense"))
        .ifPresent(
            format -> {
              throw new JsonException(
                  "'sparsity_config': sparse weights ('" + format + "') are not supported");
            });
  }

  private static List<ModulePattern> patterns(JsonValue.Obj object, String member) {
    return ConfigMembers.texts(object, member).stream().map(ModulePattern::parse).toList();
  }

  /** The group that a module with quantized tensors belongs to. */
  Optional<ConfigGroup> groupOf(String module) {
    for (ModulePattern pattern : ignored) {
      if (pattern.isName(module) || pattern.expressionMatches(module)) {
        return Optional.empty();
      }
    }
    for (Target target : targets) {
      if (target.pattern.isName(module)
          || target.pattern.isLinear()
          || target.pattern.expressionMatches(module)) {
        return Optional.of(target.group);
      }
    }
    return Optional.empty();
  }

  /** The transforms that run with the model, in the order in which they do. */
  List<OnlineTransform> transforms() {
    return transforms;
  }

  /** The targets that are neither expressions nor {@code Linear}: modules, or other classes. */
  Set<String> namedTargets() {
    Set<String> names = new LinkedHashSet<>();
    for (Target target : targets) {
      if (!target.pattern.isExpression() && !target.pattern.isLinear()) {
        names.add(target.pattern.text());
      }
    }
    return names;
  }

  /**
   * Makes a config.
   *
   * @param modules how each module is quantized
   * @param allLinear whether each of them is a linear layer
   * @param ignored the linear layers that are not quantized
   */
  static JsonValue.Obj toJson(
      SequencedMap<String, ConfigGroup> modules, boolean allLinear, Collection<String> ignored) {
    return toJson(modules, allLinear, ignored, Map.of());
  }

  /**
   * Makes a config with transforms that run with the model.
   *
   * @param modules how each module is quantized
   * @param allLinear whether each of them is a linear layer
   * @param ignored the linear layers that are not quantized
   * @param transforms by name
   */
  static JsonValue.Obj toJson(
      SequencedMap<String, ConfigGroup> modules,
      boolean allLinear,
      Collection<String> ignored,
      Map<String, ?> transforms) {
    SequencedMap<ConfigGroup, List<String>> groups = new LinkedHashMap<>();
    modules.forEach(
        (module, group) -> groups.computeIfAbsent(group, _ -> new ArrayList<>()).add(module));
    SequencedMap<String, Object> configGroups = new LinkedHashMap<>();
    Set<String> formats = new LinkedHashSet<>();
    groups.forEach(
        (group, names) -> {
          List<String> targets =
              groups.size() == 1 && allLinear ? List.of(ModulePattern.LINEAR) : names;
          formats.add(group.format().label());
          configGroups.put("group_" + configGroups.size(), group.toJson(targets));
        });
    SequencedMap<String, Object> config = new LinkedHashMap<>();
    config.put("quant_method", METHOD);
    config.put("format", formats.size() == 1 ? formats.iterator().next() : CompressionFormat.MIXED);
    config.put("quantization_status", "compressed");
    config.put("global_compression_ratio", null);
    config.put("kv_cache_scheme", null);
    config.put("ignore", List.copyOf(ignored));
    config.put("config_groups", configGroups);
    if (!transforms.isEmpty()) {
      config.put("transform_config", Map.of("config_groups", transforms));
    }
    return (JsonValue.Obj) JsonValue.of(config);
  }

  /** The config with its groups, for messages. */
  @Override
  public String toString() {
    return METHOD + " " + Map.of("targets", targets.size(), "ignored", ignored.size());
  }
}
