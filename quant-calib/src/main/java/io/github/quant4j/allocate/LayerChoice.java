// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.allocate;

import io.github.quant4j.recipe.Recipe;
import java.util.Optional;

/**
 * What a layer gets.
 *
 * @param layer its name
 * @param recipe how it is quantized; empty if it is kept
 */
public record LayerChoice(String layer, Optional<Recipe> recipe) {

  /** As in a plan's file, for example {@code model.layers.0.mlp.up_proj = int4:g64:asym gptq}. */
  @Override
  public String toString() {
    return layer + " = " + recipe.map(Recipe::toString).orElse("keep");
  }
}
