// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.bench.accuracy;

import io.github.quant4j.evaluate.EvaluationOptions;
import io.github.quant4j.model.LanguageModel;
import io.github.quant4j.model.config.ModelOptions;
import io.github.quant4j.pipeline.Calibration;
import io.github.quant4j.study.RecipeStudy;
import io.github.quant4j.study.StudyCell;
import io.github.quant4j.study.StudyRunner;
import io.github.quant4j.text.TextFile;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Optional;

/**
 * A model that was quantized by a recipe and measured on a text, now or in an earlier run: the
 * quantized model and its row are kept under a signature of all that they depend on.
 *
 * @param model the quantized model, open, or the original
 * @param row how good it is, and what it costs
 * @param text tokens of the text
 */
record QuantizedTrial(LanguageModel model, RecipeStudy.Row row, int[] text)
    implements AutoCloseable {
  private static final int CALIBRATION_CONTEXT = 256;

  /** Quantizes and measures unless that was done before; several processes take turns. */
  static QuantizedTrial prepare(
      String recipe,
      Path directory,
      Path textFile,
      int context,
      int samples,
      int threads,
      Path cache)
      throws IOException {
    ModelOptions options = ModelOptions.defaults().withThreads(threads);
    Files.createDirectories(cache);
    LanguageModel original = LanguageModel.open(directory, options);
    boolean isKept = false;
    try (FileChannel channel =
            FileChannel.open(
                cache.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        FileLock _ = channel.lock()) {
      int positions = original.maximumPositions();
      int[] text = original.tokenizer().encode(TextFile.read(textFile), false);
      RecipeStudy<int[]> study =
          RecipeStudy.of(
              original,
              Calibration.selfGenerated(samples, Math.min(CALIBRATION_CONTEXT, positions)),
              text,
              EvaluationOptions.defaults().withContext(Math.min(context, positions)));
      StudyRunner.Computed computed =
          StudyRunner.in(cache)
              .keepingModels()
              .compute(new StudyCell(directory.toString(), textFile.toString(), 0, recipe, study));
      Optional<Path> quantized = computed.model();
      isKept = quantized.isEmpty();
      return new QuantizedTrial(
          isKept ? original : LanguageModel.open(quantized.get(), options), computed.row(), text);
    } finally {
      if (!isKept) {
        original.close();
      }
    }
  }

  /** The first tokens of the text, from its beginning again if it is short. */
  int[] prompt(int length) {
    int[] prompt = new int[length];
    Arrays.setAll(prompt, i -> text[i % text.length]);
    return prompt;
  }

  @Override
  public void close() {
    model.close();
  }
}
