// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.tensor;

import io.github.quant4j.json.JsonValue;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SequencedMap;

/**
 * The stored form of something that is neither a plain tensor nor plain text: a JSON description
 * and the tensors that it speaks of.
 *
 * @param description what it is; a member {@code "kind"} says which class reads it
 * @param tensors by name, in the order in which they are written
 */
public record DescribedTensors(JsonValue.Obj description, SequencedMap<String, Tensor> tensors) {

  /** Copies the map. */
  public DescribedTensors {
    tensors = Collections.unmodifiableSequencedMap(new LinkedHashMap<>(tensors));
  }

  /**
   * The tensors whose names start with a prefix, without it.
   *
   * @param all tensors by name
   * @param prefix the prefix
   * @return those that have it
   */
  public static SequencedMap<String, Tensor> withPrefix(Map<String, Tensor> all, String prefix) {
    SequencedMap<String, Tensor> result = new LinkedHashMap<>();
    all.forEach(
        (name, tensor) -> {
          if (name.startsWith(prefix)) {
            result.put(name.substring(prefix.length()), tensor);
          }
        });
    return result;
  }

  /**
   * The size of the tensors.
   *
   * @return bits
   */
  public long storageBits() {
    return tensors.values().stream().mapToLong(tensor -> tensor.byteSize() * 8).sum();
  }
}
