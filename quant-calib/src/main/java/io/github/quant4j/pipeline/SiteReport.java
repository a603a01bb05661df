// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.pipeline;

import io.github.quant4j.annotation.Stable;
import io.github.quant4j.json.JsonException;
import io.github.quant4j.json.JsonValue;
import io.github.quant4j.layer.LinearReport;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.OptionalDouble;
import java.util.SequencedMap;

/**
 * How one layer of a model was quantized.
 *
 * @param name the layer
 * @param outFeatures outputs
 * @param inFeatures inputs
 * @param recipe its recipe
 * @param folded what of the transforms was folded into the layers before; empty if nothing
 * @param online what of them runs with the model; empty if nothing
 * @param result errors and sizes
 * @param seconds how long it took, with the searches for its group's transform
 */
@Stable
public record SiteReport(
    String name,
    int outFeatures,
    int inFeatures,
    String recipe,
    String folded,
    String online,
    LinearReport result,
    double seconds) {

  /**
   * The number of weights.
   *
   * @return {@code out in}
   */
  public long weightCount() {
    return (long) outFeatures * inFeatures;
  }

  JsonValue.Obj toJson() {
    SequencedMap<String, Object> members = new LinkedHashMap<>();
    members.put("name", name);
    members.put("shape", List.of(outFeatures, inFeatures));
    members.put("recipe", recipe);
    members.put("folded", folded);
    members.put("online", online);
    members.put("error_of", result.isOutputError() ? "output" : "weights");
    ReportNumbers.put(members, "nearest_error", result.nearestError());
    ReportNumbers.put(members, "error", result.error());
    members.put("pass_errors", result.passErrors().stream().filter(Double::isFinite).toList());
    ReportNumbers.putRatio(members, "weight_sqnr_db", result.weightSqnr());
    result.sampleError().ifPresent(value -> ReportNumbers.put(members, "sample_error", value));
    members.put("sample_held_out", result.isSampleHeldOut());
    ReportNumbers.put(members, "bits_per_weight", result.bitsPerWeight());
    members.put("transform_operations", result.transformOperations());
    members.put("tokens", result.tokens());
    members.put("skipped_tokens", result.skippedTokens());
    members.put("dead_channels", result.deadChannels());
    members.put("notes", result.notes());
    ReportNumbers.put(members, "seconds", seconds);
    return (JsonValue.Obj) JsonValue.of(members);
  }

  static SiteReport fromJson(JsonValue.Obj json) {
    List<JsonValue> shape = json.getArray("shape").orElse(List.of());
    if (shape.size() != 2) {
      throw new JsonException("'shape': expected two sizes");
    }
    List<Double> passErrors = new ArrayList<>();
    for (JsonValue value : json.getArray("pass_errors").orElse(List.of())) {
      passErrors.add(((JsonValue.Num) value).asDouble());
    }
    List<String> notes = new ArrayList<>();
    for (JsonValue value : json.getArray("notes").orElse(List.of())) {
      notes.add(((JsonValue.Str) value).value());
    }
    OptionalDouble sampleError =
        json.getDouble("sample_error").map(OptionalDouble::of).orElse(OptionalDouble.empty());
    LinearReport result =
        new LinearReport(
            json.getString("error_of").orElse("").equals("output"),
            json.getDouble("nearest_error").orElse(Double.NaN),
            json.getDouble("error").orElse(Double.NaN),
            passErrors,
            ReportNumbers.ratio(json, "weight_sqnr_db"),
            sampleError,
            json.getBoolean("sample_held_out").orElse(false),
            json.getDouble("bits_per_weight").orElse(0.0),
            whole(json, "transform_operations"),
            whole(json, "tokens"),
            whole(json, "skipped_tokens"),
            json.getInt("dead_channels").orElse(0),
            notes);
    return new SiteReport(
        json.getString("name").orElse(""),
        (int) ((JsonValue.Num) shape.getFirst()).asLong(),
        (int) ((JsonValue.Num) shape.getLast()).asLong(),
        json.getString("recipe").orElse(""),
        json.getString("folded").orElse(""),
        json.getString("online").orElse(""),
        result,
        json.getDouble("seconds").orElse(0.0));
  }

  private static long whole(JsonValue.Obj json, String name) {
    return json.get(name).map(value -> ((JsonValue.Num) value).asLong()).orElse(0L);
  }
}
