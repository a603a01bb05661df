// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.examples.cli;

import io.github.quant4j.recipe.PublishedRecipe;
import io.github.quant4j.recipe.PublishedRecipes;
import io.github.quant4j.recipe.Recipe;
import io.github.quant4j.recipe.RecipeGrammar;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.UsageMessageSpec;
import picocli.CommandLine.Parameters;

/** Lists published systems as recipes; its help explains the language. */
@Command(
    name = "recipes",
    header = "Published systems as recipes, and the language of recipes.",
    description =
        "Without a name, a table of all systems. The options --recipe and --set of other commands"
            + " take these names as well as recipes.")
final class RecipesCommand implements Callable<Integer> {
  private static final int WIDTH = 78;

  private final Quant quant;

  @Parameters(
      paramLabel = "NAME",
      arity = "0..1",
      description = "A system, in upper or lower case: all that is known of it.")
  private @Nullable String name;

  RecipesCommand(Quant quant) {
    this.quant = quant;
  }

  /**
   * Lets the help end with the language. It is made when it is asked for: to describe all steps of
   * recipes takes as long as reading a small model.
   *
   * @param line this command
   */
  static void explain(CommandLine line) {
    line.getHelpSectionMap()
        .put(
            UsageMessageSpec.SECTION_KEY_FOOTER,
            help -> {
              List<String> footer = new ArrayList<>(List.of("", "The language of recipes:", ""));
              // A percent sign begins a format there.
              RecipeGrammar.lines(WIDTH).forEach(text -> footer.add(text.replace("%", "%%")));
              help.commandSpec().usageMessage().footer(footer.toArray(String[]::new));
              return help.footer();
            });
  }

  @Override
  public Integer call() {
    if (name != null) {
      PublishedRecipe entry = PublishedRecipes.get(name);
      if (quant.isJson()) {
        quant.print(json(entry));
      } else {
        print(entry);
      }
    } else if (quant.isJson()) {
      quant.print(
          Map.of(
              "recipes",
              PublishedRecipes.withVariants().stream().map(RecipesCommand::json).toList()));
    } else {
      Table table = new Table(3, "name", "year", "setting", "recipe");
      for (PublishedRecipe entry : PublishedRecipes.withVariants()) {
        boolean isVariant = entry.system().isPresent();
        table.add(
            (isVariant ? "  " : "") + entry.name(),
            isVariant || entry.year().isEmpty() ? "" : "" + entry.year().getAsInt(),
            entry.setting(),
            entry.recipe().toString());
      }
      table.lines().forEach(quant::print);
    }
    return 0;
  }

  private void print(PublishedRecipe entry) {
    quant.print("name      " + entry.name());
    entry.system().ifPresent(system -> quant.print("system    " + system.name()));
    entry.title().ifPresent(title -> quant.print("paper     " + title));
    entry.authors().ifPresent(authors -> quant.print("authors   " + authors));
    entry.year().ifPresent(year -> quant.print("year      " + year));
    entry.reference().ifPresent(reference -> quant.print("reference " + reference));
    quant.print("setting   " + entry.setting());
    quant.print("recipe    " + entry.recipe());
    entry.differences().ifPresent(text -> quant.print("differs   " + text));
    entry.plainReason().ifPresent(text -> quant.print("plain     " + text));
    entry.baseline().ifPresent(recipe -> quant.print("beats     " + recipe));
    for (PublishedRecipe variant : entry.variants()) {
      quant.print("variant   " + variant);
    }
  }

  private static Map<String, ?> json(PublishedRecipe entry) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("name", entry.name());
    entry.system().ifPresent(system -> json.put("system", system.name()));
    entry.title().ifPresent(title -> json.put("title", title));
    entry.authors().ifPresent(authors -> json.put("authors", authors));
    entry.year().ifPresent(year -> json.put("year", year));
    entry.reference().ifPresent(reference -> json.put("reference", reference));
    json.put("setting", entry.setting());
    json.put("recipe", entry.recipe().toString());
    entry.differences().ifPresent(text -> json.put("differs", text));
    entry.plainReason().ifPresent(text -> json.put("plain", text));
    entry.baseline().map(Recipe::toString).ifPresent(text -> json.put("beats", text));
    if (!entry.variants().isEmpty()) {
      json.put("variants", entry.variants().stream().map(PublishedRecipe::name).toList());
    }
    return json;
  }
}
