// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.study;

/**
 * One field of a study: a recipe for a model, with a seed, measured on some data.
 *
 * @param model what the model is called
 * @param data what the data is called
 * @param seed what calibration depends on
 * @param recipe the recipe, or {@link RecipeStudy#ORIGINAL}
 * @param study quantizes and measures
 */
public record StudyCell(String model, String data, long seed, String recipe, RecipeStudy<?> study) {

  /** For messages. */
  @Override
  public String toString() {
    return (recipe.equals(RecipeStudy.ORIGINAL) ? "the original" : recipe)
        + " of "
        + model
        + " on "
        + data
        + ", seed "
        + seed;
  }
}
