// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.text.gguf;

import io.github.quant4j.io.gguf.GgufMetadata;
import io.github.quant4j.json.JsonValue;
import io.github.quant4j.text.file.Section;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Writes a Hugging Face tokenizer as the metadata of a GGUF file: {@code tokenizer.ggml.*} and the
 * chat template. Models of type BPE become {@code gpt2}, or {@code llama} where they stem from
 * SentencePiece; those of type WordPiece become {@code bert}. What has no counterpart there is
 * refused, and what llama.cpp does otherwise in rare cases is reported.
 */
public final class GgufTokenizerWriter {
  /** Longer words than this do not occur. */
  private static final int USUAL_LIMIT = 100;

  private final Section file;
  private final Section model;
  private final GgufTokenizerOptions options;
  private final SourceTokens tokens;
  private final Surroundings surroundings;
  private final boolean bert;
  private final GgufMetadata.Builder out;
  private final List<String> differences = new ArrayList<>();

  private GgufTokenizerWriter(
      JsonValue.Obj tokenizer, GgufTokenizerOptions options, GgufMetadata.Builder out) {
    this.file = new Section(tokenizer, "");
    this.model = file.section("model");
    this.options = options;
    String type = model.optionalString("type").orElse("BPE");
    if (!type.equals("BPE") && !type.equals("WordPiece")) {
      throw model.error(
          "type", "the model '" + type + "' cannot be written as GGUF; BPE and WordPiece can");
    }
    this.bert = type.equals("WordPiece");
    this.surroundings = Surroundings.read(file);
    this.tokens = SourceTokens.read(file, options.vocabularySize());
    this.out = out;
  }

  /**
   * Writes a tokenizer.
   *
   * @param tokenizer the content of {@code tokenizer.json}
   * @param options what else is known
   * @param out receives the metadata
   * @return in which cases llama.cpp will tokenize otherwise, one sentence each; empty if there are
   *     none but those of {@link GgufTokenizer}
   * @throws IllegalArgumentException if the tokenizer is malformed or has no counterpart; the
   *     message names the element and, for a pre-tokenizer, the nearest that there is
   */
  public static List<String> write(
      JsonValue.Obj tokenizer, GgufTokenizerOptions options, GgufMetadata.Builder out) {
    GgufTokenizerWriter writer = new GgufTokenizerWriter(tokenizer, options, out);
    writer.write();
    return List.copyOf(writer.differences);
  }

  private void write() {
    if (bert) {
      wordPiece();
    } else {
      bytePairs();
    }
    SpecialIds special = new SpecialIds(model, tokens, options, bert);
    writeSurroundings(special);
    special.write(out);
    ChatTemplates.write(options, out);
    differences.addAll(tokens.losses(SpaceStripping.of(out.build())));
  }

  private void bytePairs() {
    for (String name : List.of("continuing_subword_prefix", "end_of_word_suffix")) {
      if (!model.optionalString(name).orElse("").isEmpty()) {
        throw model.error(name, "has no counterpart in a GGUF file");
      }
    }
    Optional<PreTokenization> named =
        options.pre().map(name -> PreTokenizations.load().require("pre", name));
    Optional<Section> preTokenizer = file.optionalSection("pre_tokenizer");
    boolean byteLevel =
        preTokenizer.isPresent() && CharacterWriter.mentions(preTokenizer.get(), "ByteLevel");
    if (byteLevel) {
      byteLevel(preTokenizer.get(), named);
    } else {
      differences.addAll(
          new CharacterWriter(file, model, tokens, out)
              .write(named, surroundings.before().isPresent()));
    }
  }

  private void byteLevel(Section preTokenizer, Optional<PreTokenization> named) {
    file.optionalSection("normalizer").ifPresent(this::acceptNormalizer);
    PreTokenization splitting = named.orElseGet(() -> recognize(preTokenizer));
    if (splitting.characters()) {
      throw new IllegalArgumentException(
          "pre: '" + splitting.names().getFirst() + "' is not for tokens that spell bytes");
    }
    out.putString(Keys.MODEL, "gpt2");
    out.putString(Keys.PRE, options.pre().orElse(splitting.names().getFirst()));
    List<String> texts = new ArrayList<>();
    int[] types = new int[tokens.size()];
    for (int id = 0; id < tokens.size(); id++) {
      texts.add(tokens.token(id));
      types[id] = tokens.type(id).code();
    }
    out.putStrings(Keys.TOKENS, texts);
    out.putInts(Keys.TOKEN_TYPE, types);
    out.putStrings(Keys.MERGES, SourceMerges.toMetadata(SourceMerges.read(model)));
  }

