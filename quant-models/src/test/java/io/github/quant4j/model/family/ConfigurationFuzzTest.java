// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.family;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.json.JsonParser;
import io.github.quant4j.json.JsonValue;
import io.github.quant4j.json.JsonWriter;
import io.github.quant4j.model.config.InvalidModelException;
import io.github.quant4j.model.decoder.DecoderConfiguration;
import io.github.quant4j.testing.SeededRandom;
import io.github.quant4j.testing.models.TestModels;
import java.io.IOException;
import java.nio.file.Files;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whatever a configuration holds, the answer is a model's shape or an InvalidModelException. */
class ConfigurationFuzzTest {
  private static final List<JsonValue> REPLACEMENTS =
      List.of(
          new JsonValue.Null(),
          new JsonValue.Bool(true),
          new JsonValue.Num("-1"),
          new JsonValue.Num("0"),
          new JsonValue.Num("1e300"),
          new JsonValue.Num("1e999"),
          new JsonValue.Num("2147483647"),
          new JsonValue.Num("99999999999999999999"),
          new JsonValue.Str(""),
          new JsonValue.Arr(List.of()),
          new JsonValue.Arr(List.of(new JsonValue.Null())),
          JsonValue.of(Map.of("rope_type", "llama3")));

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void damagedConfigurationsAreRefusedOrRead(long seed) throws IOException {
    SeededRandom random = new SeededRandom(seed);
    int read = 0;
    for (int round = 0; round < 300; round++) {
      String name = TestModels.names().get(random.nextInt(0, TestModels.names().size()));
      byte[] json = Files.readAllBytes(TestModels.directory(name).resolve("config.json"));
      SequencedMap<String, JsonValue> members =
          new LinkedHashMap<>(JsonParser.parseObject(json).members());
      List<String> keys = List.copyOf(members.keySet());
      for (int i = random.nextInt(1, 3); i > 0; i--) {
        members.put(
            keys.get(random.nextInt(0, keys.size())),
            REPLACEMENTS.get(random.nextInt(0, REPLACEMENTS.size())));
      }
      JsonValue.Obj damaged = new JsonValue.Obj(members);
      try {
        DecoderConfiguration configuration = ChangedConfigurations.read(damaged).configuration();
        assertEquals(configuration.layers(), configuration.layerShapes().size());
        read++;
      } catch (InvalidModelException e) {
        assertFalse(e.problems().isEmpty());
        assertEquals(e.problems().stream().distinct().toList(), e.problems());
      } catch (RuntimeException | AssertionError e) {
        throw new AssertionError(random + ": " + JsonWriter.compact(damaged), e);
      }
    }
    assertTrue(read > 0 && read < 300, random + ": " + read + " of 300 were read");
  }
}
