// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.checkpoint;

import io.github.quant4j.checkpoint.gguf.GgufMixture;
import io.github.quant4j.checkpoint.gguf.GgufPreset;
import io.github.quant4j.checkpoint.gguf.GgufTypes;
import io.github.quant4j.io.gguf.GgufTensorType;
import io.github.quant4j.json.JsonValue;
import io.github.quant4j.model.gguf.GgufLayout;
import io.github.quant4j.model.gguf.StoredTensor;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What the matrices of a model become in a GGUF file, known before the model is quantized, so that
 * each layer can be quantized to what its tensor is stored as.
 */
public final class GgufLayerTypes {
  private static final String WORD = "gguf:";

  private final GgufPreset preset;
  private final Map<String, GgufTensorType> types;
  private final Set<String> mixed;

  private GgufLayerTypes(GgufPreset preset, Map<String, GgufTensorType> types, Set<String> mixed) {
    this.preset = preset;
    this.types = types;
    this.mixed = mixed;
  }

  /**
   * Asks the rules of a preset for all tensors.
   *
   * @param format a form of {@link ModelExports}, for example {@code gguf:Q4_K_M}
   * @param config the contents of the model's config.json
   * @param subject what messages call the model
   * @param importance whether an importance matrix is given when the file is written
   * @return the types, or empty if the form is not GGUF
   * @throws IllegalArgumentException if there is no such type, or GGUF has no place for the model
   */
  public static Optional<GgufLayerTypes> of(
      String format, JsonValue.Obj config, String subject, boolean importance) {
    String name = ModelExports.named(format).name();
    if (!name.startsWith(WORD)) {
      return Optional.empty();
    }
    GgufTypes wanted = GgufTypes.parse(name.substring(WORD.length()));
    GgufLayout layout = GgufLayout.of(config, subject);
    GgufMixture mixture = GgufMixture.of(wanted, layout, importance);
    Map<String, GgufTensorType> types = new HashMap<>();
    Set<String> mixed = new HashSet<>();
    for (StoredTensor tensor : layout.tensors()) {
      GgufTensorType type = mixture.of(tensor);
      for (StoredTensor.Matrix matrix : tensor.matrices()) {
        for (StoredTensor.Rows rows : matrix.rows()) {
          GgufTensorType other = types.putIfAbsent(rows.source(), type);
          if (rows.transposed() || rows.added() != 0 || (other != null && other != type)) {
            mixed.add(rows.source());
          }
        }
      }
    }
    return Optional.of(new GgufLayerTypes(wanted.preset(), types, mixed));
  }

  /**
   * What most matrices are stored as.
   *
   * @return the preset's own type
   */
  public GgufTensorType usual() {
    return preset.type();
  }

  /**
   * What a matrix is stored as.
   *
   * @param weight its name in the model
   * @return the type; empty if it is not stored, in several types, or with its rows made columns,
   *     so that blocks of it would not be those of the file
   */
  public Optional<GgufTensorType> of(String weight) {
    return mixed.contains(weight) ? Optional.empty() : Optional.ofNullable(types.get(weight));
  }
}
