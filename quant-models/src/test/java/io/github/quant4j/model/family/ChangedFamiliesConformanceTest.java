// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.family;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.json.JsonParser;
import io.github.quant4j.json.JsonValue;
import io.github.quant4j.json.JsonWriter;
import io.github.quant4j.model.config.InvalidModelException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Configurations of every family with each member in turn removed or replaced: read, or refused
 * with a message that names the member.
 */
@Tag("conformance")
class ChangedFamiliesConformanceTest {
  /** Null stands for removing. */
  private static final @Nullable JsonValue[] REPLACEMENTS = {
    null,
    new JsonValue.Null(),
    new JsonValue.Str("text"),
    new JsonValue.Num("-1"),
    new JsonValue.Num("1e30"),
    new JsonValue.Arr(List.of()),
    new JsonValue.Obj(new LinkedHashMap<>())
  };

  static List<Path> configurations() throws IOException {
    return FamiliesConformanceTest.configurations();
  }

  @ParameterizedTest
  @MethodSource("configurations")
  void aMemberIsReadOrNamed(Path file) throws IOException {
    JsonValue.Obj original = JsonParser.parseObject(Files.readAllBytes(file));
    ChangedConfigurations.read(original);
    TreeMap<String, String> unnamed = new TreeMap<>();
    int refused = 0;
    for (String member : original.members().keySet()) {
      for (JsonValue replacement : REPLACEMENTS) {
        SequencedMap<String, JsonValue> members = new LinkedHashMap<>(original.members());
        if (replacement == null) {
          members.remove(member);
        } else {
          members.put(member, replacement);
        }
        String what =
            member + " = " + (replacement == null ? "removed" : JsonWriter.compact(replacement));
        try {
          ChangedConfigurations.read(new JsonValue.Obj(members));
        } catch (InvalidModelException e) {
          refused++;
          assertFalse(e.problems().isEmpty(), what);
          assertEquals(e.problems().stream().distinct().toList(), e.problems(), what);
          if (e.problems().stream().noneMatch(problem -> problem.contains(member))) {
            unnamed.put(what, e.problems().toString());
          }
        } catch (RuntimeException e) {
          throw new AssertionError(file + ", " + what, e);
        }
      }
    }
    assertEquals(new TreeMap<>(), unnamed, file.toString());
    assertTrue(refused > original.members().size(), file + ": only " + refused + " were refused");
  }
}
