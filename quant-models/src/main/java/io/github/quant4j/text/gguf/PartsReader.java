// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.text.gguf;

import io.github.quant4j.io.gguf.GgufMetadata;
import io.github.quant4j.json.JsonValue;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Makes the parts of a tokenizer file from the metadata of a GGUF file. */
final class PartsReader {
  private static final Logger log = LoggerFactory.getLogger(PartsReader.class);
  private static final JsonValue NOTHING = new JsonValue.Null();

  private final GgufMetadata metadata;
  private final GgufVocabulary vocabulary;
  private final SpecialTokens special;

  PartsReader(GgufMetadata metadata, GgufVocabulary vocabulary, SpecialTokens special) {
    this.metadata = metadata;
    this.vocabulary = vocabulary;
    this.special = special;
  }

  TokenizerParts read(String model) {
    return switch (model) {
      case "llama" -> sentencePiece();
      case "gpt2" -> bytePairs(metadata.getString(Keys.PRE).orElse(""));
      case "gemma4" -> bytePairs("gemma4");
      case "bert" -> wordPiece();
      default ->
          throw new IllegalArgumentException(
              "metadata '"
                  + Keys.MODEL
                  + "': the tokenizer '"
                  + model
                  + "' is not supported; supported are llama (SentencePiece), gpt2 and gemma4"
                  + " (byte pairs) and bert (WordPiece)");
    };
  }

  private TokenizerParts sentencePiece() {
    boolean prefix = metadata.getBoolean(Keys.ADD_SPACE_PREFIX).orElse(true);
    JsonValue.Obj spaces = Sections.replace(" ", Sections.SPACE);
    OptionalInt unknown = special.find(SpecialToken.UNKNOWN);
    return new TokenizerParts(
        prefix
            ? Sections.object(
                "type",
                "Sequence",
                "normalizers",
                List.of(Sections.object("type", "Prepend", "prepend", Sections.SPACE), spaces))
            : spaces,
        NOTHING,
        Sections.bytePairModel(
            unknown.isPresent() ? new JsonValue.Str(vocabulary.token(unknown.getAsInt())) : NOTHING,
            true,
            false,
            Sections.vocabulary(vocabulary.tokens()),
            ScoreMerges.of(vocabulary, scores())),
        Sections.characterDecoder(prefix),
        vocabulary.tokens(),
        true,
        false);
  }

  private float[] scores() {
    boolean whole =
        metadata.find(Keys.SCORES).filter(value -> value.kind().contains("int")).isPresent();
    float[] scores;
    if (whole) {
      int[] numbers = metadata.ints(Keys.SCORES).orElseThrow();
      scores = new float[numbers.length];
      for (int i = 0; i < numbers.length; i++) {
        scores[i] = numbers[i];
      }
    } else {
      scores =
          metadata
              .floats(Keys.SCORES)
              .orElseThrow(
                  () ->
                      new IllegalArgumentException(
                          "metadata '" + Keys.SCORES + "': missing; a tokenizer llama needs it"));
    }
    if (scores.length < vocabulary.size()) {
      throw new IllegalArgumentException(
          "metadata '"
              + Keys.SCORES
              + "': "
              + scores.length
              + " scores for "
              + vocabulary.size()
              + " tokens");
    }
    for (int id = 0; id < vocabulary.size(); id++) {
      if (Float.isNaN(scores[id])) {
        throw new IllegalArgumentException(GgufVocabulary.at(Keys.SCORES, id) + "not a number");
      }
    }
    return scores;
  }

