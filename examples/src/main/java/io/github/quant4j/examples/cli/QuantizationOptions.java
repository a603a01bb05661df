// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.examples.cli;

import io.github.quant4j.model.LanguageModel;
import io.github.quant4j.model.SpeechEncoder;
import io.github.quant4j.pipeline.Calibration;
import io.github.quant4j.pipeline.Quantization;
import io.github.quant4j.recipe.PublishedRecipes;
import io.github.quant4j.recipe.Recipe;
import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.text.TextFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What a model is quantized to, and what it is calibrated on. */
final class QuantizationOptions {
  private static final String SELF = "self";
  private static final int DEFAULT_SAMPLES = 64;
  private static final int DEFAULT_CONTEXT = 256;

  @Option(
      names = "--recipe",
      paramLabel = "R",
      required = true,
      description =
          "How to quantize, for example 'int4:g64:asym gptq(act-order)', or the name of a"
              + " published system, for example QuaRot; 'quant help recipes' explains both.")
  private String recipe = "";

  @Option(
      names = "--set",
      paramLabel = "PATTERN=RECIPE",
      description =
          "Another recipe for some layers: * stands for any text, the last word counts, for example"
              + " '*.down_proj=int8:channel:sym rtn'. The head is left as it is unless it is named"
              + " here (lm_head).")
  private List<String> overrides = new ArrayList<>();

  @Option(
      names = "--keep",
      paramLabel = "PATTERN",
      description = "Leave some layers as they are, whatever --set says.")
  private List<String> kept = new ArrayList<>();

  @Option(
      names = "--calib",
      paramLabel = "FILE",
      description =
          "Text to calibrate on, in UTF-8; 'self' lets the model write it (default:"
              + " ${DEFAULT-VALUE}). For a speech encoder a WAV file or a folder of them.")
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

  /** What can be checked before a model is opened. */
  void check() {
    Recipe _ = recipe();
    NumberRange.samples(samples);
    if (context != null) {
      NumberRange.context(context);
    }
  }

  private Recipe recipe() {
    return PublishedRecipes.recipe(recipe);
  }

  /** The quantization that the options ask for. */
  Quantization<?> quantization(AnyModel model) throws IOException {
    return switch (model) {
      case AnyModel.Text(var language) ->
          configured(Quantization.of(language).calibration(calibration(language)));
      case AnyModel.Speech(var encoder) ->
          configured(
              Quantization.of(
                  encoder.graph(),
                  encoder.directory().orElseThrow(),
                  speech(encoder),
                  encoder.options().kernels()));
    };
  }

  private <I> Quantization<I> configured(Quantization<I> calibrated) {
    Quantization<I> quantization = calibrated.recipe(recipe());
    for (String override : overrides) {
      int equals = override.indexOf('=');
      if (equals < 1) {
        throw new UsageException(
            "--set: '" + override + "', expected PATTERN=RECIPE, such as lm_head=int8:channel");
      }
      quantization =
          quantization.set(override.substring(0, equals), named(override.substring(equals + 1)));
    }
    for (String pattern : kept) {
      quantization = quantization.keep(pattern);
    }
    return quantization;
  }

  /** The word keep is no recipe, but stands in the place of one. */
  private static String named(String recipe) {
    return recipe.strip().equals("keep") ? recipe : PublishedRecipes.recipe(recipe).toString();
  }

  private List<FloatMatrix> speech(SpeechEncoder encoder) throws IOException {
    if (calibration.equals(SELF)) {
      throw new UsageException(
          "--calib: missing, but a speech encoder writes no text to calibrate on; expected a WAV"
              + " file or a folder of them");
    }
    return SpeechFiles.spectrograms(
        encoder, Conversions.path("--calib", calibration), samples, "--samples");
  }

  /** What is read, so that no output must replace it. */
  List<Path> inputs(Path model) {
    return calibration.equals(SELF)
        ? List.of(model)
        : List.of(model, Conversions.path("--calib", calibration));
  }

  private Calibration calibration(LanguageModel model) throws IOException {
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
    return calibration.equals(SELF)
        ? new Calibration.SelfGenerated(samples, tokens, seed)
        : new Calibration.Text(
            TextFile.read(Conversions.path("--calib", calibration)), samples, tokens, seed);
  }
}
