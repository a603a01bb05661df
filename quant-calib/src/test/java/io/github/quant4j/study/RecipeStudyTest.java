// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.study;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.evaluate.Evaluation;
import io.github.quant4j.evaluate.EvaluationOptions;
import io.github.quant4j.metric.SignalToNoise;
import io.github.quant4j.model.LanguageModel;
import io.github.quant4j.model.SpeechEncoder;
import io.github.quant4j.model.config.ModelOptions;
import io.github.quant4j.pipeline.Calibration;
import io.github.quant4j.pipeline.Quantization;
import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.testing.SeededRandom;
import io.github.quant4j.testing.models.TestEncoders;
import io.github.quant4j.testing.models.TestModels;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RecipeStudyTest {
  private static final ModelOptions OPTIONS = ModelOptions.defaults().withThreads(1);
  private static final String WIDE = "int8:channel:sym rtn @ int8:token";
  private static final String NARROW = "int2:g16:sym gptq";

  @TempDir private Path directory;
  private final SeededRandom random = new SeededRandom(9);
  private final List<FloatMatrix> calibration = List.of(random.gaussianMatrix(48, 8));
  private final List<FloatMatrix> speech = List.of(random.gaussianMatrix(48, 8));

  private int[] text(int length) {
    int[] text = new int[length];
    for (int i = 0; i < text.length; i++) {
      text[i] = random.nextInt(0, 64);
    }
    return text;
  }

  /** Sizes and costs, which do not depend on what is measured. */
  private static void assertCosts(
      RecipeStudy.Row original, RecipeStudy.Row wide, RecipeStudy.Row narrow) {
    assertTrue(wide.bytes() > narrow.bytes());
    assertEquals(3.0, narrow.bitsPerWeight(), 1e-9);
    // 16 x 16 bits against 3 x 16.
    assertEquals(
        original.operations().product() * 3 / 16,
        narrow.operations().product(),
        1e-6 * original.operations().product());
  }

  @Test
  void rowsAreThoseOfTheirModels() throws IOException {
    int[] text = text(200);
    EvaluationOptions options = EvaluationOptions.defaults().withContext(20);
    Path target = directory.resolve("out");
    try (LanguageModel model = LanguageModel.open(TestModels.directory("llama-untied"))) {
      RecipeStudy<int[]> study =
          RecipeStudy.of(model, Calibration.selfGenerated(2, 16), text, options);
      RecipeStudy.Row original = study.original();
      RecipeStudy.Row wide = study.measure(WIDE, target);
      RecipeStudy.Row narrow = study.measure(NARROW, target);
      try (LanguageModel last = LanguageModel.open(target)) {
        double perplexity = Evaluation.of(last).options(options).run(text).perplexity();
        assertEquals(perplexity, narrow.value(PredictionEvaluator.PERPLEXITY), 1e-6 * perplexity);
      }
      assertEquals(0, original.value(PredictionEvaluator.KL));
      assertEquals(1, original.value(PredictionEvaluator.TOP_1));
      assertTrue(
          wide.value(PredictionEvaluator.KL) < narrow.value(PredictionEvaluator.KL)
              && wide.value(PredictionEvaluator.KL) > 0,
          random.toString());
      assertCosts(original, wide, narrow);
    }
  }

  @Test
  void rowsAreThoseOfTheirEncoders() throws IOException {
    Path target = directory.resolve("out");
    try (SpeechEncoder encoder = TestEncoders.open("whisper-prefixed", OPTIONS)) {
      RecipeStudy<FloatMatrix> study = RecipeStudy.of(encoder, calibration, speech);
      RecipeStudy.Row original = study.original();
      RecipeStudy.Row wide = study.measure(WIDE, target);
      RecipeStudy.Row narrow = study.measure(NARROW, target);
      try (SpeechEncoder last = SpeechEncoder.open(target, OPTIONS)) {
        double decibels =
            SignalToNoise.decibels(
                encoder.encode(speech.getFirst()), last.encode(speech.getFirst()));
        assertEquals(decibels, narrow.value(OutputEvaluator.SQNR), 1e-3, random.toString());
        assertEquals(decibels, narrow.value(OutputEvaluator.WORST_SQNR), 1e-3, random.toString());
      }
      assertEquals(Double.POSITIVE_INFINITY, original.value(OutputEvaluator.SQNR));
      assertTrue(
          wide.value(OutputEvaluator.SQNR) > narrow.value(OutputEvaluator.SQNR) + 6,
          random.toString());
      assertCosts(original, wide, narrow);
    }
  }

  /** A language model as any network: its outputs are compared rather than its predictions. */
  @Test
  void anyNetworkCanBeStudied() throws IOException {
    List<int[]> inputs = List.of(text(24), text(24));
    Path target = directory.resolve("out");
    try (LanguageModel model = LanguageModel.open(TestModels.directory("llama-untied"), OPTIONS)) {
      Path stored = model.directory().orElseThrow();
      RecipeStudy<int[]> study =
          RecipeStudy.of(
              model.graph(),
              stored,
              Quantization.of(model.graph(), stored, List.of(text(32)), OPTIONS.kernels()),
              OutputEvaluator.of(
                  model.graph(),
                  quantized -> {
                    LanguageModel opened = LanguageModel.open(quantized, OPTIONS);
                    return new OutputEvaluator.Opened<>(opened.graph(), opened::close);
                  },
                  inputs));
      RecipeStudy.Row narrow = study.measure(NARROW, target);
      try (LanguageModel last = LanguageModel.open(target, OPTIONS)) {
        double worst = Double.POSITIVE_INFINITY;
        for (int[] input : inputs) {
          worst = Math.min(worst, SignalToNoise.decibels(model.logits(input), last.logits(input)));
        }
        assertEquals(worst, narrow.value(OutputEvaluator.WORST_SQNR), 1e-3, random.toString());
      }
    }
  }

  @Test
  void speechIsNeeded() {
    try (SpeechEncoder encoder = TestEncoders.open("whisper-prefixed", OPTIONS)) {
      for (boolean calibrated : new boolean[] {false, true}) {
        IllegalArgumentException error =
            assertThrows(
                IllegalArgumentException.class,
                () ->
                    RecipeStudy.of(
                        encoder,
                        calibrated ? calibration : List.of(),
                        calibrated ? List.of() : speech));
        assertTrue(
            String.valueOf(error.getMessage()).startsWith(calibrated ? "speech" : "calibration"),
            error::getMessage);
      }
    }
  }

  @Test
  void measuresAreKnownByName() throws IOException {
    try (SpeechEncoder encoder = TestEncoders.open("whisper-prefixed", OPTIONS)) {
      RecipeStudy.Row original = RecipeStudy.of(encoder, calibration, speech).original();
      IllegalArgumentException error =
          assertThrows(IllegalArgumentException.class, () -> original.value("perplexity"));
      assertTrue(
          String.valueOf(error.getMessage()).contains(OutputEvaluator.SQNR), error::getMessage);
    }
  }

  /** What changes the numbers changes the signature, and nothing else does. */
  @Test
  void signaturesChangeWithWhatNumbersDependOn() throws IOException {
    int[] text = text(200);
    EvaluationOptions options = EvaluationOptions.defaults().withContext(20);
    try (LanguageModel model = LanguageModel.open(TestModels.directory("llama-untied"), OPTIONS);
        LanguageModel other = LanguageModel.open(TestModels.directory("qwen2-biased"), OPTIONS)) {
      RecipeStudy<int[]> study =
          RecipeStudy.of(model, new Calibration.SelfGenerated(2, 16, 0), text, options);
      RecipeStudy<int[]> seeded =
          RecipeStudy.of(model, new Calibration.SelfGenerated(2, 16, 1), text, options);
      String signature = study.signature(NARROW).id();
      assertEquals(
          signature,
          RecipeStudy.of(model, new Calibration.SelfGenerated(2, 16, 0), text.clone(), options)
              .signature(NARROW)
              .id());
      assertNotEquals(signature, study.signature(WIDE).id());
      assertNotEquals(signature, seeded.signature(NARROW).id());
      // Without calibration there is nothing that a seed could change.
      assertEquals(study.signature(WIDE).id(), seeded.signature(WIDE).id());
      assertEquals(
          study.signature(RecipeStudy.ORIGINAL).id(), seeded.signature(RecipeStudy.ORIGINAL).id());
      assertNotEquals(
          signature,
          RecipeStudy.of(
                  model,
                  new Calibration.SelfGenerated(2, 16, 0),
                  text,
                  EvaluationOptions.defaults().withContext(19))
              .signature(NARROW)
              .id());
      assertNotEquals(
          signature,
          RecipeStudy.of(other, new Calibration.SelfGenerated(2, 16, 0), text, options)
              .signature(NARROW)
              .id());
    }
  }
}
