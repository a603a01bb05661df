// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.family;

import io.github.quant4j.io.FileChecksums;
import io.github.quant4j.io.ModelDirectory;
import io.github.quant4j.io.quantized.Companion;
import io.github.quant4j.io.quantized.ModelSource;
import io.github.quant4j.json.JsonException;
import io.github.quant4j.json.JsonParser;
import io.github.quant4j.model.config.InvalidModelException;
import io.github.quant4j.model.decoder.DecoderConfiguration;
import io.github.quant4j.model.runtime.ConfigurationValues;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** The files of a model directory that say how the model is made and used. */
public final class ModelFiles {
  private static final String GENERATION = "generation_config.json";
  private static final int MOST_BYTES = 1 << 20;

  private ModelFiles() {}

  /** What the configuration of a model is called in messages. */
  public static String configName(ModelSource model) {
    Path path = model.path();
    return (Files.isDirectory(path) ? path.resolve(ModelDirectory.CONFIG) : path).toString();
  }

  /** The configuration, with the end tokens that the model's authors want for generation. */
  public static DecoderConfigurationReader.Reading configuration(ModelSource model)
      throws IOException {
    DecoderConfigurationReader.Reading reading =
        DecoderConfigurationReader.read(
            model.config(),
            configName(model),
            Families.of(model.path()),
            name -> model.names().contains(name));
    Optional<Companion> generation = model.companion(GENERATION);
    if (generation.isEmpty()) {
      return reading;
    }
    DecoderConfiguration configuration = reading.configuration();
    List<Integer> endTokens =
        endTokens(
            generation.get(), model.path().resolve(GENERATION), configuration.vocabularySize());
    return endTokens.isEmpty()
        ? reading
        : new DecoderConfigurationReader.Reading(
            configuration.withEndTokens(endTokens), reading.warnings());
  }

  /** Some warnings, and one for each file beside the weights that is not what was written. */
  public static List<String> warnings(Path directory, List<String> others) throws IOException {
    return Stream.concat(FileChecksums.problems(directory).stream(), others.stream()).toList();
  }

  private static List<Integer> endTokens(Companion companion, Path file, int vocabulary)
      throws IOException {
    if (companion.byteSize() > MOST_BYTES) {
      throw new InvalidModelException(
          file.toString(),
          List.of(companion.byteSize() + " bytes, expected at most " + MOST_BYTES));
    }
    try {
      ConfigurationValues values =
          new ConfigurationValues(JsonParser.parseObject(companion.content()));
      List<Integer> tokens = values.tokens("eos_token_id", vocabulary);
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
