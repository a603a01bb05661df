// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.recipe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.statistic.StatisticNeed;
import io.github.quant4j.testing.SeededRandom;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class RecipeTest {
  static List<PublishedRecipes.Published> published() {
    return PublishedRecipes.ALL;
  }

  @ParameterizedTest
  @MethodSource("published")
  void publishedRecipesAreCanonicalAndRoundTrip(PublishedRecipes.Published published) {
    Recipe recipe = Recipe.parse(published.recipe());
    assertEquals(published.recipe(), recipe.toString());
    assertEquals(recipe, Recipe.parse(recipe.toString()));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "int4:g64;int4:g64:sym rtn",
        "  int4:g64   rtn  ;int4:g64:sym rtn",
        "int4:g64 minmax rtn;int4:g64:sym rtn",
        "smooth( 0.50 )|int8:channel@int8:token;smooth(0.5) | int8:channel:sym rtn @ int8:token:sym",
        "hadamard(online, block = 64) | int4:g64;hadamard(block=64,online) | int4:g64:sym rtn",
        "hadamard(seed=0) | int4:g64;hadamard | int4:g64:sym rtn",
        "int4:g64 + lowrank(16,f16,first);int4:g64:sym rtn + lowrank(16,first)",
        "int4:g64 + bias + loop(4) + sparse(0.0050);int4:g64:sym rtn + sparse(0.005) + loop(4) + bias",
        "int4:g64 + lowrank(4) + sparse(.01);int4:g64:sym rtn + sparse(0.01) + lowrank(4)",
        "int4:g64 + loop(1);int4:g64:sym rtn",
        "mxfp8e4m3 @ mxfp8e4m3 minmax;mxfp8 rtn @ mxfp8",
        "ternary2:g128;ternary2:g128:sym ptqtp",
        "ternary2:g128 ptqtp(weighted,50);ternary2:g128:sym ptqtp(50,weighted)",
        "int2:channel:asym + split;int2:channel:asym rtn + split(3)",
        "awq(20) | int4:g64;awq | int4:g64:sym rtn",
        "tokens(attention)|int4:g64 gptq;tokens(attention,3) | int4:g64:sym gptq",
        "tokens(attention, 2.50) | awq | int4:g64;tokens(attention,2.5) | awq | int4:g64:sym rtn",
      })
  void otherSpellingsBecomeCanonical(String text, String canonical) {
    assertEquals(canonical, Recipe.parse(text).toString());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      quoteCharacter = '"',
      value = {
        "smoth(0.5) | int4:g64;0;smoth(0.5);did you mean 'smooth'?",
        "tokens | int4:g64;0;tokens;tokens(attention,3)",
        "tokens(attention,0.5) | int4:g64;0;tokens(attention,0.5);more than 1, found 0.5",
        "awq | tokens(attention) | int4:g64;6;tokens(attention);expected one of",
        "hadamrd | int4:g64;0;hadamrd;did you mean 'hadamard'?",
        "awq | int4:g64 | int4:g64;6;int4:g64;expected a name",
        "int4:g64 rnt;9;rnt;did you mean 'rtn'?",
        "int4:g64 rtn + lowrnk(4);15;lowrnk(4);did you mean 'lowrank'?",
        "int4:g64 + sparse(0.5,salency);22;salency;did you mean 'saliency'?",
        "int4:g64 + sparse(x);18;x;is not a number",
        "int4:g64 + sparse(0.9);11;sparse(0.9);expected up to 0.5",
        "int4:g64 + sparse;11;sparse;expected a share",
        "int4:g64 @ int8:tokn;16;tokn;did you mean 'token'?",
        "int4:g64 @ int8:token mse;11;int8:token mse;static",
        "int4:g64 @ int8:tensor mae;23;mae;did you mean 'mse'?",
        "int4:g64 + bias @ int8:token;18;int8:token;must follow the weights",
        "smooth(2) | int4:g64;0;smooth(2);expected 0 to 1",
        "smooth | int4:g64;0;smooth;expected an exponent",
        "hadamard(blok=4) | int4:g64;9;blok=4;is not known here",
        "hadamard(block=14) | int4:g64;0;hadamard(block=14);Hadamard matrix",
        "int4:g64 + lowrank(4;20;\"\";')' is missing",
        "int4:g64);8;);closes nothing",
        "awq;0;awq;weights are missing",
        "awq |;5;\"\";weights are missing",
        "| int4:g64;0;\"\";transform is missing",
        "int4:g64 +;10;\"\";compensation is missing",
        "int4:g64 @;10;\"\";activations are missing",
        "int4:g64 or;9;or;between two schemes",
        "or int4:g64;0;or;between two schemes",
        "int4:g64 or int4:clumn;17;clumn;did you mean 'column'?",
        "int4:g64 or int4:column + split;26;split;one quantized matrix",
        "int9:g64;0;int9:g64;expected 1 to 8",
        "int4:q64;5;q64;granularity",
        "int4:g64 + split + columns(0.1);19;columns(0.1);only one split",
        "int4:g64 + loop(0);11;loop(0);1 to 1000",
        "ternary2:g128 rtn;14;rtn;ptqtp",
        "int4:g64 @ int8:token + lowrank(0);24;lowrank(0);at least 1",
        "kronecker(svd) | int4:g64;10;svd;is not known here",
        "noise(0) | int4:g64;0;noise(0);adds no noise",
      })
  void mistakesAreLocatedAndExplained(String text, int position, String word, String hint) {
    RecipeException error = assertThrows(RecipeException.class, () -> Recipe.parse(text));
    String message = String.valueOf(error.getMessage());
    assertTrue(message.contains(hint), message);
    assertEquals(word, error.word(), message);
    assertEquals(position, error.position(), message);
    assertTrue(message.contains("'" + text + "'"), message);
  }

  @Test
  void anEmptyTextIsNoRecipe() {
    assertThrows(RecipeException.class, () -> Recipe.parse(""));
    assertThrows(RecipeException.class, () -> Recipe.parse("   "));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "int4:g64;''",
        "hadamard | int4:g64 @ int8:token;''",
        "smooth(0.5) | int8:channel @ int8:token;CHANNELS",
        "smooth(auto) | int4:g64;CHANNELS,GRAM",
        "smooth(auto) | int4:g64 @ int4:token;CHANNELS,GRAM,SAMPLE",
        "int4:g64 + lowrank(4,weighted);GRAM",
        "int4:g64 + sparse(0.01,saliency);GRAM",
        "int4:g64 + bias;CHANNELS",
        "int4:g64 @ int8:tensor;CHANNELS",
        "hadamard | int4:g64 @ int8:tensor;CHANNELS,SAMPLE",
        "hadamard | smooth(0.5) | int4:g64;CHANNELS,SAMPLE",
        "int4:g64 @ int8:tensor mse;CHANNELS,SAMPLE",
        "int4:g64 @ nvfp4;CHANNELS",
        "pca | int4:g64;GRAM",
      })
  void recipesSayWhatTheyNeed(String text, String needs) {
    Set<StatisticNeed> expected = EnumSet.noneOf(StatisticNeed.class);
    for (String need : needs.split(",", -1)) {
      if (!need.isEmpty()) {
        expected.add(StatisticNeed.valueOf(need));
      }
    }
    assertEquals(expected, Recipe.parse(text).needs());
  }

  /** Whatever the text, it is a recipe that round-trips, or there is an error within the text. */
  @Test
  void mutatedRecipesNeverFailOtherwise() {
    SeededRandom random = new SeededRandom(20);
    String alphabet = "abcdefghijklmnopqrstuvwxyz0123456789:|@+(),.=->  \u00e9\t";
    int accepted = 0;
    for (int i = 0; i < 4000; i++) {
      StringBuilder text =
          new StringBuilder(
              PublishedRecipes.ALL.get(random.nextInt(0, PublishedRecipes.ALL.size())).recipe());
      int edits = random.nextInt(1, 4);
      for (int edit = 0; edit < edits && !text.isEmpty(); edit++) {
        int at = random.nextInt(0, text.length());
        char c = alphabet.charAt(random.nextInt(0, alphabet.length()));
        switch (random.nextInt(0, 4)) {
          case 0 -> text.deleteCharAt(at);
          case 1 -> text.insert(at, c);
          case 2 -> text.setCharAt(at, c);
          default -> text.delete(at, Math.min(text.length(), at + random.nextInt(1, 9)));
        }
      }
      String mutated = text.toString();
      try {
        Recipe recipe = Recipe.parse(mutated);
        assertEquals(recipe, Recipe.parse(recipe.toString()), mutated);
        accepted++;
      } catch (RecipeException e) {
        assertTrue(e.position() >= 0 && e.position() <= mutated.length(), mutated);
        assertTrue(
            mutated.startsWith(e.word(), e.position()) || e.word().length() == 1,
            () -> mutated + ": '" + e.word() + "' at " + e.position());
      }
    }
    assertTrue(accepted > 40, "mutations that are recipes: " + accepted);
  }
}
