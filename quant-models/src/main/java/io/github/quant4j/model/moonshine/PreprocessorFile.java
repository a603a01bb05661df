// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.moonshine;

import io.github.quant4j.json.JsonException;
import io.github.quant4j.json.JsonParser;
import io.github.quant4j.model.config.InvalidModelException;
import io.github.quant4j.model.runtime.ConfigurationValues;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** What a model's preprocessor_config.json says of the samples. */
public final class PreprocessorFile {
  private static final String NAME = "preprocessor_config.json";
  private static final int MOST_BYTES = 1 << 20;
  private static final int SAMPLE_RATE = 16_000;

  private PreprocessorFile() {}

  /**
   * Checks that the model hears samples as they are, 16,000 a second.
   *
   * @param directory may hold the file
   * @throws InvalidModelException if it is malformed, or asks for another rate or for samples of
   *     mean 0 and variance 1
   * @throws IOException if reading fails
   */
  public static void requirePlain(Path directory) throws IOException {
    Path path = directory.resolve(NAME);
    if (!Files.isRegularFile(path)) {
      return;
    }
    if (Files.size(path) > MOST_BYTES) {
      throw new InvalidModelException(
          path.toString(), List.of(Files.size(path) + " bytes, expected at most " + MOST_BYTES));
    }
    try {
      ConfigurationValues values =
          new ConfigurationValues(JsonParser.parseObject(Files.readAllBytes(path)));
      if (values.flag("do_normalize", true)) {
        values.problem("do_normalize", "false: samples are not normalized");
      }
      int rate = values.optionalInteger("sampling_rate", 1, 1 << 24).orElse(SAMPLE_RATE);
      if (rate != SAMPLE_RATE) {
        values.problem("sampling_rate", Integer.toString(SAMPLE_RATE));
      }
      if (!values.problems().isEmpty()) {
        throw new InvalidModelException(path.toString(), values.problems());
      }
    } catch (JsonException e) {
      throw new InvalidModelException(
          path.toString(), List.of("not a JSON object: " + e.getMessage()));
    }
  }
}