  private PreTokenization recognize(Section preTokenizer) {
    SourceSplitting stated = SourceSplitting.read(preTokenizer);
    PreTokenization found =
        PreRecognition.find(PreTokenizations.load(), stated, model.flag("ignore_merges", false));
    if (found.differsFrom(stated.expressions())) {
      differences.add(
          "words of letters of both cases or with combining marks are split otherwise there");
    }
    if (stated.splitsSpelledNumbers()) {
      differences.add("numbers are split off after bytes are spelled here, but before there");
    }
    return found;
  }

  private void acceptNormalizer(Section normalizer) {
    String type = normalizer.string("type");
    if (type.equals("Sequence")) {
      normalizer.sections("normalizers").forEach(this::acceptNormalizer);
    } else if (type.equals("NFC")) {
      differences.add("texts are composed here (NFC), but not there");
    } else {
      throw normalizer.error(
          "type", "the normalizer '" + type + "' has no counterpart in a GGUF file of byte pairs");
    }
  }

  private void wordPiece() {
    Section normalizer = file.section("normalizer");
    Section preTokenizer = file.section("pre_tokenizer");
    require(normalizer, "BertNormalizer");
    require(preTokenizer, "BertPreTokenizer");
    for (String name : List.of("clean_text", "handle_chinese_chars")) {
      if (!normalizer.flag(name, true)) {
        throw normalizer.error(name, "false has no counterpart in a GGUF file");
      }
    }
    String prefix = model.optionalString("continuing_subword_prefix").orElse("##");
    if (!prefix.equals(WordPieceSpelling.CONTINUING)) {
      throw model.error(
          "continuing_subword_prefix", "'" + prefix + "' has no counterpart in a GGUF file");
    }
    if (model.get("max_input_chars_per_word").isPresent()
        && model.natural("max_input_chars_per_word") < USUAL_LIMIT) {
      differences.add("long words are one unknown token here, but not there");
    }
    boolean lowercase = normalizer.flag("lowercase", true);
    out.putString(Keys.MODEL, "bert");
    out.putString(Keys.PRE, "default");
    List<String> texts = new ArrayList<>();
    int[] types = new int[tokens.size()];
    for (int id = 0; id < tokens.size(); id++) {
      TokenType type = tokens.type(id);
      types[id] = type.code();
      texts.add(
          type == TokenType.NORMAL ? WordPieceSpelling.toGguf(tokens.token(id)) : tokens.token(id));
    }
    out.putStrings(Keys.TOKENS, texts);
    out.putInts(Keys.TOKEN_TYPE, types);
    out.putBoolean(Keys.LOWERCASE, lowercase);
    out.putBoolean(Keys.STRIP_ACCENTS, normalizer.flag("strip_accents", lowercase));
    options
        .config()
        .flatMap(config -> config.getInt("type_vocab_size"))
        .ifPresent(count -> out.putUnsigned(Keys.TOKEN_TYPE_COUNT, count));
  }

  private static void require(Section section, String expected) {
    String type = section.string("type");
    if (!type.equals(expected)) {
      throw section.error(
          "type",
          "'" + type + "' has no counterpart in a GGUF file of WordPiece; " + expected + " has");
    }
  }

  /** Writes what stands around a text. */
  private void writeSurroundings(SpecialIds special) {
    OptionalInt before = surroundings.before();
    OptionalInt behind = surroundings.behind();
    if (bert && (before.isEmpty() || behind.isEmpty())) {
      throw file.error(
          "post_processor", "expected a token before a text and one behind it, as WordPiece has");
    }
    before.ifPresent(id -> special.put(SpecialToken.BOS, id));
    behind.ifPresent(id -> special.put(bert ? SpecialToken.SEPARATOR : SpecialToken.EOS, id));
    if (!bert) {
      out.putBoolean(Keys.ADD_BOS, before.isPresent());
      out.putBoolean(Keys.ADD_EOS, behind.isPresent());
    }
    boolean forced = options.pre().filter(pre -> pre.equals("gemma4")).isPresent();
    if (forced && before.isEmpty()) {
      differences.add("texts begin with a token there, whatever the file says");
    }
  }
}
