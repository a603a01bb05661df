// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.text;

import static io.github.quant4j.text.Json.addedToken;
import static io.github.quant4j.text.Json.byteLevel;
import static io.github.quant4j.text.Json.decoders;
import static io.github.quant4j.text.Json.normalizers;
import static io.github.quant4j.text.Json.object;
import static io.github.quant4j.text.Json.preTokenizers;
import static io.github.quant4j.text.Json.replace;
import static io.github.quant4j.text.Json.split;
import static io.github.quant4j.text.Json.template;
import static io.github.quant4j.text.Json.type;

import io.github.quant4j.testing.SeededRandom;
import io.github.quant4j.text.unicode.ByteAlphabet;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SequencedSet;

/** Small tokenizer files that are put together as those of well-known models are. */
enum Families {
  GPT2 {
    @Override
    Map<String, Object> file() {
      Map<String, Object> file = byteLevelFile(false, "<|endoftext|>");
      file.put("pre_tokenizer", byteLevel(false, true));
      file.put("post_processor", byteLevel(true, true));
      return file;
    }
  },
  GPT2_PREFIX_SPACE {
    @Override
    Map<String, Object> file() {
      Map<String, Object> file = byteLevelFile(true, "<|endoftext|>");
      file.put("pre_tokenizer", byteLevel(true, true));
      file.put(
          "post_processor",
          type(
              "RobertaProcessing",
              "sep",
              List.of("</s>", 2),
              "cls",
              List.of("<s>", 0),
              "trim_offsets",
              true,
              "add_prefix_space",
              true));
      return file;
    }
  },
  LLAMA3 {
    @Override
    Map<String, Object> file() {
      Map<String, Object> file = byteLevelFile(false, "<|begin_of_text|>");
      file.put(
          "pre_tokenizer",
          preTokenizers(split(LLAMA3_PATTERN, "Isolated", false), byteLevel(false, false)));
      int id = idOf(file, "<|begin_of_text|>");
      file.put(
          "post_processor",
          type(
              "Sequence",
              "processors",
              List.of(
                  byteLevel(true, true),
                  template("<|begin_of_text|>", id, "<|begin_of_text|>", id))));
      model(file).put("ignore_merges", true);
      // A token that merges never reach, as Llama 3 has some.
      vocabulary(file).put("Ġhar" + "bour", 5000);
      return file;
    }
  },
  QWEN2 {
    @Override
    Map<String, Object> file() {
      Map<String, Object> file = byteLevelFile(true, "<|endoftext|>");
      file.put("normalizer", type("NFC"));
      file.put(
          "pre_tokenizer",
          preTokenizers(split(QWEN2_PATTERN, "Isolated", false), byteLevel(false, false)));
      file.put("post_processor", byteLevel(false, false));
      return file;
    }
  },
  MISTRAL_NEMO {
    @Override
    Map<String, Object> file() {
      Map<String, Object> file = byteLevelFile(false, "<s>");
      file.put(
          "pre_tokenizer",
          preTokenizers(split(TEKKEN_PATTERN, "Isolated", false), byteLevel(false, false)));
      model(file).put("ignore_merges", true);
      return file;
    }
  },
  GPT4_POSSESSIVE {
    @Override
    Map<String, Object> file() {
      Map<String, Object> file = byteLevelFile(false, "<|endoftext|>");
      file.put(
          "pre_tokenizer",
          preTokenizers(split(CL100K_PATTERN, "Removed", true), byteLevel(false, false)));
      return file;
    }
  },
  DEEPSEEK3 {
    @Override
    Map<String, Object> file() {
      Map<String, Object> file = byteLevelFile(false, "<|endoftext|>");
      file.put("normalizer", normalizers());
      file.put(
          "pre_tokenizer",
          preTokenizers(
              split("\\p{N}{1,3}", "Isolated", false),
              split("[一-龥\u3040-ゟ゠-ヿ]+", "Isolated", false),
              split(DEEPSEEK_PATTERN, "Isolated", false),
              byteLevel(false, false)));
      return file;
    }
  },
  BLOOM {
    @Override
    Map<String, Object> file() {
      Map<String, Object> file = byteLevelFile(false, "<s>");
      file.put(
          "pre_tokenizer",
          preTokenizers(
              split(" ?[^(\\s|[.,!?…。，、।۔،])]+", "Isolated", false), byteLevel(false, false)));
      return file;
    }
  },
  STARCODER {
    @Override
    Map<String, Object> file() {
      Map<String, Object> file = byteLevelFile(false, "<|endoftext|>");
      file.put(
          "pre_tokenizer",
          preTokenizers(type("Digits", "individual_digits", true), byteLevel(false, true)));
      return file;
    }
  },
  FALCON {
    @Override
    Map<String, Object> file() {
      Map<String, Object> file = byteLevelFile(false, "<|endoftext|>");
      file.put(
          "pre_tokenizer",
          preTokenizers(
              type("Punctuation", "behavior", "Contiguous"),
              byteLevel(false, true),
              type("Digits", "individual_digits", false),
              split("[0-9][0-9][0-9]", "Isolated", false)));
      return file;
    }
  },
  LLAMA2 {
    @Override
    Map<String, Object> file() {
      Map<String, Object> file = sentencePieceFile(true);
      file.put("normalizer", normalizers(type("Prepend", "prepend", "▁"), replace(" ", "▁")));
      file.put("decoder", LLAMA2_DECODER);
      file.put("post_processor", template("<s>", 1, "</s>", 2));
      return file;
    }
  },
  LLAMA2_NORMALIZED_TOKENS {
    @Override
    Map<String, Object> file() {
      Map<String, Object> file = sentencePieceFile(true);
      file.put("normalizer", normalizers(type("Prepend", "prepend", "▁"), replace(" ", "▁")));
      file.put("decoder", LLAMA2_DECODER);
      file.put(
          "added_tokens",
          List.of(
              addedToken(0, "<unk>", true, "normalized"),
              addedToken(1, "<s>", true, "normalized"),
              addedToken(2, "</s>", true, "normalized"),
              addedToken(9000, "word", false, "normalized", "single_word"),
              addedToken(9001, "<mask>", true, "lstrip", "rstrip")));
      return file;
    }
  },
  MISTRAL_METASPACE {
    @Override
    Map<String, Object> file() {
      Map<String, Object> file = sentencePieceFile(true);
      file.put(
          "pre_tokenizer",
          type("Metaspace", "replacement", "▁", "prepend_scheme", "first", "split", false));
      file.put("decoder", LLAMA2_DECODER);
      file.put("post_processor", template("<s>", 1, "</s>", 2));
      return file;
    }
  },
  METASPACE_ALWAYS {
    @Override
    Map<String, Object> file() {
      Map<String, Object> file = sentencePieceFile(false);
      file.put("normalizer", normalizers(type("NFKC"), type("Lowercase")));
      file.put(
          "pre_tokenizer",
          type("Metaspace", "replacement", "▁", "prepend_scheme", "always", "split", true));
      file.put("decoder", type("Metaspace", "replacement", "▁", "prepend_scheme", "always"));
      return file;
    }
  },
  GEMMA {
    @Override
    Map<String, Object> file() {
      Map<String, Object> file = sentencePieceFile(true);
      file.put("normalizer", replace(" ", "▁"));
      file.put(
          "pre_tokenizer",
          type(
              "Split",
              "pattern",
              object("String", " "),
              "behavior",
              "MergedWithPrevious",
              "invert",
              false));
      file.put("decoder", decoders(replace("▁", " "), type("ByteFallback"), type("Fuse")));
      file.put("post_processor", template("<s>", 1, "</s>", 2));
      return file;
    }
  },
  WORDS_WITH_SUFFIX {
    @Override
    Map<String, Object> file() {
      List<List<String>> words = new ArrayList<>();
      for (String word : CORPUS.split("[\\s\\p{Punct}]+", 0)) {
        List<String> symbols = characters(word);
        symbols.set(symbols.size() - 1, symbols.getLast() + "</w>");
        words.add(symbols);
      }
      BytePairTrainer trainer = new BytePairTrainer(List.of("<unk>", "!", ".</w>"));
      trainer.train(words, 120, "");
      Map<String, Object> model = Json.bytePairModel(trainer.vocabulary, trainer.spacedMerges());
      model.put("unk_token", "<unk>");
      model.put("end_of_word_suffix", "</w>");
      Map<String, Object> file = Json.file(model);
      file.put("normalizer", normalizers(type("NFD"), type("Lowercase"), type("StripAccents")));
      file.put("pre_tokenizer", type("Whitespace"));
      file.put("decoder", type("BPEDecoder", "suffix", "</w>"));
      return file;
    }
  },
  WORDS_WITH_PREFIX {
    @Override
    Map<String, Object> file() {
      List<List<String>> words = new ArrayList<>();
      for (String word : CORPUS.split("\\s+", 0)) {
        List<String> symbols = characters(word);
        for (int i = 1; i < symbols.size(); i++) {
          symbols.set(i, "##" + symbols.get(i));
        }
        words.add(symbols);
      }
      BytePairTrainer trainer = new BytePairTrainer(List.of("[UNK]"));
      trainer.train(words, 120, "##");
      Map<String, Object> model = Json.bytePairModel(trainer.vocabulary, trainer.merges);
      model.put("unk_token", "[UNK]");
      model.put("continuing_subword_prefix", "##");
      model.put("fuse_unk", true);
      Map<String, Object> file = Json.file(model);
      file.put("normalizer", type("Strip", "strip_left", true, "strip_right", true));
      file.put("pre_tokenizer", type("WhitespaceSplit"));
      file.put("decoder", type("WordPiece", "prefix", "##", "cleanup", true));
      return file;
    }
  },
  BERT {
    @Override
    Map<String, Object> file() {
      SequencedSet<String> tokens =
          new LinkedHashSet<>(List.of("[PAD]", "[UNK]", "[CLS]", "[SEP]"));
      SeededRandom random = new SeededRandom(8);
      for (String word : CORPUS.toLowerCase(Locale.ROOT).split("[\\s\\p{Punct}]+", 0)) {
        for (int i = 0; i < 3 && !word.isEmpty(); i++) {
          int cut =
              word.offsetByCodePoints(0, random.nextInt(0, word.codePointCount(0, word.length())));
          tokens.add(word.substring(0, cut == 0 ? word.length() : cut));
          tokens.add("##" + word.substring(cut));
        }
      }
      tokens.addAll(List.of(".", ",", "!", "'", "##a", "##e", "s", "t", "ll", "漢", "字"));
      Map<String, Integer> vocabulary = new LinkedHashMap<>();
      tokens.forEach(token -> vocabulary.put(token, vocabulary.size()));
      Map<String, Object> file =
          Json.file(
              type(
                  "WordPiece",
                  "unk_token",
                  "[UNK]",
                  "continuing_subword_prefix",
                  "##",
                  "max_input_chars_per_word",
                  20,
                  "vocab",
                  vocabulary));
      file.put(
          "added_tokens",
          List.of(
              addedToken(0, "[PAD]", true),
              addedToken(1, "[UNK]", true),
              addedToken(2, "[CLS]", true),
              addedToken(3, "[SEP]", true)));
      file.put(
          "normalizer",
          type(
              "BertNormalizer",
              "clean_text",
              true,
              "handle_chinese_chars",
              true,
              "strip_accents",
              null,
              "lowercase",
              true));
      file.put("pre_tokenizer", type("BertPreTokenizer"));
      file.put("post_processor", template("[CLS]", 2, "[SEP]", 3));
      file.put("decoder", type("WordPiece", "prefix", "##", "cleanup", true));
      return file;
    }
  };

