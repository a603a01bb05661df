// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.sensitivity;

import io.github.quant4j.json.JsonException;
import io.github.quant4j.json.JsonParser;
import io.github.quant4j.json.JsonValue;
import io.github.quant4j.json.JsonWriter;
import io.github.quant4j.metric.CountingPolicy;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;

/**
 * What each candidate recipe does to each layer of a model. It can be kept as a file and given
 * back.
 *
 * @param measure of the losses
 * @param inputs what they were measured on, in a few words
 * @param baseLoss the model's loss when no layer is changed: 0, unless sensitivities were measured
 *     around a quantized model; losses of candidates are beyond it
 * @param sites the layers in the order in which they run
 * @param pairs interactions of neighbours; empty if they were not asked for
 */
public record SensitivityTable(
    LossMeasure measure,
    String inputs,
    double baseLoss,
    List<SiteSensitivity> sites,
    List<PairInteraction> pairs) {
  /** What counts as bit operations of a layer, and of a plan: layers within blocks. */
  public static final CountingPolicy OPERATIONS = CountingPolicy.LAYERS;

  private static final int VERSION = 1;

  /** Copies the lists. */
  public SensitivityTable {
    sites = List.copyOf(sites);
    pairs = List.copyOf(pairs);
  }

  /**
   * The number of weights of all layers.
   *
   * @return their sum
   */
  public long weightCount() {
    return sites.stream().mapToLong(SiteSensitivity::weightCount).sum();
  }

  /**
   * The table as a file.
   *
   * @return JSON
   */
  public String toJson() {
    SequencedMap<String, Object> members = new LinkedHashMap<>();
    members.put("version", VERSION);
    members.put("measure", measure.label());
    members.put("inputs", inputs);
    members.put("base_loss", baseLoss);
    members.put("counted", "bit operations of " + OPERATIONS);
    members.put("sites", sites.stream().map(SiteSensitivity::toJson).toList());
    members.put("pairs", pairs.stream().map(PairInteraction::toJson).toList());
    return JsonWriter.pretty(JsonValue.of(members));
  }

  /**
   * Reads a table.
   *
   * @param json what {@link #toJson} has written
   * @return the table
   * @throws JsonException if it is malformed, or a number is missing or not finite
   */
  public static SensitivityTable parse(String json) {
    JsonValue.Obj object = object(JsonParser.parse(json));
    if (whole(object, "version") != VERSION) {
      throw new JsonException("'version': expected " + VERSION);
    }
    String label = text(object, "measure");
    LossMeasure measure =
        Arrays.stream(LossMeasure.values())
            .filter(one -> one.label().equals(label))
            .findFirst()
            .orElseThrow(
                () -> new JsonException("'measure': '" + label + "', expected kl or noise"));
    return new SensitivityTable(
        measure,
        text(object, "inputs"),
        number(object, "base_loss"),
        array(object, "sites").stream().map(SiteSensitivity::fromJson).toList(),
        array(object, "pairs").stream().map(PairInteraction::fromJson).toList());
  }

  static JsonValue.Obj object(JsonValue value) {
    if (value instanceof JsonValue.Obj object) {
      return object;
    }
    throw new JsonException("expected an object, found " + value.kind());
  }

  static String text(JsonValue.Obj json, String name) {
    return json.getString(name).orElseThrow(() -> missing(name));
  }

  static double number(JsonValue.Obj json, String name) {
    return json.getDouble(name).orElseThrow(() -> missing(name));
  }

  static long whole(JsonValue.Obj json, String name) {
    JsonValue value = json.get(name).orElseThrow(() -> missing(name));
    if (value instanceof JsonValue.Num number) {
      return number.asLong();
    }
    throw new JsonException("'" + name + "': expected a whole number, found " + value.kind());
  }

  static List<JsonValue> array(JsonValue.Obj json, String name) {
    return json.getArray(name).orElseThrow(() -> missing(name));
  }

  private static JsonException missing(String name) {
    return new JsonException("'" + name + "': missing");
  }
}
