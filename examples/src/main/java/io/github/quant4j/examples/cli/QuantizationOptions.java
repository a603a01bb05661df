// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.examples.cli;

import io.github.quant4j.allocate.AllocationPlan;
import io.github.quant4j.model.SpeechRecognizer;
import io.github.quant4j.pipeline.Quantization;
import io.github.quant4j.pipeline.SitePattern;
import io.github.quant4j.recipe.PublishedRecipes;
import io.github.quant4j.recipe.Recipe;
import io.github.quant4j.recipe.RecipeException;
import io.github.quant4j.text.TextFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** What a model is quantized to, and what it is calibrated on. */
final class QuantizationOptions {
  private static final int MOST_BITS = 32;
  private static final Recipe ANY = Recipe.parse("int8:channel:sym rtn");

  @Option(
      names = "--recipe",
      paramLabel = "R",
      description =
          "How to quantize, for example 'int4:g64:asym gptq(act-order)', or the name of a"
              + " published system, for example QuaRot; 'quant help recipes' explains both.")
  private @Nullable String recipe;

  @Option(
      names = "--bits",
      paramLabel = "B",
      description =
          "The best recipe of at most so many bits for a weight, scales included, such as 3.1; for"
              + " the weights alone, and the same for all layers. Takes the place of --recipe.")
  private @Nullable Double bits;

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
      names = "--plan",
      paramLabel = "FILE",
      description =
          "A recipe for each layer instead of one for all, as 'layer = recipe' lines: what"
              + " --plan-out has written, edited or not.")
  private @Nullable Path plan;

  @Mixin private QuantizationInputs inputs = new QuantizationInputs();

  /** What can be checked before a model is opened. */
  void check() throws IOException {
    if (!hasRecipe()) {
      throw new UsageException(
          "--recipe: missing; expected it, --bits, --plan FILE, or a target such as --target-bits"
              + " 3.5");
    }
    checkRest();
  }

  /** What can be checked besides the recipe, which is to be found. */
  void checkRest() throws IOException {
    if (recipe != null && plan != null) {
      throw new UsageException("--plan: beside --recipe, expected one of them");
    }
    if (bits != null && (recipe != null || plan != null)) {
      throw new UsageException("--bits: beside --recipe or --plan, expected one of them");
    }
    if (bits != null && !(bits > 0 && bits <= MOST_BITS)) {
      throw new UsageException("--bits: " + bits + ", expected above 0, at most " + MOST_BITS);
    }
    if (recipe != null) {
      Recipe _ = PublishedRecipes.recipe(recipe);
    }
    if (plan != null) {
      AllocationPlan _ = read(plan);
    }
    for (String override : overrides) {
      String _ = named(override.substring(equals(override) + 1));
    }
    inputs.check();
  }

  /** Requires --set and --keep to suit the model, whatever becomes of the other layers. */
  void requireValidRest(AnyModel model) throws IOException {
    if (overrides.isEmpty() && kept.isEmpty()) {
      return;
    }
    Quantization<?> all =
        switch (model) {
          case AnyModel.Text(var language) -> Quantization.of(language);
          case AnyModel.Speech(var encoder) ->
              Quantization.of(
                  encoder.graph(),
                  encoder.directory().orElseThrow(),
                  inputs.spectrograms(encoder),
                  encoder.options().kernels());
        };
    // Nearest rounding by row suits any layer.
    named(all.recipe(ANY)).plan().requireValid();
  }

  private static int equals(String override) {
    int equals = override.indexOf('=');
    if (equals < 1) {
      throw new UsageException(
          "--set: '" + override + "', expected PATTERN=RECIPE, such as lm_head=int8:channel");
    }
    return equals;
  }

  boolean hasRecipe() {
    return recipe != null || bits != null || plan != null;
  }

  /** Whether --set or --keep are given. */
  boolean hasExceptions() {
    return !overrides.isEmpty() || !kept.isEmpty();
  }

  QuantizationInputs inputs() {
    return inputs;
  }

  private static AllocationPlan read(Path file) throws IOException {
    try {
      return AllocationPlan.parse(TextFile.read(file));
    } catch (RecipeException e) {
      throw e;
    } catch (IllegalArgumentException e) {
      throw new UsageException(file + ": " + e.getMessage());
    }
  }

  /** The quantization of a recognizer's decoder that the options ask for. */
  Quantization<?> decoderQuantization(SpeechRecognizer recognizer, Quant quant) throws IOException {
    return configured(
        Quantization.of(
            recognizer.decoderGraph(),
            recognizer.directory(),
            inputs.spokenTexts(recognizer, quant),
            recognizer.options().kernels()),
        Optional.empty());
  }

  /** The quantization that the options ask for. */
  Quantization<?> quantization(AnyModel model) throws IOException {
    return quantization(model, Optional.empty());
  }

  /**
   * The quantization that the options ask for.
   *
   * @param found a plan that takes the place of a recipe
   */
  Quantization<?> quantization(AnyModel model, Optional<AllocationPlan> found) throws IOException {
    return switch (model) {
      case AnyModel.Text(var language) ->
          configured(Quantization.of(language).calibration(inputs.calibration(language)), found);
      case AnyModel.Speech(var encoder) ->
          configured(
              Quantization.of(
                  encoder.graph(),
                  encoder.directory().orElseThrow(),
                  inputs.spectrograms(encoder),
                  encoder.options().kernels()),
              found);
    };
  }

  /** The recipe that is given for all layers, or empty. */
  Optional<Recipe> recipe() {
    return Optional.ofNullable(recipe).map(PublishedRecipes::recipe);
  }

  /** The quantization with a recipe for each layer, but for those that --set or --keep name. */
  Quantization<?> quantization(AnyModel.Text text, BlockRecipes blocks, Recipe main)
      throws IOException {
    return named(
        blocks.applyTo(
            Quantization.of(text.model()).calibration(inputs.calibration(text.model())), main));
  }

  private <I> Quantization<I> configured(Quantization<I> calibrated, Optional<AllocationPlan> found)
      throws IOException {
    Quantization<I> quantization = calibrated;
    if (found.isPresent()) {
      quantization = found.get().applyTo(calibrated);
    } else if (plan != null) {
      quantization = read(plan).applyTo(calibrated);
    } else if (recipe != null) {
      quantization = calibrated.recipe(PublishedRecipes.recipe(recipe));
    } else if (bits != null) {
      quantization = best(calibrated, bits);
    }
    return named(quantization);
  }

  private <I> Quantization<I> named(Quantization<I> given) {
    Quantization<I> quantization = given;
    for (String override : overrides) {
      int equals = equals(override);
      quantization =
          quantization.set(override.substring(0, equals), named(override.substring(equals + 1)));
    }
    for (String pattern : kept) {
      quantization = quantization.keep(pattern);
    }
    return quantization;
  }

  private static <I> Quantization<I> best(Quantization<I> calibrated, double bits) {
    try {
      return calibrated.bits(bits);
    } catch (IllegalArgumentException e) {
      throw new UsageException("--" + e.getMessage());
    }
  }

  /** Whether --set or --keep say what becomes of a layer. */
  boolean isNamed(String layer) {
    return Stream.concat(
            overrides.stream().map(one -> one.substring(0, Math.max(0, one.indexOf('=')))),
            kept.stream())
        .filter(pattern -> !pattern.isBlank())
        .anyMatch(pattern -> SitePattern.of(pattern).matches(layer));
  }

  /** The word keep is no recipe, but stands in the place of one. */
  private static String named(String recipe) {
    return recipe.strip().equals("keep") ? recipe : PublishedRecipes.recipe(recipe).toString();
  }

  /** What is read, so that no output must replace it. */
  List<Path> inputs(Path model) {
    return inputs.inputs(model);
  }
}
