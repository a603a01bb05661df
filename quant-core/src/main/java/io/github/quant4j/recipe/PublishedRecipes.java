// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.recipe;

import io.github.quant4j.annotation.Stable;
import io.github.quant4j.grammar.Phrase;
import io.github.quant4j.grammar.Suggestion;
import io.github.quant4j.json.JsonParser;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** Published systems as recipes: what each paper does, and in what the recipe differs. */
@Stable
public final class PublishedRecipes {
  private static final String RESOURCE = "published-recipes.json";

  private PublishedRecipes() {}

  /** Read when it is first asked for. */
  private static final class Holder {
    static final List<PublishedRecipe> SYSTEMS = read();

    private static List<PublishedRecipe> read() {
      try (InputStream stream = PublishedRecipes.class.getResourceAsStream(RESOURCE)) {
        if (stream == null) {
          throw new IllegalStateException(RESOURCE + ": missing beside the classes");
        }
        return JsonParser.parseObject(stream.readAllBytes())
            .getArray("systems")
            .orElseThrow()
            .stream()
            .map(PublishedRecipe::of)
            .toList();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  /**
   * The systems.
   *
   * @return in the order of the documentation; each knows its variants
   */
  public static List<PublishedRecipe> all() {
    return Holder.SYSTEMS;
  }

  /**
   * The systems and their variants.
   *
   * @return each variant after its system
   */
  public static List<PublishedRecipe> withVariants() {
    return all().stream()
        .flatMap(system -> Stream.concat(Stream.of(system), system.variants().stream()))
        .toList();
  }

  /**
   * Looks a system or a variant up.
   *
   * @param name in upper or lower case
   * @return empty if there is none of that name
   */
  public static Optional<PublishedRecipe> find(String name) {
    String wanted = key(name);
    return withVariants().stream().filter(entry -> key(entry.name()).equals(wanted)).findFirst();
  }

  /**
   * Looks a system or a variant up that must be there.
   *
   * @param name in upper or lower case
   * @return the entry
   * @throws IllegalArgumentException if there is none of that name; the message suggests the
   *     nearest one
   */
  public static PublishedRecipe get(String name) {
    return find(name)
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    Phrase.quoted(name)
                        + " is not the name of a published recipe"
                        + suggestion(name)
                        + "; see PublishedRecipes.all(), or 'quant recipes'"));
  }

  /**
   * Reads a recipe or the name of a published one.
   *
   * @param text a recipe, or else a name in upper or lower case
   * @return the recipe
   * @throws RecipeException if the text is neither
   */
  public static Recipe recipe(String text) {
    try {
      return Recipe.parse(text);
    } catch (RecipeException e) {
      Optional<PublishedRecipe> published = find(text);
      if (published.isPresent()) {
        return published.get().recipe();
      }
      String suggestion = suggestion(text);
      throw suggestion.isEmpty()
          ? e
          : new RecipeException(e, "neither a recipe nor the name of a published one" + suggestion);
    }
  }

  private static String suggestion(String name) {
    Map<String, String> names = new LinkedHashMap<>();
    withVariants().forEach(entry -> names.put(key(entry.name()), entry.name()));
    return Suggestion.nearest(key(name), names.keySet())
        .map(nearest -> "; did you mean '" + names.get(nearest) + "'?")
        .orElse("");
  }

  private static String key(String name) {
    return name.strip().toLowerCase(Locale.ROOT);
  }
}
