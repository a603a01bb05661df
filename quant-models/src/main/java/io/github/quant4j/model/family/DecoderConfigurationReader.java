// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.family;

import io.github.quant4j.grammar.Suggestion;
import io.github.quant4j.graph.LinearSite;
import io.github.quant4j.io.ForeignReaders;
import io.github.quant4j.json.JsonException;
import io.github.quant4j.json.JsonParser;
import io.github.quant4j.json.JsonValue;
import io.github.quant4j.json.JsonWriter;
import io.github.quant4j.model.config.InvalidModelException;
import io.github.quant4j.model.decoder.DecoderConfiguration;
import io.github.quant4j.model.decoder.EmbeddingShape;
import io.github.quant4j.model.decoder.HeadShape;
import io.github.quant4j.model.decoder.LayerShape;
import io.github.quant4j.model.decoder.MlpShape;
import io.github.quant4j.model.decoder.StoredForm;
import io.github.quant4j.model.runtime.ConfigurationValues;
import io.github.quant4j.model.runtime.Rotary;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SequencedSet;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** Makes a decoder's shape of config.json and the description of its family. */
public final class DecoderConfigurationReader {
  /** What the names of architectures without a head end with. */
  private static final String BARE = "Model";

  private static final int MOST_LAYERS = 10_000;

  /** Experts of all layers together, so that a few bytes cannot ask for all memory. */
  private static final int MOST_EXPERTS = 1 << 17;

  private static final int MOST_TOKENS = Integer.MAX_VALUE - 8;
  private static final int MOST_OFFSET = 1 << 20;

  private final Families families;
  private final ConfigurationValues values;
  private final String subject;
  private final List<String> architectures;

  private DecoderConfigurationReader(
      Families families, ConfigurationValues values, String subject) {
    this.families = families;
    this.values = values;
    this.subject = subject;
    this.architectures = values.texts("architectures");
  }

  /**
   * A configuration, and what is noticed about its file.
   *
   * @param warnings one line for each member that is not known
   */
  public record Reading(DecoderConfiguration configuration, List<String> warnings) {}

  /**
   * Reads a configuration.
   *
   * <p>Every member of the file that changes numbers is read or refused by name; members that are
   * not known are among the warnings.
   *
   * @param json the contents of config.json, UTF-8
   * @param subject what messages call it, for example the file's path
   * @throws InvalidModelException if it is not JSON, a value is missing, out of range or
   *     contradicts another, or it asks for something that the runtime does not do; all problems
   *     are named together
   */
  public static Reading parse(byte[] json, String subject) {
    try {
      return read(JsonParser.parseObject(json), subject, Families.builtIn());
    } catch (JsonException e) {
      throw new InvalidModelException(subject, List.of("not a JSON object: " + e.getMessage()));
    }
  }

  /** Reads a configuration of one of some families, see {@link #parse}. */
  static Reading read(JsonValue.Obj json, String subject, Families families) {
    return read(json, subject, families, _ -> true);
  }

  /**
   * The same for files that are there.
   *
   * @param isThere whether the files have a tensor
   */
  static Reading read(
      JsonValue.Obj json, String subject, Families families, Predicate<String> isThere) {
    return new DecoderConfigurationReader(
            families, new ConfigurationValues(ForeignReaders.restored(json)), subject)
        .read(isThere);
  }

