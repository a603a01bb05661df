// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.llama;

import java.util.Arrays;
import java.util.Optional;
import java.util.stream.Collectors;

/** The decoder architectures of the Llama family that the runtime knows. */
public enum ModelFamily {
  /** Llama 1 to 3, and many others in its form. */
  LLAMA("LlamaForCausalLM", "llama", 2048),
  /** Mistral 7B and its kin, with a sliding window in all layers. */
  MISTRAL("MistralForCausalLM", "mistral", 131_072),
  /** Qwen2 and Qwen2.5: biases on query, key and value. */
  QWEN2("Qwen2ForCausalLM", "qwen2", 32_768),
  /** Qwen3: queries and keys are normalized head by head. */
  QWEN3("Qwen3ForCausalLM", "qwen3", 32_768);

  private static final ModelFamily[] ALL = values();

  private final String architecture;
  private final String modelType;
  private final int defaultMaximumPositions;

  ModelFamily(String architecture, String modelType, int defaultMaximumPositions) {
    this.architecture = architecture;
    this.modelType = modelType;
    this.defaultMaximumPositions = defaultMaximumPositions;
  }

  /**
   * The name in {@code architectures} of config.json.
   *
   * @return for example {@code LlamaForCausalLM}
   */
  public String architecture() {
    return architecture;
  }

  /**
   * The name in {@code model_type} of config.json.
   *
   * @return for example {@code llama}
   */
  public String modelType() {
    return modelType;
  }

  /** What {@code max_position_embeddings} is where a configuration does not say. */
  int defaultMaximumPositions() {
    return defaultMaximumPositions;
  }

  static Optional<ModelFamily> ofArchitecture(String name) {
    return Arrays.stream(ALL).filter(family -> family.architecture.equals(name)).findFirst();
  }

  static Optional<ModelFamily> ofModelType(String name) {
    return Arrays.stream(ALL).filter(family -> family.modelType.equals(name)).findFirst();
  }

  static String architectures() {
    return Arrays.stream(ALL).map(ModelFamily::architecture).collect(Collectors.joining(", "));
  }
}
