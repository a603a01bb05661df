// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.decoder;

import io.github.quant4j.model.family.DecoderConfigurationReader;
import io.github.quant4j.testing.models.TestModels;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** Configurations of the test models. */
public final class Configurations {
  private Configurations() {}

  /** That of a model directory. */
  public static DecoderConfiguration of(Path directory) {
    return parse(TestModels.configuration(directory));
  }

  /** That of a config.json. */
  public static DecoderConfiguration parse(String json) {
    return DecoderConfigurationReader.parse(json.getBytes(StandardCharsets.UTF_8), "config.json")
        .configuration();
  }
}
