// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.testing.models;

import io.github.quant4j.io.SafetensorsFile;
import io.github.quant4j.model.SpeechEncoder;
import io.github.quant4j.model.config.ModelOptions;
import io.github.quant4j.tensor.FloatMatrix;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;

/** The small random encoders of the oracle, see {@code quant-models/src/test/resources/models/README.md}. */
public final class TestEncoders {
  private TestEncoders() {}

  /** All of them. */
  public static List<String> names() {
    return List.of("whisper-prefixed", "whisper-bare");
  }

  /** An open encoder. */
  public static SpeechEncoder open(String name, ModelOptions options) {
    try {
      return SpeechEncoder.open(TestModels.directory(name), options);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * An input with what it should give.
   *
   * @param logMel {@code [frames, mel bins]}
   * @param features {@code [tokens, width]}
   * @param attentionReceived {@code [layers, tokens]}
   */
  public record Expected(FloatMatrix logMel, FloatMatrix features, FloatMatrix attentionReceived) {

    /** Those of an encoder. */
    public static List<Expected> of(String name) {
      try (SafetensorsFile file =
          SafetensorsFile.open(TestModels.directory(name).resolve("expected.safetensors"))) {
        List<Expected> all = new ArrayList<>();
        for (int i = 0; file.find("log_mel." + i).isPresent(); i++) {
          all.add(
              new Expected(
                  file.require("log_mel." + i).toMatrix(),
                  file.require("features." + i).toMatrix(),
                  file.require("attention_received." + i).toMatrix()));
        }
        return all;
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
