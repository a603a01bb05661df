// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.allocate;

import io.github.quant4j.pipeline.Quantization;
import io.github.quant4j.recipe.PublishedRecipes;
import io.github.quant4j.recipe.Recipe;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A recipe for each layer. As text it has a line {@code layer = recipe} for each, where {@code
 * keep} leaves a layer as it is, the name of a published system stands for its recipe, {@code *} in
 * a name stands for any text and {@code #} begins a comment; so it can be kept, edited and given
 * back.
 *
 * @param notes what it was made for, printed as comments
 * @param layers the choices; the last word on a layer counts
 */
public record AllocationPlan(List<String> notes, List<LayerChoice> layers) {

  /**
   * Copies the lists.
   *
   * @throws IllegalArgumentException if no layer is quantized
   */
  public AllocationPlan {
    notes = List.copyOf(notes);
    layers = List.copyOf(layers);
    if (layers.stream().allMatch(choice -> choice.recipe().isEmpty())) {
      throw new IllegalArgumentException("plan: no layer is quantized, expected at least one");
    }
  }

  /**
   * Reads a plan.
   *
   * @param text lines {@code layer = recipe}
   * @return the plan, without notes
   * @throws IllegalArgumentException if a line is not of that form, or no layer is quantized
   * @throws io.github.quant4j.recipe.RecipeException if a recipe is not one
   */
  public static AllocationPlan parse(String text) {
    List<LayerChoice> layers = new ArrayList<>();
    List<String> lines = text.lines().toList();
    for (int i = 0; i < lines.size(); i++) {
      String line = lines.get(i).replaceFirst("(^|\\s)#.*", "").strip();
      if (line.isEmpty()) {
        continue;
      }
      int equals = line.indexOf('=');
      if (equals < 1) {
        throw new IllegalArgumentException(
            "plan, line " + (i + 1) + ": '" + line + "', expected layer = recipe");
      }
      String recipe = line.substring(equals + 1).strip();
      layers.add(
          new LayerChoice(
              line.substring(0, equals).strip(),
              recipe.equals("keep")
                  ? Optional.empty()
                  : Optional.of(PublishedRecipes.recipe(recipe))));
    }
    return new AllocationPlan(List.of(), layers);
  }

  /**
   * The recipe that most layers have.
   *
   * @return of several the first
   */
  public Recipe mainRecipe() {
    Map<Recipe, Integer> counts = new LinkedHashMap<>();
    layers.forEach(choice -> choice.recipe().ifPresent(one -> counts.merge(one, 1, Integer::sum)));
    return counts.entrySet().stream()
        .max(Map.Entry.comparingByValue(Comparator.naturalOrder()))
        .orElseThrow()
        .getKey();
  }

  /**
   * Lets a quantization follow the plan.
   *
   * @param quantization of the model that the plan is for
   * @param <I> one input of the model
   * @return the changed quantization
   */
  public <I> Quantization<I> applyTo(Quantization<I> quantization) {
    Quantization<I> changed = quantization.recipe(mainRecipe());
    for (LayerChoice choice : layers) {
      changed = changed.set(choice.layer(), choice.recipe().map(Recipe::toString).orElse("keep"));
    }
    return changed;
  }

  /** The text form. */
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder();
    notes.forEach(note -> text.append("# ").append(note).append('\n'));
    layers.forEach(choice -> text.append(choice).append('\n'));
    return text.toString();
  }
}
