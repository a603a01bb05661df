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
import static io.github.quant4j.text.Json.type;

import io.github.quant4j.testing.SeededRandom;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Draws tokenizer files from all supported parts: merges in any order over a few characters, ids
 * with holes, stages in any combination. Texts over the same characters go with them.
 */
final class RandomFiles {
  private static final String[] ALPHABET = {
    "a", "b", "c", "A", "é", "e", "\u0301", "▁", " ", "1", "2", ".", "'", "s", "Ġ", "ß", "漢", "😀",
    "\n"
  };

  private static final String[] REGEXES = {
    Families.LLAMA3_PATTERN,
    Families.QWEN2_PATTERN,
    Families.TEKKEN_PATTERN,
    Families.CL100K_PATTERN,
    Families.DEEPSEEK_PATTERN,
    "\\s+",
    "[^a]",
    "a+|b",
    "(?<=a)b",
    "[ab](?=c)",
    "\\b",
    "c*",
    "\\d{1,2}(?=(?:\\d{2})*(?!\\d))",
    ".$"
  };

  private static final String[] BEHAVIORS = {
    "Removed", "Isolated", "MergedWithPrevious", "MergedWithNext", "Contiguous"
  };

  private final SeededRandom random;

  RandomFiles(SeededRandom random) {
    this.random = random;
  }

  private boolean chance(int percent) {
    return random.nextInt(0, 100) < percent;
  }

  private String pick(String[] from) {
    return from[random.nextInt(0, from.length)];
  }

  private <T> T pick(List<T> from) {
    return from.get(random.nextInt(0, from.size()));
  }

  /** A text over the alphabet, with some other characters. */
  String text(int length) {
    StringBuilder out = new StringBuilder();
    while (out.length() < length) {
      if (chance(10)) {
        out.repeat(pick(ALPHABET), random.nextInt(1, 70));
      } else if (chance(5)) {
        out.append(new RandomText(random).next(3));
      } else if (chance(4)) {
        out.append(chance(50) ? "<t>" : "abc");
      } else {
        out.append(pick(ALPHABET));
      }
    }
    return out.toString();
  }

  /** A tokenizer file. */
  Map<String, Object> file() {
    Map<String, Object> file = Json.file(model());
    if (chance(50)) {
      file.put("normalizer", normalizer());
    }
    if (chance(60)) {
      file.put("pre_tokenizer", preTokenizer());
    }
    if (chance(60)) {
      file.put("decoder", decoder());
    }
    if (chance(60)) {
      file.put("added_tokens", addedTokens());
    }
    return file;
  }

  private Map<String, Object> model() {
    String prefix = chance(10) ? "##" : "";
    String suffix = chance(10) ? "</w>" : "";
    Set<String> tokens = new LinkedHashSet<>();
    int letters = random.nextInt(2, ALPHABET.length);
    for (int i = 0; i < letters; i++) {
      String letter = pick(ALPHABET);
      tokens.add(letter);
      if (!prefix.isEmpty()) {
        tokens.add(prefix + letter);
      }
      if (!suffix.isEmpty()) {
        tokens.add(letter + suffix);
        tokens.add(prefix + letter + suffix);
      }
    }
    boolean bytes = chance(40);
    if (bytes) {
      for (int b = 0; b < 256; b++) {
        if (!chance(2)) {
          tokens.add(String.format("<0x%02X>", b));
        }
      }
    }
    if (chance(70)) {
      tokens.add("<unk>");
    }
    Set<List<String>> merges = new LinkedHashSet<>();
    int wanted = random.nextInt(0, 60);
    for (int i = 0; i < wanted; i++) {
      List<String> known = List.copyOf(tokens);
      String left = pick(known);
      String right = pick(known);
      if (left.contains(" ") || right.contains(" ") || left.length() + right.length() > 40) {
        continue;
      }
      if (right.startsWith(prefix) && right.length() > prefix.length()) {
        merges.add(List.of(left, right));
        tokens.add(left + right.substring(prefix.length()));
      }
    }
    List<List<String>> ordered = new ArrayList<>(merges);
    if (chance(50)) {
      shuffle(ordered);
    }
    List<String> names = new ArrayList<>(tokens);
    shuffle(names);
    Map<String, Integer> vocabulary = new LinkedHashMap<>();
    int id = 0;
    for (String name : names) {
      id += chance(5) ? random.nextInt(1, 50) : 1;
      vocabulary.put(name, id);
    }
    Map<String, Object> model =
        Json.bytePairModel(
            vocabulary,
            chance(50)
                ? ordered
                : ordered.stream().map(pair -> pair.get(0) + " " + pair.get(1)).toList());
    if (tokens.contains("<unk>") && chance(80)) {
      model.put("unk_token", "<unk>");
    }
    model.put("fuse_unk", chance(50));
    model.put("byte_fallback", bytes);
    model.put("ignore_merges", chance(20));
    model.put("continuing_subword_prefix", prefix.isEmpty() ? null : prefix);
    model.put("end_of_word_suffix", suffix.isEmpty() ? null : suffix);
    return model;
  }

