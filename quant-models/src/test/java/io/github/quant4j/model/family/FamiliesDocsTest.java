// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.family;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.json.JsonParser;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.SequencedSet;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/**
 * The parts of docs/families.md that come from the descriptions. With {@code -Dquant4j.docs=write}
 * they are written instead of compared.
 */
class FamiliesDocsTest {
  private static final Path PAGE = Path.of("..", "docs", "families.md");
  private static final String EXAMPLE = "granite";
  private static final String REGENERATE =
      "; write it with './mvnw -pl quant-models -am test -Dtest=FamiliesDocsTest"
          + " -Dsurefire.failIfNoSpecifiedTests=false -Dquant4j.docs=write'";

  private static FamilyDescription root() {
    return Families.builtIn().root();
  }

  @Test
  void everyOptionAndTensorHasAMeaning() {
    SequencedSet<String> named = new LinkedHashSet<>(root().options().sequencedKeySet());
    named.addAll(root().tensors().sequencedKeySet());
    assertEquals(
        new TreeSet<>(named),
        new TreeSet<>(root().meanings().keySet()),
        "the section 'meaning' of decoder.json has a sentence for each option and each tensor");
  }

  /** README says how many there are, and how long one is at most. */
  @Test
  void descriptionsAreManyAndShort() throws IOException {
    List<FamilyDescription> families = Families.builtIn().all();
    assertTrue(families.size() > 60, families.size() + " families");
    for (FamilyDescription family : families) {
      long lines = resource(family.name()).lines().count();
      assertTrue(lines <= 60, family.name() + ": " + lines + " lines");
    }
  }

  @Test
  void theExampleIsTheDescription() throws IOException {
    section("example", "```json\n" + resource(EXAMPLE).strip() + "\n```\n");
  }

  @Test
  void theOptionsAreThoseOfTheDescriptions() throws IOException {
    StringBuilder table = new StringBuilder("| option | default | |\n|---|---|---|\n");
    root()
        .options()
        .forEach(
            (name, value) ->
                row(table, "`" + name + "`", "`" + value + "`", root().meanings().get(name)));
    section("options", table.toString());
  }

  @Test
  void theTensorsAreThoseOfTheDescriptions() throws IOException {
    StringBuilder table = new StringBuilder("| tensor | default | |\n|---|---|---|\n");
    root()
        .tensors()
        .forEach(
            (role, name) ->
                row(
                    table,
                    "`" + role + "`",
                    name.name() == null ? "-" : "`" + name.name() + "`",
                    root().meanings().get(role)));
    section("tensors", table.toString());
  }

  @Test
  void theFamiliesAreThoseOfTheLibrary() throws IOException {
    StringBuilder table =
        new StringBuilder(
            "| name | architecture | `model_type` | extends | |\n|---|---|---|---|---|\n");
    for (FamilyDescription family : Families.builtIn().all()) {
      row(
          table,
          "`" + family.name() + "`",
          String.join(", ", family.architectures()),
          String.join(", ", family.modelTypes()),
          family
              .extended()
              .filter(base -> !base.equals(Families.ROOT))
              .map(base -> "`" + base + "`")
              .orElse(""),
          family.about());
    }
    section("families", table.toString());
  }

  /** Files that nobody lists would not be read, and lines without a file fail at the first use. */
  @Test
  void theIndexHasEveryFile() throws IOException {
    Path folder =
        Path.of("src", "main", "resources", "io", "github", "quant4j", "model", "family")
            .resolve("families");
    Set<String> files = new TreeSet<>();
    try (var list = Files.list(folder)) {
      list.map(file -> file.getFileName().toString())
          .filter(file -> file.endsWith(".json"))
          .forEach(file -> files.add(file.replace(".json", "")));
    }
    Set<String> known = new TreeSet<>(Set.of(Families.ROOT));
    Families.builtIn().all().forEach(family -> known.add(family.name()));
    assertEquals(files, known);
  }

  private static void row(StringBuilder table, String... cells) {
    for (String cell : cells) {
      table.append("| ").append(cell.replace("|", "\\|")).append(' ');
    }
    table.append("|\n");
  }

  private static String resource(String name) throws IOException {
    try (InputStream in = Families.class.getResourceAsStream("families/" + name + ".json")) {
      byte[] bytes = Objects.requireNonNull(in).readAllBytes();
      JsonParser.parseObject(bytes);
      return new String(bytes, StandardCharsets.UTF_8).replace("\r\n", "\n");
    }
  }

  private static void section(String name, String contents) throws IOException {
    String text = Files.readString(PAGE).replace("\r\n", "\n");
    String begin = "<!-- begin of " + name + ", which is generated from the descriptions -->\n";
    String end = "<!-- end of " + name + " -->";
    int from = text.indexOf(begin);
    int to = text.indexOf(end);
    assertTrue(from >= 0 && to > from, "no section '" + name + "' in docs/families.md");
    String wanted = text.substring(0, from) + begin + "\n" + contents + "\n" + text.substring(to);
    if ("write".equals(System.getProperty("quant4j.docs"))) {
      Files.writeString(PAGE, wanted);
      return;
    }
    assertEquals(wanted, text, "docs/families.md is not up to date" + REGENERATE);
  }
}
