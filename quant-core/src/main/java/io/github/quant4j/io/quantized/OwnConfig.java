// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.quantized;

import io.github.quant4j.io.quantized.module.ModuleReader;
import io.github.quant4j.json.JsonException;
import io.github.quant4j.json.JsonValue;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;

/**
 * Our own {@code quantization_config}, for what compressed-tensors cannot say: layouts that
 * describe terms, activations and transforms with the tensors that they consist of, and for each
 * module its layout and shape.
 */
final class OwnConfig {
  static final String METHOD = "quant4j";
  private static final int VERSION = 1;
  private static final String LAYOUTS = "layouts";
  private static final String MODULES = "modules";

  private OwnConfig() {}

  /**
   * One module of a config.
   *
   * @param layout as {@link StoredModule} makes it
   */
  record Module(JsonValue.Obj layout, int rows, int columns) {}

  /** Makes a config. */
  static JsonValue.Obj toJson(
      SequencedMap<String, Module> modules, Collection<String> ignored, String recipe) {
    SequencedMap<String, Object> layouts = new LinkedHashMap<>();
    Map<JsonValue.Obj, String> names = new HashMap<>();
    SequencedMap<String, Object> entries = new LinkedHashMap<>();
    modules.forEach(
        (name, module) -> {
          String layout =
              names.computeIfAbsent(
                  module.layout,
                  described -> {
                    String fresh = "layout_" + layouts.size();
                    layouts.put(fresh, described);
                    return fresh;
                  });
          SequencedMap<String, Object> entry = new LinkedHashMap<>();
          entry.put("layout", layout);
          entry.put("shape", List.of(module.rows, module.columns));
          entries.put(name, entry);
        });
    SequencedMap<String, Object> config = new LinkedHashMap<>();
    config.put("quant_method", METHOD);
    config.put("version", VERSION);
    if (!recipe.isEmpty()) {
      config.put("recipe", recipe);
    }
    config.put("ignore", List.copyOf(ignored));
    config.put(LAYOUTS, layouts);
    config.put(MODULES, entries);
    return (JsonValue.Obj) JsonValue.of(config);
  }

  /**
   * The readers of the modules.
   *
   * @throws JsonException if something is missing or malformed, or the version is a newer one
   */
  static SequencedMap<String, ModuleReader> modules(JsonValue.Obj config) {
    int version = config.getInt("version").orElse(0);
    if (version != VERSION) {
      throw new JsonException(
          "'version': "
              + version
              + ", expected "
              + VERSION
              + "; was it written by a newer version of the library?");
    }
    JsonValue.Obj layouts = required(config, LAYOUTS);
    JsonValue.Obj entries = required(config, MODULES);
    SequencedMap<String, ModuleReader> modules = new LinkedHashMap<>();
    for (String name : entries.members().keySet()) {
      try {
        JsonValue.Obj entry = required(entries, name);
        String layoutName =
            entry.getString("layout").orElseThrow(() -> new JsonException("'layout' is missing"));
        JsonValue.Obj layout = required(layouts, layoutName);
        int[] shape = shape(entry);
        modules.put(name, own -> StoredModule.read(layout, shape[0], shape[1], own));
      } catch (JsonException e) {
        throw new JsonException("module '" + name + "': " + e.getMessage(), e);
      }
    }
    return modules;
  }

  private static JsonValue.Obj required(JsonValue.Obj object, String member) {
    return object
        .getObject(member)
        .orElseThrow(() -> new JsonException("'" + member + "' is missing"));
  }

  private static int[] shape(JsonValue.Obj entry) {
    List<JsonValue> sizes = entry.getArray("shape").orElse(List.of());
    int[] shape = new int[2];
    for (int i = 0; i < 2; i++) {
      long size =
          sizes.size() == 2 && sizes.get(i) instanceof JsonValue.Num number ? number.asLong() : 0;
      if (size < 1 || size > Integer.MAX_VALUE) {
        throw new JsonException("'shape': expected two positive sizes, outputs and inputs");
      }
      shape[i] = (int) size;
    }
    return shape;
  }
}
