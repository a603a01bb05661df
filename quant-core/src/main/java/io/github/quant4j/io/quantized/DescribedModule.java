// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.quantized;

import io.github.quant4j.io.quantized.module.ModuleTensors;
import io.github.quant4j.json.JsonValue;
import io.github.quant4j.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SequencedMap;

/** Access to the tensors of a module that a description names. */
record DescribedModule(ModuleTensors tensors) {

  /** The tensors of a description by their roles. */
  SequencedMap<String, Tensor> parts(JsonValue.Obj description) {
    SequencedMap<String, Tensor> parts = new LinkedHashMap<>();
    description
        .getObject("tensors")
        .ifPresent(
            names -> {
              for (String role : names.members().keySet()) {
                parts.put(role, tensors.require(text(names, role)));
              }
            });
    return parts;
  }

  Tensor part(Map<String, Tensor> parts, String role) {
    Tensor part = parts.get(role);
    if (part == null) {
      throw new IllegalArgumentException(
          "the tensor '" + role + "' is missing in the description, found " + parts.keySet());
    }
    return part;
  }

  String text(JsonValue.Obj description, String member) {
    return description
        .getString(member)
        .orElseThrow(() -> new IllegalArgumentException("'" + member + "' is missing"));
  }

  int number(JsonValue.Obj description, String member) {
    return description
        .getInt(member)
        .orElseThrow(() -> new IllegalArgumentException("'" + member + "' is missing"));
  }
}
