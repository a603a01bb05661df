// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.llama;

import io.github.quant4j.io.ModelDirectory;
import io.github.quant4j.json.JsonException;
import io.github.quant4j.json.JsonParser;
import io.github.quant4j.model.config.InvalidModelException;
import io.github.quant4j.model.runtime.ConfigurationValues;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** The files of a model directory that say how the model is made and used. */
public final class ModelFiles {
  private static final String GENERATION = "generation_config.json";
  private static final int MOST_BYTES = 1 << 20;

  private ModelFiles() {}

  /** The configuration, with the end tokens that the model's authors want for generation. */
  public static LlamaConfiguration configuration(ModelDirectory directory) throws IOException {
    LlamaConfiguration configuration =
        LlamaConfigurationReader.read(
            directory.config(), directory.path().resolve(ModelDirectory.CONFIG).toString());
    Path generation = directory.path().resolve(GENERATION);
    if (!Files.isRegularFile(generation)) {
      return configuration;
    }
    List<Integer> endTokens = endTokens(generation, configuration.vocabularySize());
    return endTokens.isEmpty() ? configuration : configuration.withEndTokens(endTokens);
  }

  private static List<Integer> endTokens(Path file, int vocabulary) throws IOException {
    if (Files.size(file) > MOST_BYTES) {
      throw new InvalidModelException(
          file.toString(), List.of(Files.size(file) + " bytes, expected at most " + MOST_BYTES));
    }
    try {
      ConfigurationValues values =
          new ConfigurationValues(JsonParser.parseObject(Files.readAllBytes(file)));
      List<Integer> tokens = values.oneOrMore("eos_token_id", 0, vocabulary - 1);
      if (!values.problems().isEmpty()) {
        throw new InvalidModelException(file.toString(), values.problems());
      }
      return tokens;
    } catch (JsonException e) {
      throw new InvalidModelException(
          file.toString(), List.of("not a JSON object: " + e.getMessage()));
    }
  }
}
