// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.recipe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/**
 * The parts of the documentation that come from tables of the code. With {@code
 * -Dquant4j.docs=write} they are written instead of compared.
 */
class RecipeDocsTest {
  private static final Path DOCS = Path.of("..", "docs");
  private static final String REGENERATE =
      "; write it with './mvnw -pl quant-core -am test -Dtest=RecipeDocsTest"
          + " -Dsurefire.failIfNoSpecifiedTests=false -Dquant4j.docs=write'";

  @Test
  void theGrammarIsThatOfTheCode() throws IOException {
    section("grammar", RecipeGrammar.markdown());
  }

  @Test
  void theListOfSystemsIsThatOfTheCode() throws IOException {
    StringBuilder table =
        new StringBuilder("| system | paper | setting | recipe |\n|---|---|---|---|\n");
    for (PublishedRecipe entry : PublishedRecipes.withVariants()) {
      String paper =
          entry.system().isPresent()
              ? ""
              : entry
                  .authors()
                  .map(authors -> authors + ", " + entry.year().getAsInt())
                  .map(text -> text + entry.reference().map(place -> ", " + place).orElse(""))
                  .orElse("");
      table.append(
          "| %s | %s | %s | `%s` |%n"
              .formatted(
                  entry.name(),
                  paper,
                  entry.setting(),
                  entry.recipe().toString().replace("|", "\\|")));
    }
    section("systems", table.toString().replace(System.lineSeparator(), "\n"));
  }

  @Test
  void theDifferencesAreThoseOfTheCode() throws IOException {
    StringBuilder list = new StringBuilder();
    for (PublishedRecipe entry : PublishedRecipes.all()) {
      entry
          .differences()
          .ifPresent(
              text -> list.append(wrapped("* **" + entry.name() + "**: " + text)).append('\n'));
    }
    section("differences", list.toString());
  }

  /** The measured recipes are those of the code, and the table has a row for each. */
  @Test
  void theMeasuredRecipesAreThoseOfTheCode() throws IOException {
    List<PublishedRecipe> measured =
        PublishedRecipes.withVariants().stream().filter(PublishedRecipe::isMeasured).toList();
    String text =
        measured.stream()
            .map(entry -> "%-77s # %s\n".formatted(entry.recipe(), entry.name()))
            .collect(Collectors.joining());
    compare(DOCS.resolve("recipes.txt"), text);
    List<String> rows = new ArrayList<>();
    for (String line : Files.readAllLines(DOCS.resolve("recipes.md"))) {
      if (line.matches("\\| .* \\| `.*` \\|( +[0-9.]+( %)? \\|){5}")) {
        rows.add(line.replaceFirst("(\\| .* \\| `.*` \\|).*", "$1"));
      }
    }
    assertEquals(
        measured.stream()
            .map(
                entry ->
                    "| "
                        + entry.name()
                        + " | `"
                        + entry.recipe().toString().replace("|", "\\|")
                        + "` |")
            .collect(Collectors.joining("\n")),
        String.join("\n", rows),
        "the table of measurements in docs/recipes.md; it has the figures of './quant compare'");
  }

  private static void section(String name, String contents) throws IOException {
    Path file = DOCS.resolve("recipes.md");
    String text = Files.readString(file).replace("\r\n", "\n");
    String begin = "<!-- begin of " + name + ", which is generated from the code -->\n";
    String end = "<!-- end of " + name + " -->";
    int from = text.indexOf(begin);
    int to = text.indexOf(end);
    assertTrue(from >= 0 && to > from, "no section '" + name + "' in docs/recipes.md");
    compare(file, text.substring(0, from) + begin + "\n" + contents + "\n" + text.substring(to));
  }

  private static void compare(Path file, String wanted) throws IOException {
    if ("write".equals(System.getProperty("quant4j.docs"))) {
      Files.writeString(file, wanted);
      return;
    }
    assertEquals(
        wanted,
        Files.readString(file).replace("\r\n", "\n"),
        file.getFileName() + " is not up to date" + REGENERATE);
  }

  /** Lines of at most 120 characters. */
  private static String wrapped(String text) {
    StringBuilder wrapped = new StringBuilder();
    int column = 0;
    for (String word : text.split(" ", -1)) {
      if (column > 0 && column + 1 + word.length() > 120) {
        wrapped.append("\n ");
        column = 1;
      }
      wrapped.append(column == 0 ? "" : " ").append(word);
      column += word.length() + (column == 0 ? 0 : 1);
    }
    return wrapped.toString();
  }
}
