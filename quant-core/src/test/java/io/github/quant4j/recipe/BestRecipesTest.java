// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.recipe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BestRecipesTest {
  private static final List<BestRecipes.Layer> SMALL =
      List.of(
          new BestRecipes.Layer(256, 256),
          new BestRecipes.Layer(128, 256),
          new BestRecipes.Layer(256, 768));

  @ParameterizedTest
  @CsvSource({
    "2.1, trellis2",
    "3.02, trellis2",
    "3.1, trellis3",
    "4.1, trellis4",
    "5.5, int5:g64",
    "6.5, int6:g64",
    "8.1, int8:channel",
    "16, int8:channel"
  })
  void takesTheMostBitsThatAreAllowed(double bits, String format) {
    Recipe recipe = BestRecipes.within(bits, SMALL);
    assertTrue(recipe.toString().contains(format), recipe.toString());
    double used = 0;
    double weights = 0;
    for (BestRecipes.Layer layer : SMALL) {
      used += recipe.storageBits(layer.rows(), layer.columns());
      weights += layer.rows() * layer.columns();
    }
    assertTrue(used / weights <= bits, recipe + " takes " + used / weights);
  }

  /** 77 columns: no rotation is known, and 64 does not divide them. */
  @ParameterizedTest
  @CsvSource({"2.5, retarget(0.5) | trellis2", "6, int5:channel"})
  void leavesOutWhatDoesNotSuitTheShape(double bits, String text) {
    String recipe = BestRecipes.within(bits, List.of(new BestRecipes.Layer(96, 77))).toString();
    assertTrue(recipe.contains(text) && !recipe.contains("hadamard"), recipe);
  }

  @Test
  void refusesFewerBitsThanThereAreRecipesFor() {
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> Recipe.best(1.5));
    assertTrue(String.valueOf(e.getMessage()).startsWith("bits: 1.5, expected at least 2.0"));
    assertThrows(IllegalArgumentException.class, () -> BestRecipes.within(4, List.of()));
    assertEquals(Recipe.best(2.1), Recipe.parse(Recipe.best(2.1).toString()));
  }
}
