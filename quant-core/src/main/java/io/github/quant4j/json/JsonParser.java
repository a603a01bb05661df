// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.json;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;

/**
 * A strict JSON parser (RFC 8259): UTF-8, no comments, no trailing commas, no duplicate names, and
 * at most 200 levels of nesting, so that hostile input costs no more than its own length.
 */
public final class JsonParser {
  private static final int MAXIMUM_DEPTH = 200;

  private final String text;
  private int position;

  private JsonParser(String text) {
    this.text = text;
  }

  /**
   * Parses a document.
   *
   * @param text the document, nothing before or behind it but white space
   * @return its value
   * @throws JsonException if the text is not JSON; the message says where
   */
  public static JsonValue parse(String text) {
    JsonParser parser = new JsonParser(text);
    JsonValue value = parser.value(0);
    parser.skipSpace();
    if (parser.position < text.length()) {
      throw parser.error("the end of the document");
    }
    return value;
  }

  /**
   * Parses a document.
   *
   * @param utf8 the document in UTF-8
   * @return its value
   * @throws JsonException if the bytes are not UTF-8 or the text is not JSON
   */
  public static JsonValue parse(byte[] utf8) {
    try {
      return parse(StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(utf8)).toString());
    } catch (CharacterCodingException e) {
      throw new JsonException("the bytes are not UTF-8", e);
    }
  }

  /**
   * Parses a document that must be an object.
   *
   * @param utf8 the document in UTF-8
   * @return the object
   * @throws JsonException if it is not UTF-8, not JSON or not an object
   */
  public static JsonValue.Obj parseObject(byte[] utf8) {
    JsonValue value = parse(utf8);
    if (value instanceof JsonValue.Obj object) {
      return object;
    }
    throw new JsonException("expected an object, found " + value.kind());
  }

  private JsonException error(String expected) {
    String found =
        position >= text.length()
            ? "the end"
            : "'" + text.substring(position, Math.min(text.length(), position + 12)) + "'";
    return new JsonException(
        "at character " + position + ": expected " + expected + ", found " + found);
  }

  private void skipSpace() {
    while (position < text.length() && " \t\n\r".indexOf(text.charAt(position)) >= 0) {
      position++;
    }
  }

  private char peek() {
    return position < text.length() ? text.charAt(position) : '\0';
  }

  private JsonValue value(int depth) {
    if (depth > MAXIMUM_DEPTH) {
      throw error("at most " + MAXIMUM_DEPTH + " levels of nesting");
    }
    skipSpace();
    return switch (peek()) {
      case '{' -> object(depth);
      case '[' -> array(depth);
      case '"' -> new JsonValue.Str(string());
      case 't' -> literal("true", new JsonValue.Bool(true));
      case 'f' -> literal("false", new JsonValue.Bool(false));
      case 'n' -> literal("null", new JsonValue.Null());
      default -> number();
    };
  }

  private JsonValue literal(String word, JsonValue value) {
    if (!text.startsWith(word, position)) {
      throw error("a value");
    }
    position += word.length();
    return value;
  }

  private JsonValue object(int depth) {
    position++;
    SequencedMap<String, JsonValue> members = new LinkedHashMap<>();
    skipSpace();
    if (peek() == '}') {
      position++;
      return new JsonValue.Obj(members);
    }
    while (true) {
      skipSpace();
      if (peek() != '"') {
        throw error("a member name");
      }
      int start = position;
      String name = string();
      skipSpace();
      if (peek() != ':') {
        throw error("':'");
      }
      position++;
      JsonValue value = value(depth + 1);
      if (members.put(name, value) != null) {
        throw new JsonException("at character " + start + ": the name '" + name + "' occurs twice");
      }
      skipSpace();
      char next = peek();
      if (next != ',' && next != '}') {
        throw error("',' or '}'");
      }
      position++;
      if (next == '}') {
        return new JsonValue.Obj(members);
      }
    }
  }

  private JsonValue array(int depth) {
    position++;
    List<JsonValue> elements = new ArrayList<>();
    skipSpace();
    if (peek() == ']') {
      position++;
      return new JsonValue.Arr(elements);
    }
    while (true) {
      elements.add(value(depth + 1));
      skipSpace();
      char next = peek();
      if (next != ',' && next != ']') {
        throw error("',' or ']'");
      }
      position++;
      if (next == ']') {
        return new JsonValue.Arr(elements);
      }
    }
  }

  private String string() {
    position++;
    StringBuilder builder = null;
    int start = position;
    while (true) {
      if (position >= text.length()) {
        throw error("the closing '\"'");
      }
      char c = text.charAt(position);
      if (c == '"') {
        String tail = text.substring(start, position);
        position++;
        return builder == null ? tail : builder.append(tail).toString();
      }
      if (c < ' ') {
        throw error("no control character within a string");
      }
      position++;
      if (c == '\\') {
        if (builder == null) {
          builder = new StringBuilder();
        }
        builder.append(text, start, position - 1).append(escape());
        start = position;
      }
    }
  }

  private char escape() {
    char c = peek();
    position++;
    return switch (c) {
      case '"', '\\', '/' -> c;
      case 'b' -> '\b';
      case 'f' -> '\f';
      case 'n' -> '\n';
      case 'r' -> '\r';
      case 't' -> '\t';
      case 'u' -> {
        int code = 0;
        for (int i = 0; i < 4; i++) {
          int digit = Character.digit(peek(), 16);
          if (digit < 0 || peek() > 'f') {
            throw error("four hexadecimal digits");
          }
          code = code << 4 | digit;
          position++;
        }
        yield (char) code;
      }
      default -> {
        position--;
        throw error("an escape character");
      }
    };
  }

  private JsonValue number() {
    int start = position;
    if (peek() == '-') {
      position++;
    }
    if (peek() == '0') {
      position++;
    } else {
      digits("a value");
    }
    if (peek() == '.') {
      position++;
      digits("a digit");
    }
    if (peek() == 'e' || peek() == 'E') {
      position++;
      if (peek() == '+' || peek() == '-') {
        position++;
      }
      digits("a digit");
    }
    return new JsonValue.Num(text.substring(start, position));
  }

  private void digits(String expected) {
    if (peek() < '0' || peek() > '9') {
      throw error(expected);
    }
    while (peek() >= '0' && peek() <= '9') {
      position++;
    }
  }
}
