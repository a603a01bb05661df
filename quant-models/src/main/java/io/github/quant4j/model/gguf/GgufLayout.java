// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.gguf;

import io.github.quant4j.io.gguf.GgufMetadata;
import io.github.quant4j.json.JsonValue;
import io.github.quant4j.model.decoder.AttentionShape;
import io.github.quant4j.model.decoder.DecoderConfiguration;
import io.github.quant4j.model.decoder.LayerShape;
import io.github.quant4j.model.decoder.MlpShape;
import io.github.quant4j.model.decoder.Projections;
import io.github.quant4j.model.expression.Expression;
import io.github.quant4j.model.expression.ExpressionException;
import io.github.quant4j.model.expression.Scope;
import io.github.quant4j.model.family.FamilyReading;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;

/**
 * A model as a GGUF file is to have it: its metadata, and which rows of which tensors make each
 * tensor of the file. A model that would be another one after reading is refused.
 */
public final class GgufLayout {
  private final FamilyReading reading;
  private final GgufArchitecture architecture;
  private final GgufMetadata metadata;
  private final List<StoredTensor> tensors;
  private final SequencedMap<String, float[]> factors;

  private GgufLayout(
      FamilyReading reading,
      GgufArchitecture architecture,
      GgufMetadata metadata,
      List<StoredTensor> tensors,
      SequencedMap<String, float[]> factors) {
    this.reading = reading;
    this.architecture = architecture;
    this.metadata = metadata;
    this.tensors = tensors;
    this.factors = factors;
  }

  /**
   * Lays a model out.
   *
   * @param config the contents of its config.json
   * @param subject what messages call it
   * @return the layout
   * @throws IllegalArgumentException if llama.cpp has no such architecture, or it computes
   *     something else; the message names what
   */
  public static GgufLayout of(JsonValue.Obj config, String subject) {
    FamilyReading reading = FamilyReading.of(config, subject);
    GgufArchitecture architecture =
        GgufArchitectures.ofFamily(reading.family())
            .orElseThrow(
                () ->
                    new IllegalArgumentException(
                        subject
                            + ": GGUF has no architecture for models of the family '"
                            + reading.family()
                            + "'"));
    GgufMetadata.Builder metadata = GgufMetadata.builder();
    metadata.putString("general.architecture", architecture.name());
    GgufRotary.Factors rotary = new Writer(reading, architecture, metadata).write();
    SequencedMap<String, float[]> factors = new LinkedHashMap<>();
    put(factors, "rope_freqs.weight", rotary.all());
    put(factors, "rope_factors_short.weight", rotary.shorter());
    put(factors, "rope_factors_long.weight", rotary.longer());
    List<StoredTensor> tensors =
        StoredTensor.of(
            TensorPlaces.of(reading, architecture).values(), head(reading, architecture));
    GgufLayout layout = new GgufLayout(reading, architecture, metadata.build(), tensors, factors);
    layout.requireSame(subject, rotary);
    return layout;
  }

  private static void put(SequencedMap<String, float[]> factors, String name, float[] values) {
    if (values.length > 0) {
      factors.put(name, values);
    }
  }

  /** The place of a head that is that of the embeddings and stored all the same. */
  private static Optional<TensorPlace> head(FamilyReading reading, GgufArchitecture architecture) {
    DecoderConfiguration model = reading.configuration();
    return model.tiedEmbeddings() && architecture.isHeadStored()
        ? Optional.of(
            TensorPlace.of(
                model.embedding().table(),
                model.vocabularySize(),
                model.embedding().width(),
                architecture.tensor("head").orElseThrow().name() + ".weight"))
        : Optional.empty();
  }

  /** Reads the metadata again and compares. */
  private void requireSame(String subject, GgufRotary.Factors rotary) {
    String what = subject + ": cannot be written as architecture '" + architecture + "': ";
    Set<String> names = new HashSet<>();
    tensors.forEach(tensor -> names.add(tensor.name()));
    DecoderConfiguration model = reading.configuration();
    DecoderConfiguration again;
    try {
      GgufFacts facts = GgufFacts.of(metadata, architecture.name(), names, model.vocabularySize());
      JsonValue.Obj config = GgufConfiguration.read(architecture, metadata, facts, rotary);
      again = FamilyReading.of(config, architecture.name()).configuration();
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(what + e.getMessage(), e);
    }
    Optional<String> difference = ModelTraits.difference(model, again);
    if (difference.isPresent()) {
      throw new IllegalArgumentException(what + difference.get());
    }
    Scope scope = new OptionScope(reading);
    for (Expression requirement : architecture.requirements()) {
      if (!requirement.evaluate(scope).equals(new JsonValue.Bool(true))) {
        throw new IllegalArgumentException(
            what + "llama.cpp needs '" + requirement + "', which does not hold");
      }
    }
  }

