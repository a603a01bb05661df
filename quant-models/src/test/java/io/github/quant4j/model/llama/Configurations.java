// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.llama;

import io.github.quant4j.testing.models.TestModels;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** Configurations of the test models. */
public final class Configurations {
  private Configurations() {}

  /** That of a model directory. */
  public static LlamaConfiguration of(Path directory) {
    return LlamaConfiguration.parse(
        TestModels.configuration(directory).getBytes(StandardCharsets.UTF_8), "config.json");
  }
}
