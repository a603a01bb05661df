// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.bench.accuracy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.recipe.PublishedRecipes;
import io.github.quant4j.recipe.RecipeException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AccuracyReportTest {
  @TempDir private Path directory;

  private static String entry(String method, String recipe, double score, double kl) {
    return ("{'benchmark': 'io.github.quant4j.bench.accuracy.AccuracyVersusBitOperations."
            + method
            + "', 'params': {'recipe': '"
            + recipe
            + "', 'model': '', 'text': '', 'threads': '1', 'prompt': '128'},"
            + " 'primaryMetric': {'score': 1e9, 'scorePercentiles': {'0.0': 1, '50.0': "
            + score
            + "}, 'scoreUnit': 'ms/op'}, 'secondaryMetrics': {'perplexity': {'score': 40.5},"
            + " 'kl': {'score': "
            + kl
            + "}, 'top1': {'score': 0.875}, 'bitsPerWeight': {'score': 4.25},"
            + " 'bitOperations': {'score': 321e6}, 'bitOperationsWithAdders': {'score': 400e6},"
            + " 'trafficBytes': {'score': 2.5e6}, 'modelBytes': {'score': 3.7e6}}}")
        .replace('\'', '"');
  }

  @Test
  void methodsOfARecipeShareARow() throws IOException {
    AccuracyReport report =
        AccuracyReport.parse(
            "["
                + String.join(
                    ",",
                    entry("decode", "original", 0.5, 0),
                    entry("decode", "awq | int4:g64:sym rtn", 0.25, 0.0275),
                    entry("prefill", "awq | int4:g64:sym rtn", 12.5, 0.0275),
                    "{\"benchmark\": \"another.Benchmark.run\"}")
                + "]");
    List<String> lines = report.toMarkdown().lines().toList();
    assertEquals(6, lines.size());
    String policy = "bit operations of layers; not head, embeddings, first layer, attention; ";
    assertTrue(lines.getLast().startsWith("Counted: " + policy), lines.getLast());
    assertEquals(
        "| `original` | 4.25 | 3.70 | 40.50 | 0.0000 | 87.5 % | 321 | 400 | 2.50 | 0.500 |  |",
        lines.get(2));
    assertEquals(
        "| `awq \\| int4:g64:sym rtn` | 4.25 | 3.70 | 40.50 | 0.0275 | 87.5 % | 321 | 400"
            + " | 2.50 | 0.250 | 12.50 |",
        lines.get(3));
    String page = report.toPage();
    assertTrue(page.contains("KL against milliseconds for a decoded token"));
    assertTrue(page.contains(policy));
    assertThrows(IllegalArgumentException.class, () -> AccuracyReport.parse("[]"));
    assertThrows(IllegalArgumentException.class, () -> AccuracyReport.parse("{}"));
  }

  @Test
  void parametersNameRecipes() throws IOException {
    Path list =
        Files.writeString(
            directory.resolve("recipes.txt"),
            "# recipes\nint3:g64:sym rtn + lowrank(16,int8)   # with a comma\n\nQuaRot\n");
    assertEquals("", RecipeParameter.recipe("original"));
    assertEquals(
        PublishedRecipes.recipe("int3:g64:sym rtn + lowrank(16,int8)").toString(),
        RecipeParameter.recipe(list + ":2"));
    String published = PublishedRecipes.get("QuaRot").recipe().toString();
    assertEquals(published, RecipeParameter.recipe(list + ":4"));
    assertEquals(published, RecipeParameter.recipe("quarot"));
    assertEquals("int4:g64:sym rtn", RecipeParameter.recipe("int4:g64:sym rtn"));
    assertThrows(RecipeException.class, () -> RecipeParameter.recipe("no-such-file.txt:2"));
  }

  @ParameterizedTest
  @ValueSource(strings = {":0", ":1", ":3", ":5"})
  void linesMustHoldARecipe(String line) throws IOException {
    Path list = Files.writeString(directory.resolve("recipes.txt"), "# none\nQuaRot\n\nQuaRot\n");
    IllegalArgumentException error =
        assertThrows(IllegalArgumentException.class, () -> RecipeParameter.recipe(list + line));
    assertTrue(String.valueOf(error.getMessage()).contains("expected a line"), error::getMessage);
  }

  @Test
  void theBundledModelIsFound() {
    assertTrue(Files.isDirectory(RepositoryFiles.model("")));
    assertTrue(Files.isRegularFile(RepositoryFiles.text("")));
    assertTrue(RepositoryFiles.find("docs/recipes.txt").isPresent());
    assertThrows(IllegalArgumentException.class, () -> RepositoryFiles.model("no-such-model"));
  }
}
