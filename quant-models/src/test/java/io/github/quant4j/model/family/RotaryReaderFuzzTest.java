// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.family;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.json.JsonValue;
import io.github.quant4j.json.JsonWriter;
import io.github.quant4j.model.runtime.ConfigurationValues;
import io.github.quant4j.model.runtime.Rotary;
import io.github.quant4j.model.runtime.RotaryTable;
import io.github.quant4j.testing.SeededRandom;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.ValueSource;

/** The reader over configurations of which any member may have become anything. */
class RotaryReaderFuzzTest {
  private static final List<JsonValue> REPLACEMENTS =
      List.of(
          new JsonValue.Null(),
          new JsonValue.Bool(true),
          new JsonValue.Num("-1"),
          new JsonValue.Num("0"),
          new JsonValue.Num("0.5"),
          new JsonValue.Num("1"),
          new JsonValue.Num("3"),
          new JsonValue.Num("1e-300"),
          new JsonValue.Num("1e300"),
          new JsonValue.Num("1e999"),
          new JsonValue.Num("2147483647"),
          new JsonValue.Str(""),
          new JsonValue.Str("yarn"),
          new JsonValue.Str("dynamic"),
          new JsonValue.Str("longrope"),
          new JsonValue.Arr(List.of()),
          new JsonValue.Arr(List.of(new JsonValue.Num("1"), new JsonValue.Num("2"))),
          JsonValue.of(Map.of("rope_type", "llama3")));

  /** A random member, at any depth, is replaced by something else. */
  private static JsonValue.Obj damaged(JsonValue.Obj object, SeededRandom random) {
    SequencedMap<String, JsonValue> members = new LinkedHashMap<>(object.members());
    List<String> keys = List.copyOf(members.keySet());
    if (keys.isEmpty()) {
      return object;
    }
    String key = keys.get(random.nextInt(0, keys.size()));
    if (members.get(key) instanceof JsonValue.Obj inner && random.nextInt(0, 5) > 0) {
      members.put(key, damaged(inner, random));
    } else {
      members.put(key, REPLACEMENTS.get(random.nextInt(0, REPLACEMENTS.size())));
    }
    return new JsonValue.Obj(members);
  }

  /** Whatever a file holds, the answer is an embedding for each type of layer, or problems. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4})
  void damagedConfigurationsAreRefusedOrRead(long seed) throws IOException {
    SeededRandom random = new SeededRandom(seed);
    List<Arguments> all = RotaryReferenceTest.spellings().toList();
    int read = 0;
    for (int round = 0; round < 1000; round++) {
      Object[] picked = all.get(random.nextInt(0, all.size())).get();
      JsonValue.Obj model = (JsonValue.Obj) ((Named<?>) picked[0]).getPayload();
      JsonValue.Obj config = (JsonValue.Obj) picked[1];
      String family = config.getString("model_type").orElseThrow();
      for (int i = random.nextInt(1, 4); i > 0; i--) {
        config = damaged(config, random);
      }
      ConfigurationValues values = new ConfigurationValues(config);
      RotaryReader.Shape shape = RotaryReferenceTest.shape(model);
      try {
        SequencedMap<String, Rotary> found =
            RotaryReader.read(values, RotaryFamilies.of(family), shape);
        assertEquals(shape.layerTypes(), List.copyOf(found.keySet()));
        for (Rotary rotary : found.values()) {
          RotaryTable.Angles angles = new RotaryTable(rotary).upTo(200);
          for (int i = 0; i < 200 * angles.pairs(); i++) {
            assertTrue(Float.isFinite(angles.cosines()[i]) && Float.isFinite(angles.sines()[i]));
          }
        }
        read += values.problems().isEmpty() ? 1 : 0;
      } catch (RuntimeException | AssertionError e) {
        throw new AssertionError(random + ": " + JsonWriter.compact(config), e);
      }
    }
    assertTrue(read > 0 && read < 1000, random + ": " + read + " of 1000 were read");
  }
}
