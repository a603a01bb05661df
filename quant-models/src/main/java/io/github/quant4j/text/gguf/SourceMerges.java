// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.text.gguf;

import io.github.quant4j.json.JsonValue;
import io.github.quant4j.text.file.Section;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.SequencedSet;
import org.jspecify.annotations.Nullable;

/** The merges of a tokenizer file by rank. */
final class SourceMerges {
  private SourceMerges() {}

  static List<Merge> read(Section model) {
    // Of two merges of the same pair the later counts.
    Map<Merge, Integer> ranks = new LinkedHashMap<>();
    List<JsonValue> elements = model.array("merges");
    for (int i = 0; i < elements.size(); i++) {
      Merge merge = merge(elements.get(i), model.pathOf("merges") + "[" + i + "]");
      if (merge != null) {
        ranks.remove(merge);
        ranks.put(merge, i);
      }
    }
    return new ArrayList<>(ranks.keySet());
  }

  private static @Nullable Merge merge(JsonValue element, String path) {
    if (element instanceof JsonValue.Arr pair && pair.elements().size() == 2) {
      return new Merge(
          Section.textOf(pair.elements().get(0), path),
          Section.textOf(pair.elements().get(1), path));
    }
    String text = Section.textOf(element, path);
    if (text.startsWith("#version")) {
      return null;
    }
    int space = text.indexOf(' ');
    if (space < 0 || text.indexOf(' ', space + 1) >= 0) {
      throw new IllegalArgumentException(
          path + ": expected two tokens with one space between, found '" + text + "'");
    }
    return new Merge(text.substring(0, space), text.substring(space + 1));
  }

  /**
   * The merges as GGUF metadata has them.
   *
   * @throws IllegalArgumentException if a token has a space behind its first character, which would
   *     be read as the one between the two
   */
  static List<String> toMetadata(List<Merge> merges) {
    List<String> texts = new ArrayList<>(merges.size());
    for (Merge merge : merges) {
      if (merge.left().indexOf(' ', 1) >= 0 || merge.left().isEmpty()) {
        throw new IllegalArgumentException(
            "model.merges: the token '"
                + merge.left()
                + "' has a space, which no GGUF file can say");
      }
      texts.add(merge.left() + " " + merge.right());
    }
    return texts;
  }

  /** What merges yield, in the order in which it is first yielded. */
  static SequencedSet<String> joined(List<Merge> merges) {
    SequencedSet<String> joined = new LinkedHashSet<>();
    for (Merge merge : merges) {
      joined.add(merge.joined());
    }
    return joined;
  }

  /** Whether all merges that yield the same token stand together, so that one score says it all. */
  static boolean standTogether(List<Merge> merges) {
    int runs = 0;
    String previous = "";
    for (Merge merge : merges) {
      if (!merge.joined().equals(previous)) {
        runs++;
        previous = merge.joined();
      }
    }
    return runs == joined(merges).size();
  }
}