  private TokenizerParts bytePairs(String name) {
    String pre = name;
    if (pre.isEmpty()) {
      log.warn("the file does not say how texts are split ({}): as '{}' does", Keys.PRE, "default");
      pre = PreTokenizations.DEFAULT;
    }
    PreTokenization splitting = PreTokenizations.load().require("metadata '" + Keys.PRE + "'", pre);
    List<JsonValue> steps = new ArrayList<>();
    for (String expression : splitting.split()) {
      steps.add(Sections.split(expression));
    }
    if (!splitting.characters()) {
      steps.add(Sections.byteLevel(false));
    }
    return new TokenizerParts(
        splitting.characters() ? Sections.replace(" ", Sections.SPACE) : NOTHING,
        Sections.object("type", "Sequence", "pretokenizers", steps),
        Sections.bytePairModel(
            NOTHING,
            splitting.characters(),
            splitting.ignoreMerges(),
            Sections.vocabulary(vocabulary.tokens()),
            merges()),
        splitting.characters()
            ? Sections.characterDecoder(false)
            : Sections.object(
                "type",
                "ByteLevel",
                "add_prefix_space",
                true,
                "trim_offsets",
                true,
                "use_regex",
                true),
        vocabulary.tokens(),
        splitting.addBos(),
        false);
  }

  /** The merges of tokens. Those of other texts are left out: no tokenizer file can state them. */
  private List<Merge> merges() {
    List<String> given =
        metadata
            .strings(Keys.MERGES)
            .orElseThrow(
                () ->
                    new IllegalArgumentException(
                        "metadata '" + Keys.MERGES + "': missing; byte pairs need it"));
    Set<Merge> merges = LinkedHashSet.newLinkedHashSet(given.size());
    int foreign = 0;
    for (int i = 0; i < given.size(); i++) {
      String text = given.get(i);
      int space = text.indexOf(' ', 1);
      if (space < 0) {
        throw new IllegalArgumentException(
            GgufVocabulary.at(Keys.MERGES, i)
                + "expected two tokens with a space between, found '"
                + text
                + "'");
      }
      Merge merge = new Merge(text.substring(0, space), text.substring(space + 1));
      if (vocabulary.find(merge.left()) < 0
          || vocabulary.find(merge.right()) < 0
          || vocabulary.find(merge.joined()) < 0) {
        foreign++;
      } else {
        merges.add(merge);
      }
    }
    if (foreign > 0) {
      log.warn("{} merges are of texts that are no tokens, and left out", foreign);
    }
    return List.copyOf(merges);
  }

  private TokenizerParts wordPiece() {
    boolean lowercase = metadata.getBoolean(Keys.LOWERCASE).orElse(true);
    boolean strip = metadata.getBoolean(Keys.STRIP_ACCENTS).orElse(lowercase);
    List<String> tokens = wordPieceSpelling();
    int unknown = special.require(SpecialToken.UNKNOWN, "WordPiece needs it");
    return new TokenizerParts(
        Sections.object(
            "type",
            "BertNormalizer",
            "clean_text",
            true,
            "handle_chinese_chars",
            true,
            "strip_accents",
            strip,
            "lowercase",
            lowercase),
        Sections.object("type", "BertPreTokenizer"),
        Sections.object(
            "type",
            "WordPiece",
            "unk_token",
            tokens.get(unknown),
            "continuing_subword_prefix",
            WordPieceSpelling.CONTINUING,
            // There is no limit, but for what a number in such a file can be.
            "max_input_chars_per_word",
            Integer.MAX_VALUE,
            "vocab",
            Sections.vocabulary(tokens)),
        Sections.object(
            "type", "WordPiece", "prefix", WordPieceSpelling.CONTINUING, "cleanup", true),
        tokens,
        true,
        true);
  }

  private List<String> wordPieceSpelling() {
    Set<String> used = new HashSet<>();
    String[] tokens = new String[vocabulary.size()];
    for (int id = 0; id < tokens.length; id++) {
      tokens[id] =
          vocabulary.type(id).isFoundWhole()
              ? vocabulary.token(id)
              : WordPieceSpelling.fromGguf(vocabulary.token(id));
      if (!used.add(tokens[id])) {
        throw new IllegalArgumentException(
            GgufVocabulary.at(Keys.TOKENS, id)
                + "'"
                + vocabulary.token(id)
                + "' and another token are both '"
                + tokens[id]
                + "' in a tokenizer file");
      }
    }
    return List.of(tokens);
  }
}
