// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.sensitivity;

import io.github.quant4j.json.JsonException;
import io.github.quant4j.json.JsonValue;
import java.util.LinkedHashMap;
import java.util.OptionalDouble;
import java.util.SequencedMap;

/**
 * What one recipe does to one layer, and to the model whose other layers are as they were.
 *
 * @param recipe its canonical text
 * @param bits the size of the layer, with scales and all, as {@link
 *     io.github.quant4j.recipe.Recipe#storageBits} says it
 * @param bitOperations of one token in the layer
 * @param outputError error of the layer's output by token, {@code tr(E H E^T)} with the mean second
 *     moment {@code H} of its input; measured on a sample where activations are quantized
 * @param weightError {@code |E|^2}
 * @param loss of the whole model with this layer alone quantized, in the unit of the {@link
 *     SensitivityTable#measure()}; empty if it was not measured
 */
public record CandidateSensitivity(
    String recipe,
    long bits,
    double bitOperations,
    double outputError,
    double weightError,
    OptionalDouble loss) {

  /**
   * Checks the numbers.
   *
   * @throws IllegalArgumentException if one is not finite, or a size is not positive
   */
  public CandidateSensitivity {
    boolean isSound =
        bits > 0
            && Double.isFinite(bitOperations)
            && Double.isFinite(outputError)
            && Double.isFinite(weightError)
            && Double.isFinite(loss.orElse(0));
    if (!isSound) {
      throw new IllegalArgumentException(
          "recipe '"
              + recipe
              + "': "
              + bits
              + " bits, errors "
              + outputError
              + " and "
              + weightError
              + ", expected a positive size and finite numbers");
    }
  }

  JsonValue toJson() {
    SequencedMap<String, Object> members = new LinkedHashMap<>();
    members.put("recipe", recipe);
    members.put("bits", bits);
    members.put("bit_operations", bitOperations);
    members.put("output_error", outputError);
    members.put("weight_error", weightError);
    loss.ifPresent(value -> members.put("loss", value));
    return JsonValue.of(members);
  }

  static CandidateSensitivity fromJson(JsonValue value) {
    JsonValue.Obj json = SensitivityTable.object(value);
    try {
      return new CandidateSensitivity(
          SensitivityTable.text(json, "recipe"),
          SensitivityTable.whole(json, "bits"),
          SensitivityTable.number(json, "bit_operations"),
          SensitivityTable.number(json, "output_error"),
          SensitivityTable.number(json, "weight_error"),
          json.getDouble("loss").map(OptionalDouble::of).orElse(OptionalDouble.empty()));
    } catch (IllegalArgumentException e) {
      throw new JsonException(String.valueOf(e.getMessage()), e);
    }
  }
}