  static final String LLAMA3_PATTERN =
      "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}|"
          + " ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
  static final String QWEN2_PATTERN =
      "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}|"
          + " ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
  static final String TEKKEN_PATTERN =
      "[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+|"
          + "[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]+[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]*|"
          + "\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
  static final String CL100K_PATTERN =
      "'(?i:[sdmt]|ll|ve|re)|[^\\r\\n\\p{L}\\p{N}]?+\\p{L}++|\\p{N}{1,3}+|"
          + " ?[^\\s\\p{L}\\p{N}]++[\\r\\n]*+|\\s++$|\\s*[\\r\\n]|\\s+(?!\\S)|\\s";
  static final String DEEPSEEK_PATTERN =
      "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[^\\r\\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+|"
          + " ?[\\p{P}\\p{S}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

  private static final Map<String, Object> LLAMA2_DECODER =
      decoders(
          replace("▁", " "),
          type("ByteFallback"),
          type("Fuse"),
          type("Strip", "content", " ", "start", 1, "stop", 0));

  /** What the vocabularies are learned from. */
  private static final String CORPUS =
      """
      The old captain said that the harbour was as quiet as it had ever been, and that the sea
      beyond it would not be. "We'll wait," he said, "it's not the wind that I don't like; it's the
      birds." There were 1234567 of them, or 1999 at least. He'd seen 12 storms.  Hello world,
      hello tokenizer! The world's oldest tokenizer said: hello, hello, the the the.
      naïve straße Ångström привет мир привет שלום مرحبا नमस्ते こんにちは こんにちは 漢字 漢字 안녕하세요
      😀 😀 👍🏽 👨‍👩‍👧‍👦 — «quote» ... --- don't I'm you're we've they'll I'd
          indented    text        with runs of      spaces
      """;

