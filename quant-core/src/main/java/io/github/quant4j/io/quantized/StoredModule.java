// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.quantized;

import io.github.quant4j.io.quantized.module.ModuleTensors;
import io.github.quant4j.json.JsonValue;
import io.github.quant4j.linear.QuantizedLinear;
import io.github.quant4j.linear.WeightTerm;
import io.github.quant4j.tensor.DescribedTensors;
import io.github.quant4j.tensor.Tensor;
import io.github.quant4j.transform.StoredTransforms;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;

/**
 * A linear layer in its stored form, without its bias.
 *
 * @param tensors by the part of their name after the module's
 * @param layout the description in our own schema, without the shape, so that layers that differ in
 *     their shape alone share it
 * @param group the description in the schema of compressed-tensors, if that can say it
 */
record StoredModule(
    SequencedMap<String, Tensor> tensors, JsonValue.Obj layout, Optional<ConfigGroup> group) {

  static final String TERMS = "terms";
  static final String ACTIVATIONS = "activations";
  static final String TRANSFORM = "transform";

  /**
   * Makes the stored form.
   *
   * @throws IllegalArgumentException if a term has none
   */
  static StoredModule of(QuantizedLinear linear) {
    SequencedMap<String, Tensor> tensors = new LinkedHashMap<>();
    SequencedMap<String, Object> layout = new LinkedHashMap<>();
    Optional<ConfigGroup> group = CompressedTensorsScheme.of(linear);
    List<JsonValue> terms = new ArrayList<>();
    for (WeightTerm term : linear.terms()) {
      String prefix = terms.isEmpty() ? "weight" : "weight_" + terms.size();
      terms.add(
          TermStore.write(
              term, group.map(ConfigGroup::format), new TensorCollector(tensors, prefix)));
    }
    layout.put(TERMS, terms);
    linear
        .activations()
        .ifPresent(
            quantizer ->
                layout.put(
                    ACTIVATIONS,
                    ActivationStore.write(
                        quantizer, new TensorCollector(tensors, ActivationStore.PREFIX))));
    linear
        .transform()
        .ifPresent(
            transform -> layout.put(TRANSFORM, write(StoredTransforms.write(transform), tensors)));
    return new StoredModule(tensors, (JsonValue.Obj) JsonValue.of(layout), group);
  }

  private static JsonValue write(DescribedTensors transform, SequencedMap<String, Tensor> tensors) {
    TensorCollector out = new TensorCollector(tensors, TRANSFORM);
    transform
        .tensors()
        .forEach((name, tensor) -> out.add(name, "_" + name.replace('.', '_'), tensor));
    SequencedMap<String, JsonValue> members =
        new LinkedHashMap<>(transform.description().members());
    members.put("tensors", JsonValue.of(out.names()));
    return new JsonValue.Obj(members);
  }

  /**
   * Reads what {@link #of} described.
   *
   * @throws IllegalArgumentException if something is missing or does not go together
   */
  static QuantizedLinear read(
      JsonValue.Obj layout, int rows, int columns, ModuleTensors moduleTensors) {
    DescribedModule module = new DescribedModule(moduleTensors);
    List<WeightTerm> terms = new ArrayList<>();
    for (JsonValue term : layout.getArray(TERMS).orElse(List.of())) {
      if (!(term instanceof JsonValue.Obj description)) {
        throw new IllegalArgumentException("'terms': expected objects, found " + term.kind());
      }
      terms.add(TermStore.read(description, rows, columns, module));
    }
    QuantizedLinear linear = QuantizedLinear.of(terms);
    Optional<JsonValue.Obj> activations = layout.getObject(ACTIVATIONS);
    if (activations.isPresent()) {
      linear = linear.withActivations(ActivationStore.read(activations.get(), module));
    }
    Optional<JsonValue.Obj> transform = layout.getObject(TRANSFORM);
    if (transform.isPresent()) {
      requireSize(transform.get(), columns);
      linear =
          linear.withTransform(
              StoredTransforms.read(transform.get(), module.parts(transform.get())));
    }
    return linear;
  }

  /** Checked beforehand, as the size decides how much memory the transform takes. */
  private static void requireSize(JsonValue.Obj transform, int columns) {
    int size = transform.getInt("size").orElse(0);
    if (size != columns) {
      throw new IllegalArgumentException(
          "transform: size " + size + ", expected " + columns + " inputs");
    }
    for (JsonValue step : transform.getArray("steps").orElse(List.of())) {
      if (step instanceof JsonValue.Obj description) {
        requireSize(description, columns);
      }
    }
  }
}
