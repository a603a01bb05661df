// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.family;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.json.JsonParser;
import io.github.quant4j.json.JsonValue;
import io.github.quant4j.model.runtime.ConfigurationValues;
import io.github.quant4j.model.runtime.Rotary;
import io.github.quant4j.model.runtime.RotaryTable;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** All spellings against the numbers that the Transformers library gives for them. */
class RotaryReferenceTest {

  /** Steps of binary32 by which two libraries' powers and quotients may differ. */
  private static final int MOST_STEPS = 2;

  static Stream<Arguments> spellings() throws IOException {
    try (InputStream in = RotaryReferenceTest.class.getResourceAsStream("/rotary/reference.json")) {
      assertNotNull(in, "reference.json");
      List<Arguments> all = new ArrayList<>();
      for (JsonValue value : ((JsonValue.Arr) JsonParser.parse(in.readAllBytes())).elements()) {
        JsonValue.Obj model = (JsonValue.Obj) value;
        String name = model.getString("name").orElseThrow();
        List<JsonValue> configs = model.getArray("configs").orElseThrow();
        for (int i = 0; i < configs.size(); i++) {
          all.add(Arguments.of(Named.of(name + " " + i, model), configs.get(i)));
        }
      }
      assertEquals(77, all.size());
      return all.stream();
    }
  }

  static Map<String, Rotary> read(JsonValue.Obj model, JsonValue.Obj config) {
    ConfigurationValues values = new ConfigurationValues(config);
    Map<String, Rotary> read =
        RotaryReader.read(
            values, RotaryFamilies.of(config.getString("model_type").orElseThrow()), shape(model));
    assertEquals(List.of(), values.problems());
    return read;
  }

  static RotaryReader.Shape shape(JsonValue.Obj model) {
    JsonValue.Obj config = (JsonValue.Obj) model.getArray("configs").orElseThrow().getFirst();
    return new RotaryReader.Shape(
        model.getInt("headWidth").orElseThrow(),
        config
            .getInt("max_position_embeddings")
            .or(() -> config.getInt("n_positions"))
            .orElseThrow(),
        model.getArray("types").orElseThrow().stream()
            .map(type -> ((JsonValue.Str) type).value())
            .toList());
  }

  @ParameterizedTest
  @MethodSource("spellings")
  void everySpellingGivesTheReferencesNumbers(JsonValue.Obj model, JsonValue.Obj config) {
    Map<String, Rotary> rotaries = read(model, config);
    for (JsonValue value : model.getArray("values").orElseThrow()) {
      JsonValue.Obj wanted = (JsonValue.Obj) value;
      Rotary rotary = rotaries.get(wanted.getString("type").orElseThrow());
      assertNotNull(rotary);
      int length = wanted.getInt("length").orElseThrow();
      float[] frequencies = RotaryTable.inverseFrequencies(rotary, length);
      float[] wantedFrequencies = floats(wanted, "frequencies");
      if (wantedFrequencies.length > 0) {
        assertFrequencies(wantedFrequencies, frequencies, length);
      }
      RotaryTable.Angles angles = new RotaryTable(rotary).upTo(length);
      assertTrue(angles.positions() >= length);
      for (JsonValue row : wanted.getArray("rows").orElseThrow()) {
        assertRow((JsonValue.Obj) row, angles, frequencies, rotary.scaling().attentionFactor());
      }
    }
  }

  private static void assertFrequencies(float[] wanted, float[] found, int length) {
    assertEquals(wanted.length, found.length);
    for (int i = 0; i < wanted.length; i++) {
      assertEquals(
          wanted[i],
          found[i],
          MOST_STEPS * Math.ulp(wanted[i]),
          "frequency " + i + " of a sequence of " + length);
    }
  }

  private static void assertRow(
      JsonValue.Obj row, RotaryTable.Angles angles, float[] frequencies, double factor) {
    int position = row.getInt("position").orElseThrow();
    float[] cosines = floats(row, "cosines");
    float[] sines = floats(row, "sines");
    assertEquals(cosines.length, angles.pairs());
    for (int i = 0; i < cosines.length; i++) {
      double tolerance = factor * (2e-7 + (MOST_STEPS + 1) * Math.ulp(position * frequencies[i]));
      int at = position * angles.pairs() + i;
      String place = "pair " + i + " of position " + position;
      assertEquals(cosines[i], angles.cosines()[at], tolerance, place);
      assertEquals(sines[i], angles.sines()[at], tolerance, place);
    }
  }

  private static float[] floats(JsonValue.Obj object, String name) {
    List<JsonValue> elements = object.getArray(name).orElseThrow();
    float[] values = new float[elements.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = Float.parseFloat(((JsonValue.Num) elements.get(i)).text());
    }
    return values;
  }
}
