// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.pipeline;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.evaluate.Evaluation;
import io.github.quant4j.evaluate.EvaluationOptions;
import io.github.quant4j.evaluate.EvaluationResult;
import io.github.quant4j.model.LanguageModel;
import io.github.quant4j.testing.SharedData;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Making up for earlier layers brings a trained model nearer to the original on another text. */
@Tag("conformance")
class RetargetConformanceTest {
  private static final int CONTEXT = 256;
  private static final String MODEL = "data/models/gutenberg-5m";

  @TempDir private Path directory;

  private double divergence(String recipe) throws IOException {
    Path target = directory.resolve("quantized");
    String calibration = Files.readString(SharedData.path("data/text/gutenberg-calibration.txt"));
    String text = Files.readString(SharedData.path("data/text/gutenberg-eval.txt"));
    try (LanguageModel model = LanguageModel.open(SharedData.path(MODEL))) {
      Quantization.of(model)
          .recipe(recipe)
          .calibration(Calibration.ofText(calibration, 32, CONTEXT))
          .saveTo(target, SaveOptions.defaults().withOverwrite(true));
      try (LanguageModel quantized = LanguageModel.open(target)) {
        return Evaluation.of(quantized)
            .against(model)
            .options(EvaluationOptions.defaults().withContext(CONTEXT).withMaximumWindows(24))
            .run(model.tokenizer().encode(text, false))
            .comparison()
            .map(EvaluationResult.Comparison::divergence)
            .orElseThrow();
      }
    }
  }

  /** The probe that the method comes from found 23 and 14 percent with more text. */
  @ParameterizedTest
  @CsvSource({
    "int2:g64:asym mse gptq(act-order), 0.5 auto, 0.85",
    "int3:g64:asym mse gptq(act-order), 0.5, 0.95",
  })
  void theDivergenceFalls(String recipe, String strengths, double share) throws IOException {
    double before = divergence(recipe);
    for (String strength : strengths.split(" ", -1)) {
      double after = divergence("retarget(" + strength + ") | " + recipe);
      assertTrue(after < share * before, () -> strength + ": " + after + " of " + before);
    }
  }
}
