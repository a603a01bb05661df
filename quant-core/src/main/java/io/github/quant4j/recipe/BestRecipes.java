// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.recipe;

import java.util.List;
import java.util.Optional;

/**
 * The recipes with the best quality at their number of bits, weights only, as docs/recipes.md
 * measures them: what is taken if a user says bits and no recipe.
 */
public final class BestRecipes {
  /** From the fewest bits to the most; of a line the first that suits all layers is taken. */
  private static final List<List<String>> LADDER =
      List.of(
          List.of("retarget(0.5) | hadamard | trellis2", "retarget(0.5) | trellis2"),
          List.of("retarget(0.5) | hadamard | trellis3", "retarget(0.5) | trellis3"),
          List.of("retarget(0.5) | hadamard | trellis4", "retarget(0.5) | trellis4"),
          List.of(
              "retarget(0.5) | int5:g64:asym mse gptq(act-order)>cd(6)>refit(2)",
              "retarget(0.5) | int5:channel:asym mse gptq(act-order)>cd(6)>refit(2)"),
          List.of(
              "retarget(0.5) | int6:g64:asym mse gptq(act-order)>cd(6)>refit(2)",
              "retarget(0.5) | int6:channel:asym mse gptq(act-order)>cd(6)>refit(2)"),
          List.of("int8:channel:sym gptq(act-order)"));

  private BestRecipes() {}

  /**
   * A weight matrix.
   *
   * @param rows outputs
   * @param columns inputs
   */
  public record Layer(int rows, int columns) {
    /**
     * Checks the sizes.
     *
     * @throws IllegalArgumentException if one is not positive
     */
    public Layer {
      if (rows < 1 || columns < 1) {
        throw new IllegalArgumentException(
            "layer: [" + rows + ", " + columns + "], expected positive sizes");
      }
    }
  }

  /**
   * The best recipe that takes at most so many bits for a weight.
   *
   * @param bits effective bits, scales included, over all layers together
   * @param layers what is quantized, at least one
   * @return the recipe, the same for all layers
   * @throws IllegalArgumentException if there are no layers, or no recipe takes so few bits on them
   */
  public static Recipe within(double bits, List<Layer> layers) {
    if (layers.isEmpty()) {
      throw new IllegalArgumentException("layers: none, expected at least one");
    }
    Recipe best = null;
    double fewest = Double.POSITIVE_INFINITY;
    for (List<String> line : LADDER) {
      Optional<Recipe> fitting = fitting(line, layers);
      if (fitting.isPresent()) {
        double needed = effectiveBits(fitting.get(), layers);
        fewest = Math.min(fewest, needed);
        best = needed <= bits ? fitting.get() : best;
      }
    }
    if (best == null) {
      throw new IllegalArgumentException(
          "bits: "
              + bits
              + ", expected at least "
              + Math.ceil(fewest * 1000) / 1000
              + ", what the smallest of the best recipes takes on these layers");
    }
    return best;
  }

  private static Optional<Recipe> fitting(List<String> line, List<Layer> layers) {
    for (String text : line) {
      Recipe recipe = Recipe.parse(text);
      if (layers.stream().allMatch(layer -> suits(recipe, layer))) {
        return Optional.of(recipe);
      }
    }
    return Optional.empty();
  }

  private static boolean suits(Recipe recipe, Layer layer) {
    try {
      return recipe.storageBits(layer.rows(), layer.columns()) > 0;
    } catch (IllegalArgumentException e) {
      return false;
    }
  }

  private static double effectiveBits(Recipe recipe, List<Layer> layers) {
    double bits = 0;
    double weights = 0;
    for (Layer layer : layers) {
      bits += recipe.storageBits(layer.rows(), layer.columns());
      weights += (double) layer.rows() * layer.columns();
    }
    return bits / weights;
  }
}
