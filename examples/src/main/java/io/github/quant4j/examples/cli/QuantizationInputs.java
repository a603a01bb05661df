// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.examples.cli;

import io.github.quant4j.model.LanguageModel;
import io.github.quant4j.model.SpeechEncoder;
import io.github.quant4j.model.SpeechRecognizer;
import io.github.quant4j.pipeline.Calibration;
import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.text.TextFile;
import io.github.quant4j.transcribe.SpokenText;
import io.github.quant4j.transcribe.TranscriptionOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What a model is calibrated on. */
final class QuantizationInputs {
  private static final String SELF = "self";
  private static final String BALANCED = "self:balanced";
  private static final int DEFAULT_SAMPLES = 64;
  private static final int DEFAULT_CONTEXT = 256;

  @Option(
      names = "--calib",
      paramLabel = "FILE",
      description =
          "Text to calibrate on, in UTF-8; 'self' lets the model write it (default:"
              + " ${DEFAULT-VALUE}), 'self:balanced' lets a mixture of experts write it so that"
              + " all experts are used (MoEQuant). For a speech encoder a WAV file or a folder of them.")
  private String calibration = SELF;

  @Option(
      names = "--samples",
      paramLabel = "N",
      description =
          "Windows of calibration text, or at most so many segments of 30 seconds of speech"
              + " (default: ${DEFAULT-VALUE}).")
  private int samples = DEFAULT_SAMPLES;

  @Option(
      names = "--context",
      paramLabel = "N",
      description =
          "Tokens of a window of text, at most as many as the model has positions (default: 256, or"
              + " all positions of a model with fewer).")
  private @Nullable Integer context;

  @Option(
      names = "--seed",
      paramLabel = "N",
      description = "What the choice of calibration text depends on (default: ${DEFAULT-VALUE}).")
  private long seed;

  private @Nullable List<int[]> written;

  /** What can be checked before a model is opened. */
  void check() {
    NumberRange.samples(samples);
    if (context != null) {
      NumberRange.context(context);
    }
  }

  /** Whether the model writes the text itself. */
  private boolean isWritten() {
    return calibration.equals(SELF) || calibration.equals(BALANCED);
  }

  List<FloatMatrix> spectrograms(SpeechEncoder encoder) throws IOException {
    if (isWritten()) {
      throw new UsageException(
          "--calib: missing, but a speech encoder writes no text to calibrate on; expected a WAV"
              + " file or a folder of them");
    }
    return SpeechFiles.spectrograms(
        encoder, Conversions.path("--calib", calibration), samples, "--samples");
  }

  /** What a recognizer hears in segments of speech, with what it writes of them. */
  List<SpokenText> spokenTexts(SpeechRecognizer recognizer, Quant quant) throws IOException {
    List<FloatMatrix> segments = spectrograms(recognizer.encoder());
    List<SpokenText> texts = new ArrayList<>();
    try (ProgressLine progress = quant.progress()) {
      for (FloatMatrix segment : segments) {
        quant.terminal().cancellation().check();
        texts.add(recognizer.spokenText(segment, TranscriptionOptions.withoutFallback()));
        progress.progressed("transcribe", texts.size(), segments.size());
      }
    }
    return texts;
  }

  /** What is read, so that no output must replace it. */
  List<Path> inputs(Path model) {
    return isWritten() ? List.of(model) : List.of(model, Conversions.path("--calib", calibration));
  }

  Calibration calibration(LanguageModel model) throws IOException {
    if (written != null) {
      return new Calibration.Tokens(written);
    }
    int tokens = context != null ? context : Math.min(DEFAULT_CONTEXT, model.maximumPositions());
    if ((long) samples * tokens > Calibration.MAXIMUM_TOKENS && samples > 0) {
      throw new UsageException(
          "--samples: "
              + samples
              + " windows of --context "
              + tokens
              + " tokens, expected at most "
              + Calibration.MAXIMUM_TOKENS
              + " tokens in all");
    }
    if (calibration.equals(BALANCED)) {
      return new Calibration.BalancedSelfGenerated(samples, tokens, seed);
    }
    return calibration.equals(SELF)
        ? new Calibration.SelfGenerated(samples, tokens, seed)
        : new Calibration.Text(
            TextFile.read(Conversions.path("--calib", calibration)), samples, tokens, seed);
  }

  /** The windows, made on the first call, so that all that follows reads the same. */
  List<int[]> windows(LanguageModel model, Quant quant) throws IOException {
    List<int[]> windows = written;
    if (windows == null) {
      try (ProgressLine progress = quant.progress()) {
        windows = calibration(model).inputs(model, progress, quant.terminal().cancellation());
      }
      written = windows;
    }
    return windows;
  }
}
