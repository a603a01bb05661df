// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.gguf;

import io.github.quant4j.io.TensorFileException;
import io.github.quant4j.io.TensorForm;
import io.github.quant4j.io.TensorSource;
import io.github.quant4j.io.gguf.GgufFile;
import io.github.quant4j.io.gguf.GgufTensor;
import io.github.quant4j.io.quantized.Companion;
import io.github.quant4j.io.quantized.ModelSource;
import io.github.quant4j.io.quantized.QuantizedWeights;
import io.github.quant4j.json.JsonValue;
import io.github.quant4j.json.JsonWriter;
import io.github.quant4j.linear.BlockTerm;
import io.github.quant4j.linear.QuantizedLinear;
import io.github.quant4j.model.family.FamilyReading;
import io.github.quant4j.tensor.DType;
import io.github.quant4j.tensor.Shape;
import io.github.quant4j.tensor.Tensor;
import io.github.quant4j.text.gguf.GgufTokenizer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.SequencedSet;
import java.util.Set;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A model in a GGUF file, under the names that its library on Hugging Face has: nothing is copied
 * when it is opened, and plain tensors are views of the mapped file unless their rows are in
 * another order there. Blocks are dequantized when they are asked for as tensors; as quantized
 * layers they stay as they are.
 */
public final class GgufModel implements ModelSource {
  private static final String METHOD = "gguf";
  private static final String ARCHITECTURE = "general.architecture";
  private static final String TOKENIZER = "tokenizer.ggml.model";
  private static final String GENERATION = "generation_config.json";
  private static final String NO_TOKENIZER = "none";
  private static final String WEIGHT = ".weight";
  private static final Pattern BLOCK = Pattern.compile("blk\\.(\\d{1,9})\\..*");

  private final GgufFile file;
  private final GgufArchitecture architecture;
  private final JsonValue.Obj config;
  private final PlacedTensors tensors;
  private final SequencedMap<String, TensorPlace> modules;

  private GgufModel(
      GgufFile file,
      GgufArchitecture architecture,
      JsonValue.Obj config,
      PlacedTensors tensors,
      SequencedMap<String, TensorPlace> modules) {
    this.file = file;
    this.architecture = architecture;
    this.config = config;
    this.tensors = tensors;
    this.modules = modules;
  }

  /**
   * Opens a model.
   *
   * @param path the file, of several the first
   * @return the model; the caller closes it
   * @throws TensorFileException if the file is malformed, of an architecture that is not known, or
   *     says something that is not understood and may change what the model computes
   * @throws IOException if reading fails
   */
  public static GgufModel open(Path path) throws IOException {
    GgufFile file = GgufFile.open(path);
    try {
      return of(file);
    } catch (IllegalArgumentException e) {
      file.close();
      throw new TensorFileException(path, String.valueOf(e.getMessage()), e);
    } catch (Throwable e) {
      file.close();
      throw e;
    }
  }

  private static GgufModel of(GgufFile file) {
    String name =
        file.metadata()
            .getString(ARCHITECTURE)
            .orElseThrow(
                () -> new IllegalArgumentException("metadata '" + ARCHITECTURE + "' is missing"));
    GgufArchitecture architecture =
        GgufArchitectures.find(name)
            .orElseThrow(
                () ->
                    new IllegalArgumentException(
                        "architecture '"
                            + name
                            + "' is not known, expected one of "
                            + GgufArchitectures.all()));
    GgufFacts facts = GgufFacts.of(file, name);
    JsonValue.Obj config =
        GgufConfiguration.read(architecture, file.metadata(), facts, factors(file));
    FamilyReading reading = FamilyReading.of(config, file.path().toString());
    SequencedMap<String, TensorPlace> places =
        TensorPlaces.in(reading, architecture, file.tensors()::containsKey);
    requireAllUsed(file, places, reading.configuration().layers());
    PlacedTensors tensors = new PlacedTensors(file, places);
    return new GgufModel(file, architecture, config, tensors, modules(reading, places, tensors));
  }

  private static GgufRotary.Factors factors(GgufFile file) {
    return new GgufRotary.Factors(
        vector(file, "rope_freqs.weight"),
        vector(file, "rope_factors_short.weight"),
        vector(file, "rope_factors_long.weight"));
  }

  private static float[] vector(GgufFile file, String name) {
    Optional<GgufTensor> tensor = file.find(name);
    if (tensor.isEmpty()) {
      return new float[0];
    }
    if (!tensor.get().isPlain() || tensor.get().dimensions().size() != 1) {
      throw new IllegalArgumentException(tensor.get() + ": expected a vector of plain numbers");
    }
    return tensor.get().tensor().toFloatArray();
  }

