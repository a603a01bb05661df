// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io;

import io.github.quant4j.json.JsonValue;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;

/**
 * What tools have written of a quantization into files of its own, for models whose {@code
 * config.json} says nothing of it though they have tensors of that kind.
 */
final class SideConfigs {
  private static final String CONFIG = "quantization_config";
  private static final String METHOD = "quant_method";

  /**
   * A file that may be there.
   *
   * @param name of the file
   * @param method that it speaks of, unless it says another one
   * @param part what the names of tensors end with
   */
  private record Side(String name, String method, String part) {}

  private static final List<Side> SIDES =
      List.of(
          new Side("quantize_config.json", "gptq", ".qweight"),
          new Side("quant_config.json", "awq", ".qweight"),
          new Side("quantization_config.json", "auto-round", ".qweight"),
          new Side("hf_quant_config.json", "modelopt", ".weight_scale"));

  private SideConfigs() {}

  /** The configuration, with what a file beside it says if it has nothing of the kind itself. */
  static JsonValue.Obj completed(Path directory, JsonValue.Obj config, Set<String> tensors)
      throws IOException {
    for (String member : List.of(CONFIG, "compression_config", "quantization")) {
      if (config.get(member).isPresent()) {
        return config;
      }
    }
    for (Side side : SIDES) {
      Path file = directory.resolve(side.name);
      if (tensors.stream().anyMatch(name -> name.endsWith(side.part)) && Files.exists(file)) {
        return with(config, InputFiles.readObject(file, "how the weights are quantized"), side);
      }
    }
    return config;
  }

  private static JsonValue.Obj with(JsonValue.Obj config, JsonValue.Obj said, Side side) {
    SequencedMap<String, JsonValue> quantization = new LinkedHashMap<>(said.members());
    Optional<JsonValue> method = said.get(METHOD);
    quantization.put(METHOD, method.orElse(new JsonValue.Str(side.method)));
    SequencedMap<String, JsonValue> members = new LinkedHashMap<>(config.members());
    members.put(CONFIG, new JsonValue.Obj(quantization));
    return new JsonValue.Obj(members);
  }
}
