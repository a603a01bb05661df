// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.recipe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.kernel.KernelOptions;
import io.github.quant4j.kernel.Kernels;
import io.github.quant4j.layer.LayerInput;
import io.github.quant4j.layer.LinearLayer;
import io.github.quant4j.layer.LinearQuantizer;
import io.github.quant4j.linear.QuantizedLinear;
import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.testing.SeededRandom;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class PublishedRecipesTest {
  private static final int IN = 256;
  private static final int OUT = 128;
  private static final int SEEN = 384;
  private static final int UNSEEN = 96;
  private static final KernelOptions SCALAR = KernelOptions.defaults().withProvider("scalar");

  private static FloatMatrix seen = FloatMatrix.zeros(1, 1);
  private static FloatMatrix unseen = FloatMatrix.zeros(1, 1);
  private static FloatMatrix weights = FloatMatrix.zeros(1, 1);
  private static LinearLayer layer = LinearLayer.of(weights);

  /**
   * Inputs as those of transformers: channels that hang together, some large ones, some that are
   * off centre. Weights have heavy tails, and some of their columns are large.
   */
  @BeforeAll
  static void makeLayer() {
    SeededRandom random = new SeededRandom(71);
    FloatMatrix directions = random.gaussianMatrix(24, IN);
    seen = inputs(random, directions, SEEN);
    unseen = inputs(random, directions, UNSEEN);
    weights = random.gaussianMatrix(OUT, IN);
    float[] scores = new float[OUT * IN];
    for (int i = 0; i < scores.length; i++) {
      int column = i % IN;
      weights.data()[i] *= random.nextInt(0, 200) == 0 ? 4 : column % 61 == 3 ? 5 : 1;
      double power = 0;
      for (int t = 0; t < 32; t++) {
        power += seen.get(t, column) * seen.get(t, column);
      }
      scores[i] = (float) (weights.data()[i] * weights.data()[i] * power);
    }
    layer = LinearLayer.of(weights).withScores(scores);
  }

  private static FloatMatrix inputs(SeededRandom random, FloatMatrix directions, int tokens) {
    FloatMatrix own = random.gaussianMatrix(tokens, IN);
    FloatMatrix common = random.gaussianMatrix(tokens, directions.rows());
    for (int t = 0; t < tokens; t++) {
      for (int j = 0; j < IN; j++) {
        double x = 0.5 * own.get(t, j);
        for (int k = 0; k < directions.rows(); k++) {
          x += 0.25 * common.get(t, k) * directions.get(k, j);
        }
        own.put(t, j, (float) (x * (j % 37 == 5 ? 20 : 1) + (j % 23 == 7 ? 3 : 0)));
      }
    }
    return own;
  }

  static List<PublishedRecipe> thoseThatShouldWin() {
    return PublishedRecipes.withVariants().stream()
        .filter(entry -> entry.baseline().isPresent())
        .toList();
  }

  /** The point of every system: less output error than plain rounding has, on unseen inputs. */
  @ParameterizedTest
  @MethodSource("thoseThatShouldWin")
  void publishedRecipesBeatPlainRounding(PublishedRecipe published) {
    Recipe plain = published.baseline().orElseThrow();
    double least = error(plain);
    double error = error(published.recipe());
    assertTrue(error < least, () -> published + ": " + error + ", but " + plain + " has " + least);
  }

  /** The relative squared error of the output, against products in double. */
  private static double error(Recipe recipe) {
    QuantizedLinear linear =
        LinearQuantizer.of(recipe)
            .withOptions(SCALAR)
            .quantize(layer, LayerInput.observe(seen, seen, SCALAR.compute()))
            .linear();
    float[] actual = new float[UNSEEN * OUT];
    Kernels.forLinear(linear, SCALAR).multiply(unseen.data(), 0, UNSEEN, actual, 0);
    double error = 0;
    double power = 0;
    for (int t = 0; t < UNSEEN; t++) {
      for (int r = 0; r < OUT; r++) {
        double expected = 0;
        for (int j = 0; j < IN; j++) {
          expected += (double) weights.get(r, j) * unseen.get(t, j);
        }
        error += Math.pow(actual[t * OUT + r] - expected, 2);
        power += expected * expected;
      }
    }
    return error / power;
  }

  @Test
  void plainRoundingIsSaidToBePlain() {
    for (PublishedRecipe entry : PublishedRecipes.withVariants()) {
      boolean isPlain = entry.baseline().map(entry.recipe()::equals).orElse(false);
      assertFalse(isPlain, () -> entry + " is its own baseline; its entry should say why");
    }
  }

  @Test
  void entriesAreCompleteAndNamesAreUniqueAndNoRecipes() {
    Set<String> names = new HashSet<>();
    for (PublishedRecipe entry : PublishedRecipes.withVariants()) {
      assertTrue(names.add(entry.name().toLowerCase(Locale.ROOT)), entry::name);
      // The name of a system must not mean something else as a recipe.
      assertThrows(
          RecipeException.class,
          () -> Recipe.parse(entry.name().toLowerCase(Locale.ROOT)),
          entry::name);
      assertFalse(entry.setting().isBlank(), entry::name);
      assertEquals(entry.title().isPresent(), entry.authors().isPresent(), entry::name);
      assertEquals(entry.title().isPresent(), entry.year().isPresent(), entry::name);
      entry
          .reference()
          .ifPresent(text -> assertTrue(text.matches("arXiv [0-9]{4}\\.[0-9]{5}"), text));
    }
    assertTrue(PublishedRecipes.all().size() >= 50, "systems");
  }

  @Test
  void systemsAreFoundByName() {
    assertEquals(
        "hadamard | int4:channel:sym mse gptq @ int4:token:sym clip(0.9)",
        Recipe.published("QuaRot").toString());
    assertEquals(Recipe.published("QuaRot"), Recipe.published(" quarot "));
    assertEquals("QuaRot", PublishedRecipes.get("QuaRot, weights only").system().get().name());
    assertEquals("arXiv 2404.00456", PublishedRecipes.get("QuaRot with RTN").reference().get());
    assertEquals(Recipe.published("AWQ"), PublishedRecipes.recipe("awq"));
    assertEquals(Recipe.parse("nvfp4"), PublishedRecipes.recipe("nvfp4"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"QuaRt", "quarott", "Qua rot"})
  void misspeltNamesAreCorrected(String name) {
    for (IllegalArgumentException error :
        List.of(
            assertThrows(IllegalArgumentException.class, () -> Recipe.published(name)),
            assertThrows(RecipeException.class, () -> PublishedRecipes.recipe(name)))) {
      String message = String.valueOf(error.getMessage());
      assertTrue(message.contains("did you mean 'QuaRot'?"), message);
      assertTrue(message.contains("'" + name + "'"), message);
    }
  }

  @Test
  void longNamesAreQuotedInPart() {
    IllegalArgumentException error =
        assertThrows(IllegalArgumentException.class, () -> Recipe.published("x".repeat(100_000)));
    assertTrue(String.valueOf(error.getMessage()).length() < 300, error::getMessage);
  }
}