  /** What nobody asks for would make other numbers than the model's. */
  private static void requireAllUsed(
      GgufFile file, SequencedMap<String, TensorPlace> places, int layers) {
    Set<String> used = new HashSet<>();
    used.add("rope_freqs.weight");
    used.add("rope_factors_short.weight");
    used.add("rope_factors_long.weight");
    places.values().forEach(place -> place.parts().forEach(part -> used.add(part.tensor())));
    List<String> unused = new ArrayList<>();
    for (String name : file.tensors().keySet()) {
      Matcher block = BLOCK.matcher(name);
      boolean isBeyond = block.matches() && Integer.parseInt(block.group(1)) >= layers;
      if (!used.contains(name) && !isBeyond && !name.endsWith(".attn_rot_embd")) {
        unused.add(name);
      }
    }
    if (!unused.isEmpty()) {
      throw new IllegalArgumentException(
          "tensors "
              + unused.subList(0, Math.min(4, unused.size()))
              + (unused.size() > 4 ? " and " + (unused.size() - 4) + " more" : "")
              + ": not used by this architecture, so that results would not be the model's");
    }
  }

  /** The linear layers, and the embeddings, that consist of blocks. */
  private static SequencedMap<String, TensorPlace> modules(
      FamilyReading reading, SequencedMap<String, TensorPlace> places, PlacedTensors tensors) {
    SequencedMap<String, TensorPlace> modules = new LinkedHashMap<>();
    Set<String> weights = new HashSet<>();
    weights.add(reading.configuration().embedding().table());
    reading.configuration().sites().forEach(site -> weights.add(site.weight()));
    for (TensorPlace place : places.values()) {
      if (weights.contains(place.name())
          && place.name().endsWith(WEIGHT)
          && tensors.blocks(place).isPresent()) {
        modules.put(place.name().substring(0, place.name().length() - WEIGHT.length()), place);
      }
    }
    return modules;
  }

  /**
   * The file.
   *
   * @return the open file, closed with the model
   */
  public GgufFile file() {
    return file;
  }

  /**
   * What llama.cpp calls the kind of model.
   *
   * @return the description of the architecture
   */
  public GgufArchitecture architecture() {
    return architecture;
  }

  @Override
  public Path path() {
    return file.path();
  }

  @Override
  public JsonValue.Obj config() {
    return config;
  }

  @Override
  public long byteSize() {
    return file.byteSize();
  }

  @Override
  public QuantizedWeights quantized() {
    SequencedMap<String, Supplier<QuantizedLinear>> layers = new LinkedHashMap<>();
    modules.forEach(
        (module, place) ->
            layers.put(
                module, () -> QuantizedLinear.of(List.of(new BlockTerm(tensors.matrix(place))))));
    return layers.isEmpty()
        ? QuantizedWeights.of(path(), this, "", layers)
        : QuantizedWeights.of(path(), this, METHOD, layers);
  }

  /** The bytes of the file's tensors under its own names. */
  @Override
  public TensorSource stored() {
    return new TensorSource() {
      @Override
      public SequencedSet<String> names() {
        return Collections.unmodifiableSequencedSet(file.tensors().sequencedKeySet());
      }

      @Override
      public Optional<Tensor> find(String name) {
        return file.find(name)
            .map(
                tensor ->
                    Tensor.of(name, DType.U8, Shape.of(tensor.data().byteSize()), tensor.data()));
      }

      @Override
      public void close() {
        file.close();
      }
    };
  }

  /** Tokenizer and generation settings, made of the metadata; none of a file without tokenizer. */
  @Override
  public List<Companion> companions() throws IOException {
    List<Companion> companions = new ArrayList<>();
    for (String name : List.of(GENERATION, "tokenizer.json", "tokenizer_config.json")) {
      companion(name).ifPresent(companions::add);
    }
    return companions;
  }

  /** Makes that file alone: generation settings are asked for wherever a model is opened. */
  @Override
  public Optional<Companion> companion(String name) throws IOException {
    try {
      String model = file.metadata().getString(TOKENIZER).orElse(NO_TOKENIZER);
      if (model.equals(NO_TOKENIZER) || model.equals("no_vocab")) {
        return Optional.empty();
      }
      return switch (name) {
        case GENERATION -> generation();
        case "tokenizer.json" ->
            Optional.of(made(name, GgufTokenizer.read(file.metadata()).toTokenizerJson()));
        case "tokenizer_config.json" ->
            Optional.of(made(name, GgufTokenizer.read(file.metadata()).toTokenizerConfig()));
        default -> Optional.empty();
      };
    } catch (IllegalArgumentException e) {
      throw new TensorFileException(path(), "tokenizer: " + e.getMessage(), e);
    }
  }

  /** A model with a tokenizer that is not supported runs all the same. */
  private Optional<Companion> generation() {
    try {
      List<Integer> ends =
          Arrays.stream(GgufTokenizer.read(file.metadata()).endTokens()).boxed().toList();
      return ends.isEmpty()
          ? Optional.empty()
          : Optional.of(
              made(GENERATION, (JsonValue.Obj) JsonValue.of(Map.of("eos_token_id", ends))));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  private static Companion made(String name, JsonValue.Obj content) {
    return new Companion.Made(name, JsonWriter.pretty(content));
  }

  @Override
  public SequencedSet<String> names() {
    return Collections.unmodifiableSequencedSet(tensors.places().sequencedKeySet());
  }

  @Override
  public Optional<Tensor> find(String name) {
    return tensors.find(name);
  }

  @Override
  public Optional<TensorForm> form(String name) {
    return tensors.form(name);
  }

  @Override
  public void close() {
    file.close();
  }

  /** The file and the architecture. */
  @Override
  public String toString() {
    return file + ", " + architecture;
  }
}
