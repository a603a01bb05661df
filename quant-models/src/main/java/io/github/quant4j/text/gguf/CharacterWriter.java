// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.text.gguf;

import io.github.quant4j.io.gguf.GgufMetadata;
import io.github.quant4j.json.JsonValue;
import io.github.quant4j.text.file.Section;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/** Writes a model of type BPE whose words consist of characters, as SentencePiece makes them. */
final class CharacterWriter {
  private final Section file;
  private final Section model;
  private final SourceTokens tokens;
  private final GgufMetadata.Builder out;
  private final List<String> differences = new ArrayList<>();

  CharacterWriter(Section file, Section model, SourceTokens tokens, GgufMetadata.Builder out) {
    this.file = file;
    this.model = model;
    this.tokens = tokens;
    this.out = out;
  }

  /** Whether a stage of a kind is part of a section. */
  static boolean mentions(Section section, String type) {
    if (section.string("type").equals(type)) {
      return true;
    }
    return section.get("pretokenizers").isPresent()
        && section.sections("pretokenizers").stream().anyMatch(step -> mentions(step, type));
  }

  /**
   * Writes the model.
   *
   * @param named the pre-tokenizer that was asked for
   * @param begins whether a text begins with a token for its beginning
   * @return what llama.cpp does otherwise
   */
  List<String> write(Optional<PreTokenization> named, boolean begins) {
    if (!model.flag("byte_fallback", false)) {
      throw model.error(
          "byte_fallback",
          "expected true: a GGUF file of such a model writes unknown characters as bytes");
    }
    if (model.flag("ignore_merges", false)) {
      throw model.error("ignore_merges", "true has no counterpart in a GGUF file of such a model");
    }
    boolean prefix = spacePrefix();
    if (prefix && tokens.anyNormalized()) {
      differences.add(
          "some added tokens are looked for in the normalized text here, but not there");
    }
    List<Merge> merges = SourceMerges.read(model);
    Optional<PreTokenization> splitting = named.or(() -> recognized(begins));
    if (splitting.isEmpty()) {
      file.optionalSection("pre_tokenizer")
          .filter(section -> !isMetaspace(section) && !splitsSpaces(section))
          .ifPresent(
              section -> {
                throw section.error("has no counterpart in a GGUF file of such a model");
              });
    }
    if (splitting.isPresent()) {
      characters(splitting.get(), prefix, merges);
    } else {
      scores(prefix, merges);
    }
    return differences;
  }

  /** One that splits texts as the file does; of two, the one that begins texts as the file does. */
  private Optional<PreTokenization> recognized(boolean begins) {
    Optional<Section> preTokenizer = file.optionalSection("pre_tokenizer");
    if (preTokenizer.isEmpty()
        || isMetaspace(preTokenizer.get())
        || splitsSpaces(preTokenizer.get())) {
      return Optional.empty();
    }
    List<String> expressions = SourceSplitting.read(preTokenizer.get()).expressions();
    return PreTokenizations.load().entries().stream()
        .filter(
            entry -> entry.characters() && entry.addBos() == begins && entry.isWritten(expressions))
        .findFirst();
  }

  private void characters(PreTokenization named, boolean prefix, List<Merge> merges) {
    String name = named.names().getFirst();
    if (!named.characters() || prefix) {
      throw new IllegalArgumentException(
          "pre: '"
              + name
              + "' is not for "
              + (prefix ? "a model that puts a space before a text" : "tokens of characters"));
    }
    out.putString(Keys.MODEL, name.equals("gemma4") ? name : "gpt2");
    out.putString(Keys.PRE, name);
    tokens();
    out.putStrings(Keys.MERGES, SourceMerges.toMetadata(merges));
  }

  private void scores(boolean prefix, List<Merge> merges) {
    out.putString(Keys.MODEL, "llama");
    out.putString(Keys.PRE, "default");
    tokens();
    Map<String, Integer> ranks = new HashMap<>();
    for (String token : SourceMerges.joined(merges)) {
      ranks.put(token, ranks.size());
    }
    float[] scores = new float[tokens.size()];
    for (int id = 0; id < scores.length; id++) {
      scores[id] = -ranks.getOrDefault(tokens.token(id), ranks.size());
    }
    out.putFloats(Keys.SCORES, scores);
    out.putBoolean(Keys.ADD_SPACE_PREFIX, prefix);
    compare(merges, scores);
  }

