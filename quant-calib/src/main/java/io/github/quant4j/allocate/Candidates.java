// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.allocate;

import io.github.quant4j.recipe.PublishedRecipes;
import io.github.quant4j.recipe.Recipe;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/** Lists of recipes that layers may have. */
public final class Candidates {
  private static final String SECOND_ORDER = ":asym:second-order(4,64)";
  private static final String STRONG = " mse gptq(act-order)>cd(6)";

  private Candidates() {}

  /**
   * Integers of 2 to 8 bits in groups of 16 to 64, whose scales and zero points are quantized again
   * to 4 bits, clipped to the least error and rounded by GPTQ and coordinate descent: of one family,
   * so that width and group size are all that differs. A group of 32 with such scales takes as much
   * as one of 64 with 16-bit scales, and loses less.
   *
   * @return from the smallest on
   */
  public static List<Recipe> defaults() {
    return Stream.of(
            "int2:g64", "int2:g32", "int2:g16", "int3:g64", "int3:g32", "int3:g16", "int4:g64",
            "int4:g32", "int4:g16", "int5:g64", "int5:g32", "int6:g64", "int8:g64")
        .map(scheme -> Recipe.parse(scheme + SECOND_ORDER + STRONG))
        .toList();
  }

  /**
   * Reads a list: a recipe or the name of a published system a line; {@code #} begins a comment.
   *
   * @param text the lines
   * @return the recipes, each once
   * @throws io.github.quant4j.recipe.RecipeException if a line is not a recipe
   * @throws IllegalArgumentException if there are none
   */
  public static List<Recipe> parse(String text) {
    List<Recipe> recipes =
        text.lines()
            .map(line -> line.replaceFirst("#.*", "").strip())
            .filter(line -> !line.isEmpty())
            .map(PublishedRecipes::recipe)
            .distinct()
            .toList();
    if (recipes.isEmpty()) {
      throw new IllegalArgumentException("candidates: none, expected a recipe on each line");
    }
    return recipes;
  }

  /**
   * One candidate of each width of codes and each number of terms, so that losses are measured
   * where they differ most; those of the others follow from their errors. Of several it is the one
   * in the middle.
   *
   * @param candidates all of them
   * @return some of them
   */
  public static Set<Recipe> oneForEachWidth(List<Recipe> candidates) {
    Map<List<Object>, List<Recipe>> byWidth = new LinkedHashMap<>();
    for (Recipe recipe : candidates) {
      int width =
          recipe
              .decomposition()
              .mainQuantizer()
              .map(quantizer -> quantizer.scheme().format().bits())
              .orElse(0);
      List<Object> key =
          List.of(
              width,
              recipe.decomposition().terms().size(),
              recipe.activations(),
              recipe.transforms().size());
      byWidth.computeIfAbsent(key, _ -> new ArrayList<>()).add(recipe);
    }
    Set<Recipe> chosen = new LinkedHashSet<>();
    byWidth.values().forEach(same -> chosen.add(same.get(same.size() / 2)));
    return chosen;
  }

  /**
   * Configurations of LQ-LoRA (Guo et al., arXiv:2311.12023): NormalFloat of 2, 3 and 4 bits, and
   * integers of 8, in blocks of {@code B0} whose scales are quantized to 8 bits in blocks of {@code
   * B1} with a 16-bit scale each, {@code b + 8 / B0 + 16 / (B0 B1)} bits a weight, and a low-rank
   * term that is fitted first. Its authors offer 432, of which others dominate most.
   *
   * @param rank of the low-rank term
   * @return 24 recipes
   * @throws IllegalArgumentException if the rank is not positive
   */
  public static List<Recipe> lqLora(int rank) {
    List<Recipe> recipes = new ArrayList<>();
    for (int bits : new int[] {2, 3, 4, 8}) {
      for (int block : new int[] {16, 32, 64}) {
        for (int second : new int[] {16, 256}) {
          recipes.add(
              Recipe.parse(
                  (bits == 8 ? "int8" : NormalFloat.format(bits))
                      + ":g"
                      + block
                      + ":sym:second-order(8,"
                      + second
                      + ") rtn + lowrank("
                      + rank
                      + ",first,scaled) + loop(5)"));
        }
      }
    }
    return recipes;
  }
}