  private Reading read(Predicate<String> isThere) {
    // Nothing else can be judged before the family is known.
    FamilyDescription family = family();
    OptionReader options = new OptionReader(family, values).forFiles(isThere);
    requireExpected(family);
    int vocabulary = options.integer("vocabulary", 1, MOST_TOKENS);
    int hidden = options.integer("hidden", 1, AttentionReader.WIDEST);
    int layers = options.integer("layers", 1, MOST_LAYERS);
    int positions = options.integer("maximum_positions", 1, Integer.MAX_VALUE);
    boolean tied = options.flag("tied");
    Map<String, Rotary> rotaries = rotaries(family, options, hidden, layers, positions);
    List<LayerShape> shapes = new ArrayList<>();
    int experts = 0;
    for (int layer = 0; layer < layers && experts <= MOST_EXPERTS; layer++) {
      shapes.add(layer(options.at(layer), hidden, rotaries));
      if (shapes.getLast().mlp() instanceof MlpShape.Mixture mixture) {
        experts += mixture.experts().size();
      }
    }
    if (experts > MOST_EXPERTS) {
      options
          .at(shapes.size() - 1)
          .problem("experts", "at most " + MOST_EXPERTS + " in all layers");
    }
    EmbeddingShape embedding = embedding(options, hidden, positions);
    DecoderConfiguration configuration =
        new DecoderConfiguration(
            architecture(family),
            vocabulary,
            hidden,
            embedding,
            shapes,
            head(options, hidden, vocabulary, embedding, tied),
            stored(options),
            prefix(options),
            tied,
            positions,
            beginToken(vocabulary),
            values.tokens("eos_token_id", vocabulary));
    List<String> warnings = new ConfigurationMembers(options, family, configuration).check();
    requireNoProblems();
    return new Reading(configuration, warnings);
  }

  private void requireNoProblems() {
    if (!values.problems().isEmpty()) {
      throw new InvalidModelException(subject, values.problems());
    }
  }

  private FamilyDescription family() {
    boolean byType = architectures.isEmpty() && values.has("model_type");
    String type = values.text("model_type").orElse(null);
    // What is no text cannot be looked for.
    requireNoProblems();
    String name = byType ? type : architectures.isEmpty() ? null : architectures.getFirst();
    Optional<FamilyDescription> named =
        name == null
            ? Optional.empty()
            : byType ? families.ofModelType(name) : ofArchitecture(name);
    if (named.isEmpty()) {
      List<String> known = byType ? families.modelTypes() : families.architectures();
      values.problem(
          byType ? "model_type" : "architectures",
          "one of "
              + String.join(", ", known)
              + (name == null ? "" : Suggestion.of(name, known))
              + "; docs/families.md tells how to describe another in "
              + Families.FILE);
      requireNoProblems();
    }
    FamilyDescription family = named.orElseThrow();
    List<String> types = family.modelTypes();
    if (!types.isEmpty() && type != null && !types.contains(type)) {
      values.problem(
          "model_type",
          "'" + types.getFirst() + "' as 'architectures' says " + architectures.getFirst());
    }
    return family;
  }

  /** The family of an architecture, which may be that of a model without its head. */
  private Optional<FamilyDescription> ofArchitecture(String name) {
    Optional<FamilyDescription> family = families.ofArchitecture(name);
    if (family.isPresent() || !name.endsWith(BARE)) {
      return family;
    }
    String stem = name.substring(0, name.length() - BARE.length());
    return families
        .ofArchitecture(stem + "ForCausalLM")
        .or(() -> families.ofArchitecture(stem + "LMHeadModel"));
  }

  /** What the runtime makes of it: a model without its head gets one. */
  private String architecture(FamilyDescription family) {
    return architectures.isEmpty() || !family.architectures().contains(architectures.getFirst())
        ? family.architectures().getFirst()
        : architectures.getFirst();
  }

  private void requireExpected(FamilyDescription family) {
    family
        .expected()
        .forEach(
            (member, allowed) -> {
              Optional<JsonValue> value = values.get(member);
              if (value.isPresent() && allowed.stream().noneMatch(one -> equal(one, value.get()))) {
                values.problem(
                    member,
                    String.join(" or ", allowed.stream().map(JsonWriter::compact).toList())
                        + ": the runtime does nothing else in this family");
              }
            });
  }

  private static boolean equal(JsonValue one, JsonValue other) {
    return one instanceof JsonValue.Num first && other instanceof JsonValue.Num second
        ? first.asDouble() == second.asDouble()
        : one.equals(other);
  }

