// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.text.gguf;

import static org.junit.jupiter.api.Assertions.assertNotNull;

import io.github.quant4j.io.gguf.GgufMetadata;
import io.github.quant4j.json.JsonParser;
import io.github.quant4j.json.JsonValue;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;

/** What llama.cpp gave, kept in files. */
final class Vectors {
  private Vectors() {}

  static JsonValue.Obj file(String name) {
    try (InputStream in = Vectors.class.getResourceAsStream(name + ".json")) {
      assertNotNull(in, name);
      return JsonParser.parseObject(in.readAllBytes());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The metadata that a file states. */
  static GgufMetadata metadata(JsonValue.Obj file) {
    GgufMetadata.Builder metadata = GgufMetadata.builder();
    file.getObject("metadata")
        .orElseThrow()
        .members()
        .forEach(
            (key, value) -> {
              switch (value) {
                case JsonValue.Str text -> metadata.putString(key, text.value());
                case JsonValue.Bool flag -> metadata.putBoolean(key, flag.value());
                case JsonValue.Num number -> metadata.putUnsigned(key, number.asLong());
                case JsonValue.Arr array when key.equals(Keys.SCORES) ->
                    metadata.putFloats(key, floats(array.elements()));
                case JsonValue.Arr array when key.equals(Keys.TOKEN_TYPE) ->
                    metadata.putInts(key, ints(array.elements()));
                case JsonValue.Arr array -> metadata.putStrings(key, strings(array.elements()));
                default -> throw new IllegalArgumentException(key);
              }
            });
    return metadata.build();
  }

  static List<String> strings(List<JsonValue> values) {
    return values.stream().map(value -> ((JsonValue.Str) value).value()).toList();
  }

  static int[] ints(List<JsonValue> values) {
    return values.stream().mapToInt(value -> (int) ((JsonValue.Num) value).asLong()).toArray();
  }

  private static float[] floats(List<JsonValue> values) {
    float[] floats = new float[values.size()];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = (float) ((JsonValue.Num) values.get(i)).asDouble();
    }
    return floats;
  }
}
