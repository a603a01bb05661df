// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.text;

import io.github.quant4j.testing.SeededRandom;

/** Draws texts that are hard on tokenizers. */
final class RandomText {
  private static final String[] WORDS = {
    "the",
    "harbour",
    "captain",
    "said",
    "old",
    "sea",
    "Hello",
    "world",
    "tokenizer",
    "I'm",
    "we'll",
    "don't",
    "IT'S",
    "you’re",
    "naïve",
    "Ångström",
    "straße",
    "ﬁne",
    "İstanbul",
    "ΣΊΣΥΦΟΣ",
    "ſoft",
    "Kelvin",
    "привет",
    "мир",
    "שלום",
    "مرحبا",
    "नमस्ते",
    "สวัสดี",
    "こんにちは",
    "カタカナ",
    "漢字",
    "안녕하세요",
    "ﷺ",
    "½",
    "Ⅷ",
    "①",
    "x²",
    "3.14",
    "1234567",
    "٣٤٥",
    "१२३",
    "e\u0301",
    "a\u0323\u0302",
    "\u1112\u1161\u11ab",
    "Ｆｕｌｌ",
    "\u01C5",
    "ŉ",
    "don\u02BCt",
    "null",
    "\u00ADsoft\u00AD"
  };

  private static final String[] EMOJI = {
    "😀", "👍🏽", "👨‍👩‍👧‍👦", "🏳️‍🌈", "🇫🇷", "❤️", "☃", "1️⃣", "🧑🏿‍🚀", "\uFE0F", "\u200D"
  };

  private static final String[] SPACES = {
    " ",
    "  ",
    "   ",
    "\t",
    "\n",
    "\n\n",
    "\r\n",
    "\r",
    " \n",
    "\n ",
    "\u00A0",
    "\u2003",
    "\u3000",
    "\u0085",
    "\u2028",
    "\u1680",
    "\u200B",
    "\u000B",
    "\f",
    "\u180E",
    "\uFEFF",
    "\u202F",
    "        "
  };

  private static final String[] SYMBOLS = {
    ".", ",", "!", "?", "...", "'", "\"", "-", "--", "—", "_", "(", ")", "{}", "[", "]", "/", "\\",
    "//", "@", "#", "$", "€", "%", "^", "&", "*", "+", "=", "<", ">", "|", "~", "`", "«", "»", "。",
    "、", "¿", "'s", "'S", "'t", "'re", "'VE", "'ll", "'D", "'ſ", "’s", "▁", "▁▁", "Ġ", "Ċ", "</w>",
    "##", "\u2E43"
  };

  private static final String[] TOKENS = {
    "<s>",
    "</s>",
    "<unk>",
    "<0x0A>",
    "<0xE2>",
    "<|endoftext|>",
    "<|begin_of_text|>",
    "<|im_start|>",
    "<|end",
    "[INST]",
    "[/INST]",
    "<mask>",
    "word",
    "wordy",
    "<tool>",
    "<tool_call>",
    "<pad>",
    "\uFFFD"
  };

  private final SeededRandom random;

  RandomText(SeededRandom random) {
    this.random = random;
  }

  /** A text of up to so many fragments. */
  String next(int fragments) {
    StringBuilder out = new StringBuilder();
    int count = random.nextInt(0, fragments + 1);
    int style = random.nextInt(0, 5);
    for (int i = 0; i < count; i++) {
      fragment(style, out);
    }
    return out.toString();
  }

  private void fragment(int style, StringBuilder out) {
    int kind = random.nextInt(0, 16);
    if (style == 0) {
      // Mostly ordinary text, so that merges of many steps occur.
      out.append(pick(WORDS)).append(kind < 12 ? " " : pick(SPACES));
      return;
    }
    switch (kind) {
      case 0, 1, 2 -> out.append(pick(WORDS));
      case 3, 4, 5 -> out.append(pick(SPACES));
      case 6, 7 -> out.append(pick(SYMBOLS));
      case 8 -> out.append(pick(EMOJI));
      case 9 -> out.append(pick(TOKENS));
      case 10 -> out.append((char) random.nextInt(0, 0x250));
      case 11 -> out.append(Integer.toString(random.nextInt(0, 1 << random.nextInt(1, 30))));
      case 12 -> out.appendCodePoint(0x300 + random.nextInt(0, 0x70));
      case 13 -> repeat(out);
      case 14 -> out.appendCodePoint(codePoint(0x10000));
      default -> out.appendCodePoint(codePoint(0x110000));
    }
  }

  private void repeat(StringBuilder out) {
    String unit = random.nextInt(0, 2) == 0 ? pick(SPACES) : pick(WORDS);
    out.repeat(unit, random.nextInt(1, 30));
  }

  private int codePoint(int bound) {
    int codePoint = random.nextInt(0, bound);
    return codePoint >= 0xD800 && codePoint < 0xE000 ? codePoint - 0x3000 : codePoint;
  }

  private String pick(String[] from) {
    return from[random.nextInt(0, from.length)];
  }
}
