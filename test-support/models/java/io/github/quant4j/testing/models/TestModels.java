// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.testing.models;

import io.github.quant4j.graph.ModelWeights;
import io.github.quant4j.io.ModelDirectory;
import io.github.quant4j.io.SafetensorsFile;
import io.github.quant4j.io.TensorSource;
import io.github.quant4j.model.LanguageModel;
import io.github.quant4j.model.config.ModelOptions;
import io.github.quant4j.tensor.Tensor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.SequencedSet;

/** The small random models of the oracle, see {@code quant-models/src/test/resources/models/README.md}. */
public final class TestModels {
  private static final Path ROOT = Path.of(System.getProperty("quant4j.root", ".."));

  private TestModels() {}

  /** All of them. */
  public static List<String> names() {
    return List.of(
        "llama-untied",
        "llama-one-key-head-linear",
        "llama3-rope",
        "llama-biased-rope-parameters",
        "mistral-window",
        "qwen2-biased",
        "qwen3-head-norms");
  }

  /** The directory of a model. */
  public static Path directory(String name) {
    return ROOT.resolve("quant-models/src/test/resources/models").resolve(name);
  }

  /** The contents of a model's config.json. */
  public static String configuration(Path directory) {
    try {
      return Files.readString(directory.resolve("config.json"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The weights of a model. */
  public static ModelWeights weights(Path directory) {
    try {
      return ModelWeights.of(ModelDirectory.open(directory));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** An open model. */
  public static LanguageModel open(String name, ModelOptions options) {
    Path directory = directory(name);
    return LanguageModel.of(configuration(directory), weights(directory), options);
  }

  /** A model with the configuration of one of them and weights of its own. */
  public static LanguageModel open(String name, ModelWeights weights, ModelOptions options) {
    return LanguageModel.of(configuration(directory(name)), weights, options);
  }

  /** An open model on the scalar kernels and one thread. */
  public static LanguageModel open(String name) {
    return open(name, ModelOptions.defaults().withKernels("scalar").withThreads(1));
  }

  /**
   * Token sequences with the logits that they should give, {@code [sequences, tokens, vocabulary]}.
   */
  public record Expected(int[][] tokens, float[] logits) {

    /** Reads tensors {@code tokens} and {@code logits}. */
    public static Expected read(Path file) {
      try (SafetensorsFile tensors = SafetensorsFile.open(file)) {
        Tensor tokens = tensors.require("tokens");
        int count = (int) tokens.shape().dimension(0);
        int length = (int) tokens.shape().dimension(1);
        int[] flat = tokens.toIntArray();
        int[][] rows = new int[count][];
        for (int i = 0; i < count; i++) {
          rows[i] = Arrays.copyOfRange(flat, i * length, (i + 1) * length);
        }
        return new Expected(rows, tensors.require("logits").toFloatArray());
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    /** Those of a model of the oracle. */
    public static Expected of(String name) {
      return read(directory(name).resolve("expected.safetensors"));
    }
  }

  /** Tensors in memory. */
  public static TensorSource tensors(Map<String, Tensor> tensors) {
    SequencedMap<String, Tensor> copy = new LinkedHashMap<>(tensors);
    return new TensorSource() {
      @Override
      public SequencedSet<String> names() {
        return Collections.unmodifiableSequencedSet(copy.sequencedKeySet());
      }

      @Override
      public Optional<Tensor> find(String name) {
        return Optional.ofNullable(copy.get(name));
      }

      @Override
      public void close() {}
    };
  }

  /** All tensors of a source, for changing some. */
  public static SequencedMap<String, Tensor> copy(TensorSource source) {
    SequencedMap<String, Tensor> tensors = new LinkedHashMap<>();
    source.names().forEach(name -> tensors.put(name, source.require(name)));
    return tensors;
  }
}
