// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.examples.cli;

import io.github.quant4j.io.gguf.GgufMetadata;
import io.github.quant4j.io.gguf.GgufValue;
import io.github.quant4j.io.gguf.GgufValueType;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/** Metadata of GGUF files, with long arrays and texts shortened. */
final class MetadataText {
  private static final int MOST_VALUES = 8;
  private static final int LONGEST_LINE = 72;
  private static final String MORE = "...";

  private MetadataText() {}

  /** A value on one line. */
  static String shorten(GgufValue value) {
    List<String> texts =
        switch (value) {
          case GgufValue.Texts array ->
              array.values().stream().limit(MOST_VALUES).map(text -> '"' + text + '"').toList();
          case GgufValue.Numbers array ->
              IntStream.range(0, shown(array)).mapToObj(array::text).toList();
          default -> List.of();
        };
    String line = isArray(value) ? list(texts, length(value)) : value.toString();
    String clean =
        line.codePoints()
            .limit(LONGEST_LINE + 1L)
            .collect(StringBuilder::new, MetadataText::appendVisible, StringBuilder::append)
            .toString();
    return clean.length() > LONGEST_LINE
        ? clean.substring(0, LONGEST_LINE - MORE.length()) + MORE
        : clean;
  }

  /** A text of a file without what would move the cursor. */
  static String visible(String text) {
    return text.codePoints()
        .collect(StringBuilder::new, MetadataText::appendVisible, StringBuilder::append)
        .toString();
  }

  private static void appendVisible(StringBuilder text, int character) {
    switch (character) {
      case '\n' -> text.append("\\n");
      case '\t' -> text.append("\\t");
      default -> text.appendCodePoint(Character.isISOControl(character) ? '\ufffd' : character);
    }
  }

  private static String list(List<String> texts, int length) {
    List<String> shown = new ArrayList<>(texts);
    if (length > texts.size()) {
      shown.add(MORE);
    }
    return "(" + length + ") [" + String.join(", ", shown) + "]";
  }

  private static boolean isArray(GgufValue value) {
    return value instanceof GgufValue.Texts || value instanceof GgufValue.Numbers;
  }

  private static int shown(GgufValue.Numbers array) {
    return Math.min(MOST_VALUES, array.size());
  }

  private static int length(GgufValue value) {
    return switch (value) {
      case GgufValue.Texts array -> array.values().size();
      case GgufValue.Numbers array -> array.size();
      default -> 1;
    };
  }

  /** For each key its type and value; of an array the length and the first values. */
  static Map<String, ?> json(GgufMetadata metadata) {
    Map<String, Object> json = new LinkedHashMap<>();
    metadata.values().forEach((key, value) -> json.put(key, json(value)));
    return json;
  }

  private static Map<String, ?> json(GgufValue value) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("type", value.kind());
    switch (value) {
      case GgufValue.Whole whole ->
          json.put("value", whole(whole.type(), whole.value(), whole.toString()));
      case GgufValue.Real real ->
          json.put("value", real(real.type(), real.value(), real.toString()));
      case GgufValue.Flag flag -> json.put("value", flag.value());
      case GgufValue.Text text -> json.put("value", text.value());
      case GgufValue.Texts array -> {
        json.put("length", array.values().size());
        json.put("first", array.values().stream().limit(MOST_VALUES).toList());
      }
      case GgufValue.Numbers array -> {
        List<Object> first = new ArrayList<>();
        for (int i = 0; i < shown(array); i++) {
          first.add(element(array, i));
        }
        json.put("length", array.size());
        json.put("first", first);
      }
    }
    return json;
  }

  private static Object element(GgufValue.Numbers array, int index) {
    if (array.type() == GgufValueType.BOOL) {
      return array.whole(index) != 0;
    }
    if (array.type().isReal()) {
      return real(array.type(), array.real(index), array.text(index));
    }
    return whole(array.type(), array.whole(index), array.text(index));
  }

  /** A number, as short as its type allows; as text if it is not finite. */
  private static Object real(GgufValueType type, double value, String text) {
    if (!Double.isFinite(value)) {
      return text;
    }
    return type == GgufValueType.FLOAT32 ? (Object) (float) value : (Object) value;
  }

  /** A number; as text if it is one that a long cannot hold. */
  private static Object whole(GgufValueType type, long value, String text) {
    return type == GgufValueType.UINT64 && value < 0 ? text : (Object) value;
  }
}
