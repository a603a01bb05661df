// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.bench.accuracy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.evaluate.Evaluation;
import io.github.quant4j.evaluate.EvaluationOptions;
import io.github.quant4j.evaluate.EvaluationResult;
import io.github.quant4j.model.LanguageModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

class AccuracyVersusBitOperationsTest {
  @TempDir private Path directory;

  private Collection<RunResult> run(Path text, String... recipes) throws RunnerException {
    return new Runner(
            new OptionsBuilder()
                .include(AccuracyVersusBitOperations.class.getSimpleName())
                .param("recipe", recipes)
                .param("text", text.toString())
                .param("context", "64")
                .param("prompt", "16")
                .param("cache", directory.resolve("cache").toString())
                .forks(0)
                .warmupIterations(1)
                .warmupTime(TimeValue.milliseconds(50))
                .measurementIterations(3)
                .measurementTime(TimeValue.milliseconds(50))
                .verbosity(VerboseMode.SILENT)
                .build())
        .run();
  }

  /** However many iterations there are, secondary results are what an evaluation gives. */
  @Test
  void secondaryResultsAreThoseOfTheModel() throws Exception {
    String all = Files.readString(RepositoryFiles.text(""));
    Path text = Files.writeString(directory.resolve("text.txt"), all.substring(0, 1500));
    Collection<RunResult> results = run(text, "original", "int4:g64:sym rtn");
    assertEquals(4, results.size());
    try (LanguageModel original = LanguageModel.open(RepositoryFiles.model(""));
        LanguageModel quantized = LanguageModel.open(quantized())) {
      EvaluationOptions options = EvaluationOptions.defaults().withContext(64);
      for (RunResult result : results) {
        boolean isOriginal = result.getParams().getParam("recipe").equals("original");
        LanguageModel model = isOriginal ? original : quantized;
        EvaluationResult expected =
            Evaluation.of(model).against(original).options(options).run(text);
        @SuppressWarnings("rawtypes") // As JMH has it.
        Map<String, Result> secondary = result.getSecondaryResults();
        assertEquals(
            Set.of(
                "perplexity",
                "kl",
                "top1",
                "bitsPerWeight",
                "bitOperations",
                "bitOperationsWithAdders",
                "trafficBytes",
                "modelBytes"),
            secondary.keySet());
        assertEquals(expected.perplexity(), secondary.get("perplexity").getScore());
        EvaluationResult.Comparison comparison = expected.comparison().orElseThrow();
        assertEquals(comparison.divergence(), secondary.get("kl").getScore(), 1e-12);
        assertEquals(comparison.agreement(), secondary.get("top1").getScore());
        assertEquals(isOriginal ? 16 : 4.25, secondary.get("bitsPerWeight").getScore(), 1e-9);
        assertTrue(result.getPrimaryResult().getScore() > 0);
        assertEquals("ms/op", result.getPrimaryResult().getScoreUnit());
      }
    }
    // 16 x 16 bits against 4.25 x 16.
    assertEquals(16 / 4.25, ratio(results, "bitOperations"), 1e-9);
  }

  private static double ratio(Collection<RunResult> results, String name) {
    List<Double> scores =
        results.stream()
            .map(result -> result.getSecondaryResults().get(name).getScore())
            .distinct()
            .sorted()
            .toList();
    assertEquals(2, scores.size());
    return scores.getLast() / scores.getFirst();
  }

  /** The one model that is kept: the recipe is quantized for the first benchmark alone. */
  private Path quantized() throws IOException {
    try (Stream<Path> models = Files.list(directory.resolve("cache/models"))) {
      List<Path> all =
          models.filter(model -> !model.getFileName().toString().startsWith(".")).toList();
      assertEquals(1, all.size());
      return all.getFirst();
    }
  }
}
