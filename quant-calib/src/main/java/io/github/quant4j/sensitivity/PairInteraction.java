// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.sensitivity;

import io.github.quant4j.json.JsonValue;
import java.util.LinkedHashMap;
import java.util.SequencedMap;

/**
 * What two neighbouring layers lose together beyond what each loses alone ("Augmenting Hessians
 * with Inter-Layer Dependencies", Schaefer et al., arXiv:2306.04879).
 *
 * @param first the layer that runs first
 * @param second the one after it
 * @param recipe that both have
 * @param loss {@code L(first, second) - L(first) - L(second)}
 */
public record PairInteraction(String first, String second, String recipe, double loss) {

  JsonValue toJson() {
    SequencedMap<String, Object> members = new LinkedHashMap<>();
    members.put("first", first);
    members.put("second", second);
    members.put("recipe", recipe);
    members.put("loss", loss);
    return JsonValue.of(members);
  }

  static PairInteraction fromJson(JsonValue value) {
    JsonValue.Obj json = SensitivityTable.object(value);
    return new PairInteraction(
        SensitivityTable.text(json, "first"),
        SensitivityTable.text(json, "second"),
        SensitivityTable.text(json, "recipe"),
        SensitivityTable.number(json, "loss"));
  }
}
