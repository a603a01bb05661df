// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.study;

import io.github.quant4j.evaluate.OutputComparison;
import io.github.quant4j.io.ModelDirectory;
import io.github.quant4j.metric.BitOperations;
import io.github.quant4j.model.SpeechEncoder;
import io.github.quant4j.pipeline.Quantization;
import io.github.quant4j.pipeline.QuantizationReport;
import io.github.quant4j.pipeline.SaveOptions;
import io.github.quant4j.progress.Cancellation;
import io.github.quant4j.progress.ProgressListener;
import io.github.quant4j.tensor.FloatMatrix;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * Quantizes one speech encoder by several recipes, one after the other, on the same calibration and
 * compares the features of each with those of the original on the same speech. Instances are
 * immutable.
 */
public final class SpeechStudy {
  private final SpeechEncoder encoder;
  private final List<FloatMatrix> calibration;
  private final List<FloatMatrix> speech;
  private final ProgressListener progress;
  private final Cancellation cancellation;

  /**
   * What one recipe does.
   *
   * @param recipe its canonical text; empty for the original
   * @param sqnr signal to quantization noise of the features, in decibels
   * @param worst that of the speech on which it is least
   * @param bitsPerWeight effective width of the quantized layers
   * @param bytes size of the model's files
   * @param operations of all layers within blocks for one position
   * @param seconds how long quantization took
   */
  public record Row(
      String recipe,
      double sqnr,
      double worst,
      double bitsPerWeight,
      long bytes,
      BitOperations operations,
      double seconds) {}

  private SpeechStudy(
      SpeechEncoder encoder,
      List<FloatMatrix> calibration,
      List<FloatMatrix> speech,
      ProgressListener progress,
      Cancellation cancellation) {
    this.encoder = encoder;
    this.calibration = List.copyOf(calibration);
    this.speech = List.copyOf(speech);
    this.progress = progress;
    this.cancellation = cancellation;
  }

  /**
   * Prepares a study.
   *
   * @param encoder the original, opened from a directory
   * @param calibration spectrograms that recipes are calibrated on, see {@link
   *     SpeechEncoder#spectrogram}
   * @param speech spectrograms of other speech, to compare on
   * @return the study
   * @throws IllegalArgumentException if the encoder was not opened from a directory, or there is no
   *     calibration or no speech
   */
  public static SpeechStudy of(
      SpeechEncoder encoder, List<FloatMatrix> calibration, List<FloatMatrix> speech) {
    if (encoder.directory().isEmpty()) {
      throw new IllegalArgumentException(
          "encoder: " + encoder + ", expected one that was opened from a directory");
    }
    if (calibration.isEmpty() || speech.isEmpty()) {
      throw new IllegalArgumentException(
          (calibration.isEmpty() ? "calibration" : "speech") + ": none, expected at least one");
    }
    return new SpeechStudy(
        encoder, calibration, speech, ProgressListener.none(), Cancellation.onInterrupt());
  }

  /**
   * The same with a listener.
   *
   * @param listener is told of the steps of quantization and comparison
   * @return the changed study
   */
  public SpeechStudy progress(ProgressListener listener) {
    return new SpeechStudy(encoder, calibration, speech, listener, cancellation);
  }

  /**
   * The same with another way to stop it.
   *
   * @param requested asked between steps, by default whether the calling thread is interrupted. The
   *     study then ends with a {@link java.util.concurrent.CancellationException}.
   * @return the changed study
   */
  public SpeechStudy cancellation(Cancellation requested) {
    return new SpeechStudy(encoder, calibration, speech, progress, requested);
  }

  /**
   * The original's size and cost.
   *
   * @return its row, of infinite ratio
   * @throws IOException if it cannot be read
   */
  public Row original() throws IOException {
    try (ModelDirectory files = ModelDirectory.open(directory())) {
      long bytes = files.files().stream().mapToLong(file -> file.byteSize()).sum();
      return new Row(
          "",
          Double.POSITIVE_INFINITY,
          Double.POSITIVE_INFINITY,
          BitOperations.FULL_BITS,
          bytes,
          StoredOperations.ofOriginal(encoder.graph()),
          0);
    }
  }

  private Path directory() {
    return encoder.directory().orElseThrow();
  }

  /**
   * Quantizes by a recipe and compares the result.
   *
   * @param recipe the recipe
   * @param target where the quantized encoder goes; replaced if there is one
   * @return the recipe's row
   * @throws IOException if the target cannot be written
   * @throws io.github.quant4j.recipe.RecipeException if the text is not a recipe
   * @throws io.github.quant4j.pipeline.PlanException if the recipe does not suit the model
   */
  public Row measure(String recipe, Path target) throws IOException {
    QuantizationReport report =
        Quantization.of(encoder.graph(), directory(), calibration, encoder.options().kernels())
            .recipe(recipe)
            .progress(progress)
            .cancellation(cancellation)
            .saveTo(target, SaveOptions.defaults().withOverwrite(true));
    try (SpeechEncoder quantized = SpeechEncoder.open(target, encoder.options())) {
      OutputComparison.Result result =
          OutputComparison.of(encoder.graph(), quantized.graph())
              .progress(progress)
              .cancellation(cancellation)
              .run(speech);
      return new Row(
          report.recipe(),
          result.sqnr(),
          result.worst(),
          report.bitsPerWeight(),
          report.bytesAfter(),
          StoredOperations.of(encoder.graph(), target),
          report.seconds());
    }
  }
}