  abstract Map<String, Object> file();

  byte[] bytes() {
    return Json.bytes(file());
  }

  static List<String> characters(String word) {
    return new ArrayList<>(word.codePoints().mapToObj(Character::toString).toList());
  }

  @SuppressWarnings("unchecked")
  static Map<String, Object> model(Map<String, Object> file) {
    return (Map<String, Object>) file.get("model");
  }

  @SuppressWarnings("unchecked")
  static Map<String, Integer> vocabulary(Map<String, Object> file) {
    return (Map<String, Integer>) model(file).get("vocab");
  }

  @SuppressWarnings("unchecked")
  static int idOf(Map<String, Object> file, String addedToken) {
    return ((List<Map<String, Object>>) file.get("added_tokens"))
        .stream()
            .filter(token -> token.get("content").equals(addedToken))
            .map(token -> (Integer) token.get("id"))
            .findFirst()
            .orElseThrow();
  }

  /** The 256 bytes, merges learned from the corpus and some added tokens. */
  private static Map<String, Object> byteLevelFile(boolean spaced, String endOfText) {
    List<String> alphabet = new ArrayList<>();
    for (int b = 0; b < 256; b++) {
      int value = b;
      for (char c = 0; c < 0x144; c++) {
        if (ByteAlphabet.byteOf(c) == value) {
          alphabet.add(Character.toString(c));
        }
      }
    }
    List<List<String>> words = new ArrayList<>();
    for (String word : CORPUS.split("(?<=\\S)(?=\\s)", 0)) {
      words.add(characters(ByteAlphabet.spell(word)));
    }
    BytePairTrainer trainer = new BytePairTrainer(alphabet).train(words, 300, "");
    Map<String, Object> file =
        Json.file(
            Json.bytePairModel(
                trainer.vocabulary, spaced ? trainer.spacedMerges() : trainer.merges));
    int next = trainer.vocabulary.size();
    file.put(
        "added_tokens",
        List.of(
            addedToken(next, endOfText, true),
            addedToken(next + 1, "<|im_start|>", true),
            addedToken(next + 2, "<mask>", true, "lstrip"),
            addedToken(next + 3, "<tool>", false, "rstrip"),
            addedToken(next + 4, "<tool_call>", false),
            addedToken(next + 5, "word", false, "normalized", "single_word")));
    file.put("decoder", byteLevel(true, true));
    return file;
  }

