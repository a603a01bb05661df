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
import org.junit.jupiter.params.provider.ValueSource;

class RecipeTest {
  static List<String> many() {
    return ManyRecipes.all();
  }

  @ParameterizedTest
  @MethodSource("many")
  void recipesAreCanonicalAndRoundTrip(String text) {
    Recipe recipe = Recipe.parse(text);
    assertEquals(text, recipe.toString());
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
        "hadamard(folded, seed = 3) | int4:g64;hadamard(seed=3,folded) | int4:g64:sym rtn",
        "hadamard(seed=0) | int4:g64;hadamard | int4:g64:sym rtn",
        "int4:g64 + lowrank(16,f16,first);int4:g64:sym rtn + lowrank(16,first)",
        "int4:g64 + bias + loop(4) + sparse(0.0050);int4:g64:sym rtn + sparse(0.005) + loop(4) + bias",
        "int4:g64 + lowrank(4) + sparse(.01);int4:g64:sym rtn + sparse(0.01) + lowrank(4)",
        "int4:g64 + loop(1);int4:g64:sym rtn",
        "mxfp8e4m3 @ mxfp8e4m3 minmax;mxfp8 rtn @ mxfp8",
        "ternary2:g128;ternary2:g128:sym ptqtp",
        "ternary2:g128 ptqtp(weighted,50);ternary2:g128:sym ptqtp(50,weighted)",
        "trellis2( 10, planes=4, cd = 1 );trellis2",
        "trellis4(damp=0.010,cd=2,8)@int8:token;trellis4(8,cd=2) @ int8:token:sym",
        "int2:channel:asym + split;int2:channel:asym rtn + split(3)",
        "awq(20) | int4:g64;awq | int4:g64:sym rtn",
        "tokens(attention)|int4:g64 gptq;tokens(attention,3) | int4:g64:sym gptq",
        "tokens(attention, 2.50) | awq | int4:g64;tokens(attention,2.5) | awq | int4:g64:sym rtn",
        "retarget(.50, residual=0.5)|int4:g64;retarget(0.5) | int4:g64:sym rtn",
        "retarget(residual=0, auto) | awq | int4:g64;"
            + "retarget(auto,residual=0) | awq | int4:g64:sym rtn",
        "tokens(attention,2) | retarget(1) | int4:g64;"
            + "tokens(attention,2) | retarget(1) | int4:g64:sym rtn",
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
        "tokens | int4:g64;0;tokens;attention is missing",
        "tokens(attention,0.5) | int4:g64;17;0.5;expected above 1",
        "retarget | int4:g64;0;retarget;STRENGTH|auto is missing",
        "retarget(1.5) | int4:g64;9;1.5;expected 0 to 1",
        "retarget(0.5,residual=-1) | int4:g64;22;-1;expected 0 to 1",
        "awq | retarget(0.5) | int4:g64;6;retarget(0.5);expected smooth",
        "retarget(0.5) | retarget(0.5) | int4:g64;16;retarget(0.5);expected smooth",
        "awq | tokens(attention) | int4:g64;6;tokens(attention);expected smooth",
        "hadamrd | int4:g64;0;hadamrd;did you mean 'hadamard'?",
        "awq | int4:g64 | int4:g64;6;int4:g64;transform 'int4:g64' is not known",
        "int4:g64 rnt;9;rnt;did you mean 'rtn'?",
        "int4:g64 rtn + lowrnk(4);15;lowrnk(4);did you mean 'lowrank'?",
        "int4:g64 + sparse(0.5,salency);22;salency;did you mean 'saliency'?",
        "int4:g64 + sparse(x);18;x;is not a number",
        "int4:g64 + sparse(0.9);18;0.9;to 0.5",
        "int4:g64 + sparse;11;sparse;SHARE|Ksigma is missing",
        "int4:g64 @ int8:tokn;16;tokn;did you mean 'token'?",
        "int4:g64 @ int8:token mse;11;int8:token mse;static",
        "int4:g64 @ int8:tensor mae;23;mae;did you mean 'mse'?",
        "int4:g64 + bias @ int8:token;18;int8:token;must follow the weights",
        "smooth(2) | int4:g64;7;2;expected 0 to 1",
        "smooth | int4:g64;0;smooth;ALPHA|auto is missing",
        "hadamard(blok=4) | int4:g64;9;blok=4;is not known here",
        "hadamard(online,folded) | int4:g64;0;hadamard(online,folded);nowhere",
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
        "int9:g64;0;int9;expected 1 to 8",
        "int4:q64;5;q64;granularity",
        "int4:g64 + split + columns(0.1);19;columns(0.1);only one split",
        "int4:g64 + loop(0);16;0;1 to 1000",
        "ternary2:g128 rtn;14;rtn;ptqtp",
        "int4:g64 @ int8:token + lowrank(0);32;0;at least 1",
        "kronecker(svd) | int4:g64;10;svd;is not known here",
        "noise(0) | int4:g64;6;0;above 0",
        "int4:g64 gptq(damp=0.01f);19;0.01f;is not a number",
        "int4:g64 gptq(damp=0x1p-4);19;0x1p-4;is not a number",
        "int4:g64 mse(2d) rtn;13;2d;is not a number",
        "int4:g64 clip(shrink=NaN) rtn;21;NaN;is not a number",
        "int4:g64 percentile(1e999) rtn;20;1e999;too large",
        "smooth(1e-999) | int4:g64;7;1e-999;too small",
        "smooth(Infinity) | int4:g64;7;Infinity;is not a number",
        "levels(-1,0,1f):g64;12;1f;is not a number",
        "int4:g64 cd(2.0);12;2.0;is not a whole number",
        "int4:g64 gptq>cd(6)>rtnn;20;rtnn;did you mean 'rtn'?",
        "int4:g64 rtn @ int8:tensor percentile(99.9x);38;99.9x;is not a number",
        "awq | int4:g64 or best(int4,nf3):g64;28;nf3;did you mean 'nf4'?",
        "trellis2 gptq;9;gptq;nothing may follow",
        "trellis3(5);9;5;6 to 16",
        "trellis2(9);0;trellis2(9);no code of 2 bits with a window of 9",
        "trellis2(plain,cd=2);0;trellis2(plain,cd=2);expected no cd",
        "int4:g64 + columns(0.1,int4:q64);28;q64;did you mean 'g64'?",
        "int4:g64 + lowrank(4,first,first);27;first;stands twice",
        "int4:g64 + sparse(0.1,saliency,rounding);31;rounding;there is 'saliency' already",
        "nf4:g64:sym:second-order(9);25;9;1 to 8",
        "ternary2:q64;9;q64;did you mean 'g64'?",
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
        "retarget(0) | int4:g64;''",
        "retarget(0.5) | int4:g64;GRAM,CROSS_MOMENT,RESIDUAL_MOMENT",
        "retarget(auto,residual=0) | int4:g64;GRAM,CROSS_MOMENT",
        "retarget(0,residual=1) | int4:g64;GRAM,CROSS_MOMENT,RESIDUAL_MOMENT",
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

  /** A long text is neither repeated as a whole nor compared letter by letter with known words. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "%s",
        "int4:g64 %s",
        "int4:%s",
        "int4:g64:%s",
        "int4:g64 gptq(damp=%s)",
        "int4:g64 gptq(%s)",
        "int4:g64 rtn @ int8:%s",
        "%s(0.5) | int4:g64",
        "int4:g64 + %s",
        "levels(%s):g64",
        "best(%s):g64",
      })
  void longTextsAreQuotedInPart(String frame) {
    for (String part : List.of("x", "1", "int4,", "(", ">", "\u001b[2J", "\ud83d\ude00")) {
      String text = frame.formatted(part.repeat(100_000));
      RecipeException error = assertThrows(RecipeException.class, () -> Recipe.parse(text));
      String message = String.valueOf(error.getMessage());
      assertTrue(message.length() < 600, message);
      assertTrue(message.chars().noneMatch(Character::isISOControl), message);
      assertEquals(text, error.recipe());
    }
  }

  /** Whatever the text, it is a recipe that round-trips, or there is an error within the text. */
  @Test
  void mutatedRecipesNeverFailOtherwise() {
    SeededRandom random = new SeededRandom(20);
    String alphabet = "abcdefghijklmnopqrstuvwxyz0123456789:|@+(),.=->  \u00e9\t";
    List<String> many = many();
    int accepted = 0;
    for (int i = 0; i < 4000; i++) {
      StringBuilder text = new StringBuilder(many.get(random.nextInt(0, many.size())));
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
            mutated.startsWith(e.word(), e.position()),
            () -> mutated + ": '" + e.word() + "' at " + e.position());
      }
    }
    assertTrue(accepted > 40, "mutations that are recipes: " + accepted);
  }
}
