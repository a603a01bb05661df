// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.text.postprocessor;

import io.github.quant4j.json.JsonValue;
import io.github.quant4j.text.file.Section;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Puts special tokens around a text. Templates for pairs of texts are not used. Immutable.
 *
 * @param parts ids of special tokens; an empty array stands for the text
 */
public record PostProcessor(List<int[]> parts) {
  private static final int[] TEXT = {};

  /** Leaves a text as it is. */
  public static final PostProcessor NONE = new PostProcessor(List.of(TEXT));

  /**
   * Reads a post-processor.
   *
   * @param section its section
   * @return the post-processor
   * @throws IllegalArgumentException if it is malformed, or of a type that is not supported
   */
  public static PostProcessor read(Section section) {
    String type = section.string("type");
    return switch (type) {
      case "ByteLevel" -> NONE;
      case "TemplateProcessing" -> template(section);
      case "BertProcessing", "RobertaProcessing" ->
          new PostProcessor(List.of(idOf(section, "cls"), TEXT, idOf(section, "sep")));
      case "Sequence" -> sequence(section);
      default ->
          throw section.error(
              "type",
              "the post-processor '"
                  + type
                  + "' is not supported; supported are TemplateProcessing, ByteLevel,"
                  + " BertProcessing, RobertaProcessing and Sequence");
    };
  }

  private static PostProcessor sequence(Section section) {
    Optional<PostProcessor> result = Optional.empty();
    for (Section step : section.sections("processors")) {
      PostProcessor processor = read(step);
      if (!processor.leavesTexts()) {
        if (result.isPresent()) {
          throw step.error("a second processor that adds tokens is not supported");
        }
        result = Optional.of(processor);
      }
    }
    return result.orElse(NONE);
  }

  private boolean leavesTexts() {
    return parts.size() == 1 && parts.getFirst().length == 0;
  }

  private static int[] idOf(Section section, String name) {
    List<JsonValue> pair = section.array(name);
    if (pair.size() != 2) {
      throw section.error(name, "expected a token and its id");
    }
    return new int[] {Section.naturalOf(pair.get(1), section.pathOf(name) + "[1]")};
  }

  private static PostProcessor template(Section section) {
    Section tokens = section.section("special_tokens");
    List<int[]> parts = new ArrayList<>();
    for (Section piece : section.sections("single")) {
      if (piece.get("Sequence").isPresent()) {
        String id = piece.section("Sequence").string("id");
        if (!id.equals("A")) {
          throw piece.error(
              "expected the sequence 'A' in the template of a single text, found '" + id + "'");
        }
        parts.add(TEXT);
      } else {
        String name = piece.section("SpecialToken").string("id");
        Section token = tokens.section(name);
        List<JsonValue> ids = token.array("ids");
        int[] values = new int[ids.size()];
        for (int i = 0; i < values.length; i++) {
          values[i] = Section.naturalOf(ids.get(i), token.pathOf("ids") + "[" + i + "]");
        }
        if (values.length > 0) {
          parts.add(values);
        }
      }
    }
    return new PostProcessor(List.copyOf(parts));
  }

  /**
   * Applies the template.
   *
   * @param ids the tokens of the text
   * @param addSpecialTokens whether special tokens are wanted
   * @return the tokens to be fed to the model
   */
  public int[] process(int[] ids, boolean addSpecialTokens) {
    int length = 0;
    for (int[] part : parts) {
      length += part.length == 0 ? ids.length : addSpecialTokens ? part.length : 0;
    }
    int[] result = new int[length];
    int at = 0;
    for (int[] part : parts) {
      int[] source = part.length == 0 ? ids : addSpecialTokens ? part : TEXT;
      System.arraycopy(source, 0, result, at, source.length);
      at += source.length;
    }
    return result;
  }
}