  /** Characters, bytes and merges that do not cross from a word to the next. */
  private static Map<String, Object> sentencePieceFile(boolean byteFallback) {
    List<String> tokens = new ArrayList<>(List.of("<unk>", "<s>", "</s>"));
    if (byteFallback) {
      for (int b = 0; b < 256; b++) {
        tokens.add(String.format("<0x%02X>", b));
      }
    }
    List<List<String>> words = new ArrayList<>();
    for (String word : CORPUS.replace(' ', '▁').split("(?<=[^▁])(?=▁)|\n", 0)) {
      words.add(characters(word));
    }
    BytePairTrainer trainer = new BytePairTrainer(tokens).train(words, 300, "");
    // Rare characters are left to the bytes or the unknown token.
    SeededRandom random = new SeededRandom(5);
    trainer
        .vocabulary
        .keySet()
        .removeIf(
            token ->
                token.codePointCount(0, token.length()) == 1
                    && trainer.merges.stream().noneMatch(pair -> pair.contains(token))
                    && random.nextInt(0, 2) == 0);
    Map<String, Object> model =
        Json.bytePairModel(
            trainer.vocabulary, byteFallback ? trainer.merges : trainer.spacedMerges());
    model.put("unk_token", "<unk>");
    model.put("fuse_unk", true);
    model.put("byte_fallback", byteFallback);
    Map<String, Object> file = Json.file(model);
    file.put(
        "added_tokens",
        List.of(
            addedToken(0, "<unk>", true), addedToken(1, "<s>", true), addedToken(2, "</s>", true)));
    return file;
  }
}
