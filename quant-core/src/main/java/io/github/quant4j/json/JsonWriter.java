// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.json;

import java.util.Iterator;
import java.util.Map;

/** Writes JSON text. */
public final class JsonWriter {
  private JsonWriter() {}

  /**
   * On one line, without spaces.
   *
   * @param value the tree
   * @return the text
   */
  public static String compact(JsonValue value) {
    StringBuilder out = new StringBuilder();
    write(value, out, -1);
    return out.toString();
  }

  /**
   * Indented by two spaces, with a line end behind it.
   *
   * @param value the tree
   * @return the text
   */
  public static String pretty(JsonValue value) {
    StringBuilder out = new StringBuilder();
    write(value, out, 0);
    return out.append('\n').toString();
  }

  /** A negative depth means compact. */
  private static void write(JsonValue value, StringBuilder out, int depth) {
    switch (value) {
      case JsonValue.Obj object -> {
        out.append('{');
        Iterator<Map.Entry<String, JsonValue>> members = object.members().entrySet().iterator();
        boolean any = members.hasNext();
        while (members.hasNext()) {
          Map.Entry<String, JsonValue> member = members.next();
          lineBreak(out, depth, 1);
          string(member.getKey(), out);
          out.append(depth < 0 ? ":" : ": ");
          write(member.getValue(), out, depth < 0 ? depth : depth + 1);
          if (members.hasNext()) {
            out.append(',');
          }
        }
        if (any) {
          lineBreak(out, depth, 0);
        }
        out.append('}');
      }
      case JsonValue.Arr array -> {
        out.append('[');
        Iterator<JsonValue> elements = array.elements().iterator();
        boolean any = elements.hasNext();
        while (elements.hasNext()) {
          lineBreak(out, depth, 1);
          write(elements.next(), out, depth < 0 ? depth : depth + 1);
          if (elements.hasNext()) {
            out.append(',');
          }
        }
        if (any) {
          lineBreak(out, depth, 0);
        }
        out.append(']');
      }
      case JsonValue.Str text -> string(text.value(), out);
      case JsonValue.Num number -> out.append(number.text());
      case JsonValue.Bool bool -> out.append(bool.value());
      case JsonValue.Null() -> out.append("null");
    }
  }

  private static void lineBreak(StringBuilder out, int depth, int more) {
    if (depth >= 0) {
      out.append('\n').append("  ".repeat(depth + more));
    }
  }

  private static void string(String text, StringBuilder out) {
    out.append('"');
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      switch (c) {
        case '"' -> out.append("\\\"");
        case '\\' -> out.append("\\\\");
        case '\n' -> out.append("\\n");
        case '\r' -> out.append("\\r");
        case '\t' -> out.append("\\t");
        default -> {
          // A lone surrogate has no UTF-8 form, so it is escaped; pairs are left as they are.
          boolean lone =
              Character.isSurrogate(c)
                  && !(Character.isHighSurrogate(c)
                      && i + 1 < text.length()
                      && Character.isLowSurrogate(text.charAt(i + 1)))
                  && !(Character.isLowSurrogate(c)
                      && i > 0
                      && Character.isHighSurrogate(text.charAt(i - 1)));
          if (c < ' ' || lone) {
            out.append(String.format("\\u%04x", (int) c));
          } else {
            out.append(c);
          }
        }
      }
    }
    out.append('"');
  }
}
