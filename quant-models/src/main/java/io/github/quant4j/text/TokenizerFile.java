// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.text;

import io.github.quant4j.json.JsonException;
import io.github.quant4j.json.JsonParser;
import io.github.quant4j.json.JsonValue;
import io.github.quant4j.text.added.AddedTokens;
import io.github.quant4j.text.bpe.BytePairModel;
import io.github.quant4j.text.decoder.Decoder;
import io.github.quant4j.text.decoder.Decoders;
import io.github.quant4j.text.file.Section;
import io.github.quant4j.text.normalizer.Normalizer;
import io.github.quant4j.text.normalizer.Normalizers;
import io.github.quant4j.text.postprocessor.PostProcessor;
import io.github.quant4j.text.pretokenizer.PreTokenizer;
import io.github.quant4j.text.pretokenizer.PreTokenizers;
import io.github.quant4j.text.vocabulary.WordModel;
import io.github.quant4j.text.wordpiece.WordPieceModel;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Reads tokenizers from files of the format of <a
 * href="https://github.com/huggingface/tokenizers">Hugging Face's tokenizers</a>, {@code
 * tokenizer.json}, version 1.0. They give the same ids as that library does.
 *
 * <p>Supported are models of type BPE, byte-level ones (GPT-2, Llama 3, Qwen, Mistral Nemo) and
 * those of SentencePiece with byte fallback (Llama 2, Mistral, TinyLlama, Gemma), and models of
 * type WordPiece (BERT), with
 *
 * <ul>
 *   <li>normalizers Sequence, Prepend, Replace, NFC, NFD, NFKC, NFKD, Lowercase, Strip,
 *       StripAccents, Nmt, ByteLevel, BertNormalizer;
 *   <li>pre-tokenizers Sequence, ByteLevel, Split, Metaspace, Digits, Punctuation, Whitespace,
 *       WhitespaceSplit, CharDelimiterSplit, BertPreTokenizer;
 *   <li>post-processors TemplateProcessing, ByteLevel, BertProcessing, RobertaProcessing, Sequence;
 *   <li>decoders Sequence, ByteLevel, ByteFallback, Fuse, Replace, Strip, Metaspace, WordPiece,
 *       BPEDecoder.
 * </ul>
 *
 * <p>Anything else is refused with a message that names it: the models WordLevel and Unigram, the
 * normalizer Precompiled, and constructs of regular expressions that Java cannot express.
 *
 * <p>The sections {@code truncation} and {@code padding} are not read: a text is always encoded
 * whole and never padded, since what a model does with long or short texts is for its caller to
 * say. Where a file states ids for added tokens, they are those of the vocabulary or, for new
 * tokens, the next free ones, as Hugging Face's library has it; a warning is logged where they
 * differ.
 */
public final class TokenizerFile {
  /** Some three times what a vocabulary of 262,144 tokens with its merges takes. */
  private static final long LARGEST_FILE = 100_000_000;

  private static final String IN_MEMORY = "tokenizer file";

  private TokenizerFile() {}

  /**
   * Reads a tokenizer from a file.
   *
   * @param path the file, or a directory that has a file {@code tokenizer.json}
   * @return the tokenizer
   * @throws InvalidTokenizerException if the content is malformed, not supported or larger than 100
   *     MB; the message names the file and the element
   * @throws IOException if the file is missing, not a regular file, or cannot be read
   */
  public static Tokenizer load(Path path) throws IOException {
    Path file = Files.isDirectory(path) ? path.resolve("tokenizer.json") : path;
    // A pipe or a device could block for ever.
    if (Files.exists(file) && !Files.isRegularFile(file)) {
      throw new FileSystemException(file.toString(), null, "not a regular file");
    }
    requireSize(Files.size(file), file.toString());
    return parse(Files.readAllBytes(file), file.toString());
  }

  private static void requireSize(long bytes, String subject) {
    if (bytes > LARGEST_FILE) {
      throw new InvalidTokenizerException(
          subject, bytes + " bytes, expected at most " + LARGEST_FILE);
    }
  }

  /**
   * Reads a tokenizer from memory.
   *
   * @param json the content of a file {@code tokenizer.json}, in UTF-8
   * @return the tokenizer
   * @throws InvalidTokenizerException if the content is malformed, not supported or larger than 100
   *     MB; the message names the element
   */
  public static Tokenizer parse(byte[] json) {
    return parse(json, IN_MEMORY);
  }

  /**
   * Makes a tokenizer of what a file says.
   *
   * @param content the content of a file {@code tokenizer.json}
   * @return the tokenizer
   * @throws InvalidTokenizerException if the content is malformed or not supported; the message
   *     names the element
   */
  public static Tokenizer of(JsonValue.Obj content) {
    return make(content, IN_MEMORY);
  }

  /**
   * Reads a tokenizer from memory.
   *
   * @param json the content of a file {@code tokenizer.json}, in UTF-8
   * @param subject what messages call it, for example the path that it was read from
   * @return the tokenizer
   * @throws InvalidTokenizerException if the content is malformed, not supported or larger than 100
   *     MB; the message names the subject and the element
   */
  public static Tokenizer parse(byte[] json, String subject) {
    requireSize(json.length, subject);
    JsonValue.Obj content;
    try {
      content = JsonParser.parseObject(json);
    } catch (JsonException e) {
      throw new InvalidTokenizerException(subject, String.valueOf(e.getMessage()), e);
    }
    return make(content, subject);
  }

  private static Tokenizer make(JsonValue.Obj content, String subject) {
    try {
      return read(new Section(content, ""));
    } catch (JsonException | IllegalArgumentException e) {
      throw new InvalidTokenizerException(subject, String.valueOf(e.getMessage()), e);
    }
  }

  private static Tokenizer read(Section file) {
    String version = file.optionalString("version").orElse("1.0");
    if (!version.equals("1.0")) {
      throw file.error("version", "expected 1.0, found '" + version + "'");
    }
    Normalizer normalizer =
        file.optionalSection("normalizer").map(Normalizers::read).orElse(text -> text);
    PreTokenizer preTokenizer =
        file.optionalSection("pre_tokenizer")
            .map(PreTokenizers::read)
            .orElse((piece, out) -> out.accept(piece));
    PostProcessor postProcessor =
        file.optionalSection("post_processor").map(PostProcessor::read).orElse(PostProcessor.NONE);
    Decoder decoder = file.optionalSection("decoder").map(Decoders::read).orElse(Decoders.NONE);
    WordModel model = readModel(file.section("model"));
    List<Section> tokens =
        file.get("added_tokens").isPresent() ? file.sections("added_tokens") : List.of();
    AddedTokens addedTokens = AddedTokens.read(tokens, model.vocabulary(), normalizer);
    return new PipelineTokenizer(addedTokens, preTokenizer, model, postProcessor, decoder);
  }

  /** Old files do not state the type of a model; then it is one with merges. */
  private static WordModel readModel(Section section) {
    String type = section.optionalString("type").orElse("BPE");
    return switch (type) {
      case "BPE" -> BytePairModel.read(section);
      case "WordPiece" -> WordPieceModel.read(section);
      default ->
          throw section.error(
              "type", "the model '" + type + "' is not supported; supported are BPE and WordPiece");
    };
  }
}
