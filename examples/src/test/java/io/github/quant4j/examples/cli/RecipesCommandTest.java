// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.examples.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.json.JsonValue;
import io.github.quant4j.recipe.PublishedRecipes;
import io.github.quant4j.recipe.Recipe;
import java.util.List;
import org.junit.jupiter.api.Test;

class RecipesCommandTest {
  private static final String QUAROT = Recipe.published("QuaRot").toString();

  @Test
  void theTableHasEverySystem() {
    CommandRun run = CommandRun.of("recipes");
    assertEquals(0, run.status(), run.err());
    assertEquals(PublishedRecipes.withVariants().size() + 1, run.out().lines().count());
    assertTrue(run.out().lines().anyMatch(line -> line.endsWith(QUAROT)), run.out());
    CommandRun json = CommandRun.of("recipes", "--json");
    List<JsonValue> entries = json.json().getArray("recipes").orElseThrow();
    assertEquals(PublishedRecipes.withVariants().size(), entries.size());
  }

  @Test
  void oneSystemIsShownInFull() {
    CommandRun run = CommandRun.of("recipes", "quarot");
    assertTrue(run.out().contains("recipe    " + QUAROT), run.out());
    assertTrue(run.out().contains("arXiv 2404.00456"), run.out());
    JsonValue.Obj json = CommandRun.of("recipes", "QuaRot", "--json").json();
    assertEquals(QUAROT, json.getString("recipe").orElseThrow());
    assertEquals(2024, json.getInt("year").orElseThrow());
    CommandRun.of("recipes", "QuaRut")
        .requireFailure(Failure.CALL, "'QuaRut'", "did you mean 'QuaRot'?");
  }

  @Test
  void theHelpHasTheLanguage() {
    String help = CommandRun.of("help", "recipes").out();
    assertTrue(help.contains("gptq[([act-order],[current],[damp=D],[block=B])]"), help);
    assertTrue(help.contains("\n      damp=D: what is added to the diagonal"), help);
    assertTrue(help.lines().allMatch(line -> line.length() <= 80), help);
  }

  @Test
  void otherCommandsTakeNames() {
    JsonValue.Obj json =
        CommandRun.of("estimate", CommandRun.MODEL, "--recipe", "quarot", "--json").json();
    assertEquals(QUAROT, json.getString("recipe").orElseThrow());
    CommandRun set =
        CommandRun.of(
            "estimate", CommandRun.MODEL, "--recipe", "RTN", "--set", "*.o_proj=QuaRot", "--json");
    assertTrue(set.out().contains(QUAROT), set.out());
  }

  @Test
  void anErrorPointsAtTheWord() {
    CommandRun run = CommandRun.of("estimate", CommandRun.MODEL, "--recipe", "int4:g64 gptq>rnt");
    run.requireFailure(Failure.CALL, "at 14: rounding 'rnt' is not known; did you mean 'rtn'?");
    assertEquals(
        List.of("  int4:g64 gptq>rnt", "                ^^^"), run.err().lines().skip(1).toList());
    CommandRun.of("estimate", CommandRun.MODEL, "--recipe", "QuaRt")
        .requireFailure(Failure.CALL, "did you mean 'QuaRot'?");
  }
}