  /** Metadata from options. */
  private record Writer(
      FamilyReading reading, GgufArchitecture architecture, GgufMetadata.Builder metadata) {
    GgufRotary.Factors write() {
      Scope scope = new OptionScope(reading);
      architecture
          .metadata()
          .forEach(
              (key, metadatum) -> {
                try {
                  put(
                      architecture.name() + "." + key,
                      metadatum.type(),
                      metadatum.value().evaluate(scope));
                } catch (ExpressionException e) {
                  throw new IllegalArgumentException(
                      "architecture '"
                          + architecture
                          + "', metadata '"
                          + key
                          + "': "
                          + e.getMessage(),
                      e);
                }
              });
      if (architecture.windowPeriod() > 0) {
        period();
      }
      return RotaryMetadata.write(reading, architecture, metadata);
    }

    private void put(String key, GgufArchitecture.ValueType type, JsonValue value) {
      switch (value) {
        case JsonValue.Null _ -> {}
        case JsonValue.Num number -> {
          if (type == GgufArchitecture.ValueType.F32) {
            metadata.putFloat(key, (float) number.asDouble());
          } else {
            metadata.putUnsigned(key, number.asLong());
          }
        }
        case JsonValue.Bool(boolean flag) -> metadata.putBoolean(key, flag);
        case JsonValue.Str(String text) -> metadata.putString(key, text);
        default -> throw new IllegalArgumentException("metadata '" + key + "': no plain value");
      }
    }

    /** The smallest period that says which layers have windows; llama.cpp reads no more. */
    private void period() {
      List<LayerShape> layers = reading.configuration().layerShapes();
      for (int period = 0; period <= layers.size() + 1; period++) {
        if (period != 1 && says(period, layers)) {
          metadata.putUnsigned(architecture.name() + ".attention.sliding_window_pattern", period);
          return;
        }
      }
    }

    private static boolean says(int period, List<LayerShape> layers) {
      boolean any = false;
      for (int i = 0; i < layers.size(); i++) {
        boolean windowed =
            layers.get(i).attention() instanceof AttentionShape attention
                && attention.form().span().window() > 0;
        any |= windowed;
        if (windowed != (period == 0 || i % period < period - 1)) {
          return false;
        }
      }
      return any;
    }
  }

  /** The options of a family, those of its last layer, and some that are made of several. */
  private record OptionScope(FamilyReading reading) implements Scope {
    @Override
    public JsonValue value(String name) {
      DecoderConfiguration model = reading.configuration();
      int last = model.layers() - 1;
      return switch (name) {
        case "head_size" -> JsonValue.of(form(last).form().headWidth());
        case "window_size" -> JsonValue.of(windowSize());
        case "leading_dense" -> JsonValue.of(leadingDense());
        case "query_rank" ->
            form(last).projections() instanceof Projections.Latent latent
                    && latent.queryDown() != null
                ? JsonValue.of(latent.query().inFeatures())
                : JsonValue.of(0);
        case "score_factor" -> JsonValue.of(form(last).form().factor());
        case "mlp_inner", "expert_inner", "experts_used" ->
            reading.option(name, name.equals("mlp_inner") ? 0 : last);
        default ->
            reading.optionNames().contains(name)
                ? reading.option(name, last)
                : new JsonValue.Null();
      };
    }

    private AttentionShape form(int layer) {
      if (reading.configuration().layerShapes().get(layer).attention()
          instanceof AttentionShape shape) {
        return shape;
      }
      throw new IllegalArgumentException(
          "layers of family '" + reading.family() + "' that are no attention have no place");
    }

    private int windowSize() {
      return reading.configuration().layerShapes().stream()
          .mapToInt(
              layer ->
                  layer.attention() instanceof AttentionShape shape
                      ? shape.form().span().window()
                      : 0)
          .max()
          .orElse(0);
    }

    private int leadingDense() {
      int count = 0;
      for (LayerShape layer : reading.configuration().layerShapes()) {
        if (!(layer.mlp() instanceof MlpShape.Dense)) {
          break;
        }
        count++;
      }
      return count;
    }
  }

  /**
   * The model.
   *
   * @return its shape
   */
  public DecoderConfiguration configuration() {
    return reading.configuration();
  }

  /**
   * What llama.cpp calls the kind of model.
   *
   * @return the description of the architecture
   */
  public GgufArchitecture architecture() {
    return architecture;
  }

  /**
   * What the file says of the network.
   *
   * @return keys of the architecture and its name
   */
  public GgufMetadata metadata() {
    return metadata;
  }

  /**
   * The tensors of the file.
   *
   * @return in the order in which they are stored
   */
  public List<StoredTensor> tensors() {
    return new ArrayList<>(tensors);
  }

  /**
   * Tensors that are made of the configuration: factors of rotary frequencies.
   *
   * @return vectors by name
   */
  public SequencedMap<String, float[]> factors() {
    return factors;
  }
}