  private <T> void shuffle(List<T> list) {
    for (int i = list.size() - 1; i > 0; i--) {
      int j = random.nextInt(0, i + 1);
      T moved = list.set(i, list.get(j));
      list.set(j, moved);
    }
  }

  private Map<String, Object> normalizer() {
    Object[] steps = new Object[random.nextInt(1, 4)];
    for (int i = 0; i < steps.length; i++) {
      steps[i] =
          switch (random.nextInt(0, 14)) {
            case 0 -> type("NFC");
            case 1 -> type("NFD");
            case 2 -> type("NFKC");
            case 3 -> type("NFKD");
            case 4 -> type("Lowercase");
            case 5 -> type("StripAccents");
            case 6 -> type("Strip", "strip_left", chance(50), "strip_right", chance(50));
            case 7 -> type("Nmt");
            case 8 -> type("ByteLevel");
            case 9 -> replace(" ", "▁");
            case 10 -> replace("ab", chance(50) ? "" : "c");
            case 11 ->
                type("Replace", "pattern", object("Regex", "[ \\n]{2,}|b+"), "content", "é ");
            case 12 -> type("Prepend", "prepend", "▁");
            default -> normalizers();
          };
    }
    return steps.length == 1 && chance(50) ? castToObject(steps[0]) : normalizers(steps);
  }

  @SuppressWarnings("unchecked")
  private static Map<String, Object> castToObject(Object step) {
    return (Map<String, Object>) step;
  }

  private Map<String, Object> preTokenizer() {
    Object[] steps = new Object[random.nextInt(1, 4)];
    for (int i = 0; i < steps.length; i++) {
      steps[i] =
          switch (random.nextInt(0, 11)) {
            case 0 -> byteLevel(chance(50), chance(50));
            case 1, 2, 3 -> split(pick(REGEXES), pick(BEHAVIORS), chance(30));
            case 4 ->
                type(
                    "Split",
                    "pattern",
                    object("String", chance(50) ? " " : "ab"),
                    "behavior",
                    pick(BEHAVIORS),
                    "invert",
                    chance(30));
            case 5 ->
                type(
                    "Metaspace",
                    "replacement",
                    "▁",
                    "prepend_scheme",
                    pick(new String[] {"always", "first", "never"}),
                    "split",
                    chance(50));
            case 6 -> type("Digits", "individual_digits", chance(50));
            case 7 -> type("Punctuation", "behavior", pick(BEHAVIORS));
            case 8 -> type("Whitespace");
            case 9 -> type("WhitespaceSplit");
            default -> type("CharDelimiterSplit", "delimiter", "b");
          };
    }
    return steps.length == 1 && chance(50) ? castToObject(steps[0]) : preTokenizers(steps);
  }

  private Map<String, Object> decoder() {
    Object[] steps = new Object[random.nextInt(1, 5)];
    for (int i = 0; i < steps.length; i++) {
      steps[i] =
          switch (random.nextInt(0, 9)) {
            case 0 -> byteLevel(true, true);
            case 1 -> type("ByteFallback");
            case 2 -> type("Fuse");
            case 3 -> replace("▁", " ");
            case 4 -> replace("ab", "x");
            case 5 -> type("Replace", "pattern", object("Regex", "[bc]+"), "content", "y");
            // The oracle aborts where more is cut at the end than a token has.
            case 6 -> type("Strip", "content", " ", "start", random.nextInt(0, 3), "stop", 0);
            case 7 ->
                type(
                    "Metaspace",
                    "replacement",
                    "▁",
                    "prepend_scheme",
                    pick(new String[] {"always", "never"}),
                    "split",
                    true);
            default -> type("WordPiece", "prefix", "##", "cleanup", chance(50));
          };
    }
    return decoders(steps);
  }

  private List<Object> addedTokens() {
    List<Object> tokens = new ArrayList<>();
    String[] contents = {"<t>", "abc", "ab", " ", "1", "<unk>", "é", "Ab", "漢"};
    int count = random.nextInt(1, 6);
    for (int i = 0; i < count; i++) {
      String content = pick(contents);
      List<String> flags = new ArrayList<>();
      for (String flag : new String[] {"single_word", "lstrip", "rstrip", "normalized"}) {
        // The oracle aborts where a token strips the spaces of another that is a space.
        if (chance(30) && !(content.isBlank() && flag.equals("lstrip"))) {
          flags.add(flag);
        }
      }
      tokens.add(addedToken(5000 + i, content, chance(50), flags.toArray(String[]::new)));
    }
    return tokens;
  }
}
