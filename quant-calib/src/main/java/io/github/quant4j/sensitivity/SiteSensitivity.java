// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.sensitivity;

import io.github.quant4j.json.JsonValue;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;

/**
 * What the candidates do to one layer.
 *
 * @param name the layer
 * @param group what it reads, with the name of its block; layers of one group read the same
 * @param outFeatures outputs
 * @param inFeatures inputs
 * @param trace {@code tr(H)} of the mean second moment of its input
 * @param outputPower {@code tr(W H W^T)}, the energy of its output by token
 * @param candidates one for each recipe that suits the layer
 */
public record SiteSensitivity(
    String name,
    String group,
    int outFeatures,
    int inFeatures,
    double trace,
    double outputPower,
    List<CandidateSensitivity> candidates) {

  /** Copies the list. */
  public SiteSensitivity {
    candidates = List.copyOf(candidates);
  }

  /**
   * The number of weights.
   *
   * @return {@code out in}
   */
  public long weightCount() {
    return (long) outFeatures * inFeatures;
  }

  /**
   * What a recipe does to the layer.
   *
   * @param recipe its canonical text
   * @return empty if it is not among the candidates
   */
  public Optional<CandidateSensitivity> candidate(String recipe) {
    return candidates.stream().filter(one -> one.recipe().equals(recipe)).findFirst();
  }

  JsonValue toJson() {
    SequencedMap<String, Object> members = new LinkedHashMap<>();
    members.put("name", name);
    members.put("group", group);
    members.put("shape", List.of(outFeatures, inFeatures));
    members.put("trace", trace);
    members.put("output_power", outputPower);
    members.put("candidates", candidates.stream().map(CandidateSensitivity::toJson).toList());
    return JsonValue.of(members);
  }

  static SiteSensitivity fromJson(JsonValue value) {
    JsonValue.Obj json = SensitivityTable.object(value);
    List<JsonValue> shape = SensitivityTable.array(json, "shape");
    if (shape.size() != 2
        || !(shape.getFirst() instanceof JsonValue.Num out)
        || !(shape.getLast() instanceof JsonValue.Num in)) {
      throw new io.github.quant4j.json.JsonException("'shape': expected two sizes");
    }
    return new SiteSensitivity(
        SensitivityTable.text(json, "name"),
        SensitivityTable.text(json, "group"),
        Math.toIntExact(out.asLong()),
        Math.toIntExact(in.asLong()),
        SensitivityTable.number(json, "trace"),
        SensitivityTable.number(json, "output_power"),
        SensitivityTable.array(json, "candidates").stream()
            .map(CandidateSensitivity::fromJson)
            .toList());
  }
}