  private Map<String, Rotary> rotaries(
      FamilyDescription family, OptionReader options, int hidden, int layers, int positions) {
    SequencedSet<String> types = new LinkedHashSet<>();
    int width = 0;
    for (int layer = 0; layer < layers; layer++) {
      OptionReader at = options.at(layer);
      if (new MixerReader(at, hidden).isAttention() && at.flag("rotary")) {
        AttentionReader attention = new AttentionReader(at, hidden);
        types.add(attention.layerType());
        width = attention.rotatedWidth();
      }
    }
    return types.isEmpty()
        ? Map.of()
        : RotaryReader.read(
            values,
            RotaryOptionsReader.read(family),
            new RotaryReader.Shape(width, positions, List.copyOf(types)));
  }

  private LayerShape layer(OptionReader options, int hidden, Map<String, Rotary> rotaries) {
    NormReader norms = new NormReader(options, "norm");
    return new LayerShape(
        options.requireTensor("block"),
        hidden,
        new LayerShape.Norms(
            norms.read("attention_norm", hidden),
            norms.read("attention_output_norm", hidden),
            norms.read("mlp_norm", hidden),
            norms.read("mlp_output_norm", hidden)),
        options.choice("order", LayerShape.Order.class),
        options.positive("residual_factor"),
        new MixerReader(options, hidden).read(rotaries),
        new MlpReader(options, hidden).read());
  }

  private static EmbeddingShape embedding(OptionReader options, int hidden, int positions) {
    int width =
        options.optionalInteger("embedding_width", 1, AttentionReader.WIDEST).orElse(hidden);
    String learned = options.tensor("positions");
    int offset = options.integer("position_offset", 0, MOST_OFFSET);
    if (learned != null && positions > MOST_TOKENS - MOST_OFFSET) {
      options.problem("maximum_positions", "at most " + (MOST_TOKENS - MOST_OFFSET));
    }
    String projection = options.tensor("embedding_projection");
    return new EmbeddingShape(
        options.requireTensor("embeddings") + ".weight",
        width,
        options.positive("embedding_factor"),
        learned == null ? null : learned + ".weight",
        learned == null ? 0 : Math.min(positions, MOST_TOKENS - MOST_OFFSET) + offset,
        offset,
        width == hidden ? null : suffixed(projection),
        new NormReader(options, "norm").read("embedding_norm", hidden));
  }

  private static @Nullable String suffixed(@Nullable String module) {
    return module == null ? null : module + ".weight";
  }

  private static HeadShape head(
      OptionReader options, int hidden, int vocabulary, EmbeddingShape embedding, boolean tied) {
    String name = options.requireTensor("head");
    boolean biased = options.flag("head_bias");
    boolean narrow = embedding.width() != hidden;
    LinearSite site =
        new LinearSite(
            name,
            tied ? embedding.table() : name + ".weight",
            biased ? Optional.of(name + ".bias") : Optional.empty(),
            narrow ? embedding.width() : hidden,
            vocabulary);
    return new HeadShape(
        new NormReader(options, "norm").read("final_norm", hidden),
        narrow ? suffixed(options.tensor("head_projection")) : null,
        site,
        options.positive("logit_factor"),
        options.optionalNumber("logit_cap").orElse(0));
  }

  private static StoredForm stored(OptionReader options) {
    return new StoredForm(
        options.flag("transposed"), options.choice("experts_stored", StoredForm.Experts.class));
  }

  /** What the names of layers begin with, before their number. */
  private static String prefix(OptionReader options) {
    String first = options.at(0).requireTensor("block");
    return first.endsWith("0") ? first.substring(0, first.length() - 1) : first;
  }

  private OptionalInt beginToken(int vocabulary) {
    return values
        .token("bos_token_id", vocabulary)
        .map(OptionalInt::of)
        .orElse(OptionalInt.empty());
  }
}
