// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.recipe;

import io.github.quant4j.annotation.Stable;
import io.github.quant4j.json.JsonValue;
import io.github.quant4j.scheme.QuantScheme;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/** A published system, or a method to compare it with, as a recipe. Immutable. */
@Stable
public final class PublishedRecipe {
  private final JsonValue.Obj entry;
  private final Recipe recipe;
  private final @Nullable PublishedRecipe system;
  private final List<PublishedRecipe> variants;

  private PublishedRecipe(JsonValue.Obj entry, @Nullable PublishedRecipe system) {
    this.entry = entry;
    this.system = system;
    this.recipe = Recipe.parse(text(entry, "recipe"));
    this.variants =
        entry.getArray("variants").orElse(List.of()).stream()
            .map(variant -> new PublishedRecipe((JsonValue.Obj) variant, this))
            .toList();
  }

  static PublishedRecipe of(JsonValue entry) {
    return new PublishedRecipe((JsonValue.Obj) entry, null);
  }

  private static String text(JsonValue.Obj entry, String name) {
    return entry
        .getString(name)
        .orElseThrow(() -> new IllegalStateException(name + " is missing in " + entry));
  }

  /** A fact of the entry, or of the system of which it is a variant. */
  private Optional<String> fact(String name) {
    return entry.getString(name).or(() -> Optional.ofNullable(system).flatMap(s -> s.fact(name)));
  }

  /**
   * The name.
   *
   * @return for example {@code QuaRot}
   */
  public String name() {
    return text(entry, "name");
  }

  /**
   * The recipe.
   *
   * @return what the system does
   */
  public Recipe recipe() {
    return recipe;
  }

  /**
   * The widths and granularities.
   *
   * @return for example {@code W4A16, groups of 128}: bits of weights and activations
   */
  public String setting() {
    return text(entry, "setting");
  }

  /**
   * The title of the paper.
   *
   * @return empty if there is none
   */
  public Optional<String> title() {
    return fact("title");
  }

  /**
   * The authors of the paper.
   *
   * @return for example {@code Ashkboos et al.}, or empty if there is none
   */
  public Optional<String> authors() {
    return fact("authors");
  }

  /**
   * When it was first published.
   *
   * @return empty if there is no paper
   */
  public OptionalInt year() {
    Optional<Integer> year = entry.getInt("year");
    if (year.isPresent()) {
      return OptionalInt.of(year.get());
    }
    return system == null ? OptionalInt.empty() : system.year();
  }

  /**
   * Where it was published.
   *
   * @return for example {@code arXiv 2404.00456}, or empty if it is not known
   */
  public Optional<String> reference() {
    return fact("reference");
  }

  /**
   * In what the recipe differs from the paper.
   *
   * @return a sentence or more, or empty if it does not
   */
  public Optional<String> differences() {
    return fact("differs");
  }

  /**
   * Why the recipe cannot be expected to beat plain rounding.
   *
   * @return for example that it is plain rounding; empty if it should
   */
  public Optional<String> plainReason() {
    return entry.getString("plain");
  }

  /**
   * The plain rounding that the recipe should beat.
   *
   * @return nearest rounding of the same scheme with the same activations, or what stands in the
   *     place of a format of its own; empty if the recipe cannot be expected to beat it
   */
  public Optional<Recipe> baseline() {
    if (plainReason().isPresent()) {
      return Optional.empty();
    }
    Optional<String> beats = entry.getString("beats");
    if (beats.isPresent()) {
      return beats.map(Recipe::parse);
    }
    QuantScheme scheme =
        recipe
            .decomposition()
            .mainQuantizer()
            .orElseThrow(
                () ->
                    new IllegalStateException(
                        recipe + " has no plain rounding; its entry should name what it beats"))
            .scheme();
    String activations =
        recipe.activations().map(quantized -> " @ " + quantized.scheme()).orElse("");
    return Optional.of(Recipe.parse(scheme + " rtn" + activations));
  }

  /**
   * The system of which this is a variant.
   *
   * @return empty if it is one itself
   */
  public Optional<PublishedRecipe> system() {
    return Optional.ofNullable(system);
  }

  /**
   * The same system in other settings.
   *
   * @return perhaps none
   */
  public List<PublishedRecipe> variants() {
    return variants;
  }

  /**
   * Whether the documentation has measurements of it.
   *
   * @return true if it stands in {@code docs/recipes.txt}
   */
  public boolean isMeasured() {
    return entry.getBoolean("study").orElse(false);
  }

  /** The name and the recipe. */
  @Override
  public String toString() {
    return name() + ": " + recipe;
  }
}
