// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.gguf;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.quant4j.checkpoint.gguf.GgufPreset;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/**
 * The parts of docs/gguf.md that come from the descriptions. With {@code -Dquant4j.docs=write} they
 * are written instead of compared.
 */
class GgufDocsTest {
  private static final Path PAGE = Path.of("..", "docs", "gguf.md");
  private static final String REGENERATE =
      "; write it with './mvnw -pl quant-models -am test -Dtest=GgufDocsTest"
          + " -Dsurefire.failIfNoSpecifiedTests=false -Dquant4j.docs=write'";

  @Test
  void theArchitecturesAreThoseOfTheLibrary() throws IOException {
    StringBuilder table = new StringBuilder("| architecture | families | |\n|---|---|---|\n");
    for (GgufArchitecture architecture : GgufArchitectures.all()) {
      table
          .append("| `")
          .append(architecture.name())
          .append("` | `")
          .append(String.join("`, `", architecture.families()))
          .append("` | ")
          .append(architecture.about())
          .append(" |\n");
    }
    section("architectures", table.toString());
  }

  @Test
  void thePresetsAreThoseOfTheLibrary() throws IOException {
    section("presets", "`" + String.join("`, `", GgufPreset.names()) + "`\n");
  }

  private static void section(String name, String generated) throws IOException {
    String begin = "<!-- begin of " + name + ", which is generated -->\n\n";
    String end = "\n<!-- end of " + name + " -->";
    String page = Files.readString(PAGE).replace("\r\n", "\n");
    int from = page.indexOf(begin) + begin.length();
    int to = page.indexOf(end);
    if ("write".equals(System.getProperty("quant4j.docs"))) {
      Files.writeString(PAGE, page.substring(0, from) + generated + page.substring(to));
    } else {
      assertEquals(generated, page.substring(from, to), PAGE + REGENERATE);
    }
  }

  /** Files that nobody lists would not be read. */
  @Test
  void theIndexHasEveryFile() throws IOException {
    Path folder =
        Path.of("src", "main", "resources", "io", "github", "quant4j", "model", "gguf")
            .resolve("architectures");
    Set<String> files = new TreeSet<>();
    try (var list = Files.list(folder)) {
      list.map(file -> file.getFileName().toString())
          .filter(file -> file.endsWith(".json"))
          .forEach(file -> files.add(file.replace(".json", "")));
    }
    Set<String> known = new TreeSet<>(Set.of("gguf"));
    GgufArchitectures.all().forEach(one -> known.add(one.name()));
    assertEquals(files, known);
  }
}
