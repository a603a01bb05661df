// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.checkpoint;

import io.github.quant4j.json.JsonValue;
import io.github.quant4j.model.gguf.GgufLayout;
import io.github.quant4j.model.gguf.StoredTensor;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Which tensors of a GGUF file the matrices of a model are in. */
public final class GgufPlaces {
  private final Map<String, Place> places;

  private GgufPlaces(Map<String, Place> places) {
    this.places = places;
  }

  /**
   * Where a matrix is.
   *
   * @param tensor the name in the file
   * @param index which matrix of a stack, otherwise 0
   * @param matrices how many the tensor has
   */
  public record Place(String tensor, int index, int matrices) {}

  /**
   * Lays a model out.
   *
   * @param config the contents of its config.json
   * @param subject what messages call it
   * @return the places of its matrices
   * @throws IllegalArgumentException if GGUF has no place for the model
   */
  public static GgufPlaces of(JsonValue.Obj config, String subject) {
    Map<String, Place> places = new HashMap<>();
    for (StoredTensor tensor : GgufLayout.of(config, subject).tensors()) {
      List<StoredTensor.Matrix> matrices = tensor.matrices();
      for (int i = 0; i < matrices.size() && !tensor.isTransposed(); i++) {
        for (StoredTensor.Rows rows : matrices.get(i).rows()) {
          places.putIfAbsent(rows.source(), new Place(tensor.name(), i, matrices.size()));
        }
      }
    }
    return new GgufPlaces(places);
  }

  /**
   * The place of a matrix.
   *
   * @param weight its name in the model
   * @return its place; empty if the file has it not, or only with its rows made columns
   */
  public Optional<Place> of(String weight) {
    return Optional.ofNullable(places.get(weight));
  }
}
