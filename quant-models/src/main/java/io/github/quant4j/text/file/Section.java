// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.text.file;

import io.github.quant4j.json.JsonValue;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * An object of a tokenizer file together with its place, so that every complaint names the element:
 * {@code pre_tokenizer.pretokenizers[1].pattern}.
 *
 * @param value the object
 * @param path where it stands in the file; empty for the whole document
 */
public record Section(JsonValue.Obj value, String path) {

  /**
   * A complaint about this section.
   *
   * @param problem what was found and what was expected
   * @return the exception, to be thrown by the caller
   */
  public IllegalArgumentException error(String problem) {
    return new IllegalArgumentException(path.isEmpty() ? problem : path + ": " + problem);
  }

  /**
   * A complaint about a member.
   *
   * @param name the member
   * @param problem what was found and what was expected
   * @return the exception, to be thrown by the caller
   */
  public IllegalArgumentException error(String name, String problem) {
    return new IllegalArgumentException(pathOf(name) + ": " + problem);
  }

  /**
   * Where a member stands.
   *
   * @param name the member
   * @return its path
   */
  public String pathOf(String name) {
    return path.isEmpty() ? name : path + "." + name;
  }

  /**
   * A member of any kind.
   *
   * @param name its name
   * @return its value, or empty if it is missing or null
   */
  public Optional<JsonValue> get(String name) {
    return value.get(name);
  }

  /**
   * A member that must be there.
   *
   * @param name its name
   * @return its value
   * @throws IllegalArgumentException if it is missing or null
   */
  public JsonValue require(String name) {
    return get(name).orElseThrow(() -> error(name, "expected a value, found none"));
  }

  /**
   * A text that must be there.
   *
   * @param name its name
   * @return its value
   * @throws IllegalArgumentException if it is missing, not a string or not well-formed UTF-16
   */
  public String string(String name) {
    return textOf(require(name), pathOf(name));
  }

  /**
   * A text that may be missing.
   *
   * @param name its name
   * @return its value, or empty if it is missing or null
   * @throws IllegalArgumentException if it is not a string or not well-formed UTF-16
   */
  public Optional<String> optionalString(String name) {
    return get(name).map(found -> textOf(found, pathOf(name)));
  }

  /**
   * A text of exactly one character (code point) that must be there.
   *
   * @param name its name
   * @return the code point
   * @throws IllegalArgumentException if it is missing or something else
   */
  public int character(String name) {
    String text = string(name);
    if (text.isEmpty() || text.codePointCount(0, text.length()) != 1) {
      throw error(name, "expected one character, found '" + text + "'");
    }
    return text.codePointAt(0);
  }

  /**
   * A flag that must be there.
   *
   * @param name its name
   * @return its value
   * @throws IllegalArgumentException if it is missing or not a boolean
   */
  public boolean flag(String name) {
    return booleanOf(require(name), name);
  }

  /**
   * A flag that may be missing.
   *
   * @param name its name
   * @param otherwise its value if it is missing or null
   * @return its value
   * @throws IllegalArgumentException if it is not a boolean
   */
  public boolean flag(String name, boolean otherwise) {
    return get(name).map(found -> booleanOf(found, name)).orElse(otherwise);
  }

  /**
   * A whole number from 0 to 2^31 - 1 that must be there.
   *
   * @param name its name
   * @return its value
   * @throws IllegalArgumentException if it is missing or something else
   */
  public int natural(String name) {
    return naturalOf(require(name), pathOf(name));
  }

  /**
   * An object that must be there.
   *
   * @param name its name
   * @return it
   * @throws IllegalArgumentException if it is missing or not an object
   */
  public Section section(String name) {
    return sectionOf(require(name), pathOf(name));
  }

  /**
   * An object that may be missing.
   *
   * @param name its name
   * @return it, or empty if it is missing or null
   * @throws IllegalArgumentException if it is not an object
   */
  public Optional<Section> optionalSection(String name) {
    return get(name).map(found -> sectionOf(found, pathOf(name)));
  }

  /**
   * An array that must be there.
   *
   * @param name its name
   * @return its elements
   * @throws IllegalArgumentException if it is missing or not an array
   */
  public List<JsonValue> array(String name) {
    JsonValue found = require(name);
    if (found instanceof JsonValue.Arr array) {
      return array.elements();
    }
    throw error(name, "expected an array, found " + found.kind());
  }

  /**
   * An array of objects that must be there.
   *
   * @param name its name
   * @return its elements
   * @throws IllegalArgumentException if it is missing or something else
   */
  public List<Section> sections(String name) {
    List<JsonValue> elements = array(name);
    List<Section> sections = new ArrayList<>(elements.size());
    for (int i = 0; i < elements.size(); i++) {
      sections.add(sectionOf(elements.get(i), pathOf(name) + "[" + i + "]"));
    }
    return sections;
  }

  private boolean booleanOf(JsonValue found, String name) {
    if (found instanceof JsonValue.Bool bool) {
      return bool.value();
    }
    throw error(name, "expected true or false, found " + found.kind());
  }

  /**
   * A value as an object.
   *
   * @param found the value
   * @param path where it stands
   * @return the section
   * @throws IllegalArgumentException if it is not an object
   */
  public static Section sectionOf(JsonValue found, String path) {
    if (found instanceof JsonValue.Obj object) {
      return new Section(object, path);
    }
    throw new IllegalArgumentException(path + ": expected an object, found " + found.kind());
  }

  /**
   * A value as a whole number.
   *
   * @param found the value
   * @param path where it stands
   * @return the number, 0 to 2^31 - 1
   * @throws IllegalArgumentException if it is something else
   */
  public static int naturalOf(JsonValue found, String path) {
    String text = found instanceof JsonValue.Num number ? number.text() : found.kind();
    // Ids are written as plain digits; parsing them as such spares a BigDecimal per token.
    if (text.length() <= 10 && text.chars().allMatch(c -> c >= '0' && c <= '9')) {
      long number = Long.parseLong(text);
      if (number <= Integer.MAX_VALUE) {
        return (int) number;
      }
    }
    throw new IllegalArgumentException(
        path
            + ": expected a whole number from 0 to 2147483647, found "
            + text.substring(0, Math.min(text.length(), 40)));
  }

  /**
   * A value as text.
   *
   * @param found the value
   * @param path where it stands
   * @return the text
   * @throws IllegalArgumentException if it is not a string, or has a lone surrogate, which no UTF-8
   *     text can hold
   */
  public static String textOf(JsonValue found, String path) {
    if (!(found instanceof JsonValue.Str text)) {
      throw new IllegalArgumentException(path + ": expected a string, found " + found.kind());
    }
    String value = text.value();
    for (int i = 0; i < value.length(); i++) {
      if (Character.isSurrogate(value.charAt(i))) {
        if (!Character.isSupplementaryCodePoint(value.codePointAt(i))) {
          throw new IllegalArgumentException(
              path + ": the string has a lone surrogate at index " + i);
        }
        i++;
      }
    }
    return value;
  }
}