  /** Finds out what scores do that merges do not. */
  private void compare(List<Merge> merges, float[] scores) {
    if (!SourceMerges.standTogether(merges)) {
      differences.add("merges of one token stand apart here, but all have one rank there");
    }
    Set<Merge> stated = new HashSet<>(merges);
    long more =
        ScoreMerges.of(GgufVocabulary.read(out.build()), scores).stream()
            .filter(merge -> !stated.contains(merge))
            .count();
    if (more > 0) {
      differences.add(
          more
              + " pairs of tokens make a token that are no merges here; they are joined there, so"
              + " that some words are put together otherwise");
    }
  }

  private void tokens() {
    OptionalInt unknown =
        model.optionalString("unk_token").map(tokens::idOf).orElse(OptionalInt.empty());
    List<String> texts = new ArrayList<>();
    int[] types = new int[tokens.size()];
    for (int id = 0; id < tokens.size(); id++) {
      TokenType type = type(id, unknown);
      types[id] = type.code();
      boolean spaced =
          type == TokenType.USER_DEFINED
              && tokens.added(id).filter(SourceTokens.Added::normalized).isPresent();
      String token = tokens.token(id);
      texts.add(spaced ? token.replace(Sections.SPACE, " ") : token);
    }
    out.putStrings(Keys.TOKENS, texts);
    out.putInts(Keys.TOKEN_TYPE, types);
  }

  private TokenType type(int id, OptionalInt unknown) {
    if (unknown.isPresent() && unknown.getAsInt() == id) {
      return TokenType.UNKNOWN;
    }
    TokenType type = tokens.type(id);
    return type == TokenType.NORMAL && tokens.token(id).matches("<0x[0-9A-F]{2}>")
        ? TokenType.BYTE
        : type;
  }

  /** Whether a text gets a space before it. */
  private boolean spacePrefix() {
    boolean prefix = false;
    boolean replaced = false;
    Optional<Section> normalizer = file.optionalSection("normalizer");
    for (Section step : normalizer.map(CharacterWriter::steps).orElse(List.of())) {
      String type = step.string("type");
      if (type.equals("Prepend") && !replaced && step.string("prepend").equals(Sections.SPACE)) {
        prefix = true;
      } else if (type.equals("Replace") && isSpace(step)) {
        replaced = true;
      } else {
        throw step.error(
            "type",
            "the normalizer '" + type + "' has no counterpart in a GGUF file of such a model");
      }
    }
    Optional<Section> preTokenizer = file.optionalSection("pre_tokenizer");
    if (preTokenizer.isPresent() && isMetaspace(preTokenizer.get())) {
      return metaspace(preTokenizer.get(), prefix);
    }
    if (!replaced) {
      throw file.error(
          "normalizer", "expected one that puts '▁' for spaces, or a pre-tokenizer that does");
    }
    return prefix;
  }

  private static List<Section> steps(Section normalizer) {
    return normalizer.string("type").equals("Sequence")
        ? normalizer.sections("normalizers")
        : List.of(normalizer);
  }

  private static boolean isSpace(Section replace) {
    return replace.string("content").equals(Sections.SPACE)
        && replace.section("pattern").optionalString("String").orElse("").equals(" ");
  }

  /** A split at spaces where there are none left. */
  private static boolean splitsSpaces(Section section) {
    return section.string("type").equals("Split")
        && section
            .section("pattern")
            .value()
            .members()
            .equals(Map.of("String", (JsonValue) new JsonValue.Str(" ")));
  }

  private static boolean isMetaspace(Section section) {
    return section.string("type").equals("Metaspace");
  }

  private boolean metaspace(Section section, boolean prefixed) {
    if (!section.string("replacement").equals(Sections.SPACE)) {
      throw section.error("replacement", "expected '▁': a GGUF file has no other");
    }
    String scheme =
        section
            .optionalString("prepend_scheme")
            .orElse(section.flag("add_prefix_space", true) ? "always" : "never");
    if (section.flag("split", true)) {
      differences.add("words are split at spaces before merging here, but not there");
    }
    if (scheme.equals("never")) {
      return prefixed;
    }
    differences.add(
        scheme.equals("first")
            ? "only the beginning of a text gets a space before it here, but there what follows a"
                + " special token as well"
            : "a text that begins with a space gets none before it here, but one there");
    return true;
  }
}
