// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.study;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.evaluate.Evaluation;
import io.github.quant4j.evaluate.EvaluationOptions;
import io.github.quant4j.model.LanguageModel;
import io.github.quant4j.pipeline.Calibration;
import io.github.quant4j.testing.SeededRandom;
import io.github.quant4j.testing.models.TestModels;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RecipeStudyTest {
  @TempDir private Path directory;

  @Test
  void rowsAreThoseOfTheirModels() throws IOException {
    SeededRandom random = new SeededRandom(9);
    int[] text = new int[200];
    for (int i = 0; i < text.length; i++) {
      text[i] = random.nextInt(0, 64);
    }
    EvaluationOptions options = EvaluationOptions.defaults().withContext(20);
    Path target = directory.resolve("out");
    try (LanguageModel model = LanguageModel.open(TestModels.directory("llama-untied"))) {
      RecipeStudy study = RecipeStudy.of(model, Calibration.selfGenerated(2, 16), text, options);
      RecipeStudy.Row original = study.original();
      RecipeStudy.Row wide = study.measure("int8:channel:sym rtn @ int8:token", target);
      RecipeStudy.Row narrow = study.measure("int2:g16:sym gptq", target);
      try (LanguageModel last = LanguageModel.open(target)) {
        double perplexity = Evaluation.of(last).options(options).run(text).perplexity();
        assertEquals(perplexity, narrow.perplexity(), 1e-6 * perplexity);
      }
      assertEquals(0, original.divergence());
      assertTrue(wide.divergence() < narrow.divergence() && wide.divergence() > 0, "" + random);
      assertTrue(wide.bytes() > narrow.bytes());
      assertEquals(3.0, narrow.bitsPerWeight(), 1e-9);
      // 16 x 16 bits against 3 x 16.
      assertEquals(
          original.operations().product() * 3 / 16,
          narrow.operations().product(),
          1e-6 * original.operations().product());
    }
  }
}
