// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.pipeline;

import io.github.quant4j.annotation.Stable;
import io.github.quant4j.checkpoint.ModelFormats;
import io.github.quant4j.graph.BlockModel;
import io.github.quant4j.graph.LinearSite;
import io.github.quant4j.io.OutputDirectory;
import io.github.quant4j.io.OutputException;
import io.github.quant4j.io.ProtectedInputs;
import io.github.quant4j.io.TensorFileException;
import io.github.quant4j.io.quantized.ModelSource;
import io.github.quant4j.kernel.KernelOptions;
import io.github.quant4j.kernel.Kernels;
import io.github.quant4j.linalg.LinearAlgebra;
import io.github.quant4j.model.LanguageModel;
import io.github.quant4j.progress.Cancellation;
import io.github.quant4j.progress.ProgressListener;
import io.github.quant4j.recipe.BestRecipes;
import io.github.quant4j.recipe.Recipe;
import io.github.quant4j.recipe.RecipeException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.concurrent.CancellationException;
import java.util.stream.Collectors;
import java.util.zip.CRC32C;

/**
 * Quantizes a model from its directory to another.
 *
 * <pre>{@code
 * try (LanguageModel model = LanguageModel.open(Path.of("model"))) {
 *   QuantizationReport report =
 *       Quantization.of(model)
 *           .recipe("int4:g64:asym gptq(act-order)")
 *           .calibration(Calibration.selfGenerated(64, 256))
 *           .saveTo(Path.of("model-int4"));
 * }
 * }</pre>
 *
 * <p>All layers within blocks follow the recipe; the head and embeddings are kept. {@link #set} and
 * {@link #keep} change that for layers by name; the last word on a layer counts. Instances are
 * immutable; the result does not depend on the number of threads.
 *
 * @param <I> one calibration input of the model
 */
@Stable
public final class Quantization<I> {
  private static final int DEFAULT_WINDOWS = 64;
  private static final int DEFAULT_CONTEXT = 256;
  private static final Recipe DEFAULT_RECIPE = Recipe.parse("int4:g64:asym gptq(act-order)");

  private final BlockModel<I> model;
  private final Path directory;
  private final Optional<LanguageModel> language;
  private final QuantizationSettings<I> settings;

  private Quantization(
      BlockModel<I> model,
      Path directory,
      Optional<LanguageModel> language,
      QuantizationSettings<I> settings) {
    this.model = model;
    this.directory = directory;
    this.language = language;
    this.settings = settings;
  }

  /**
   * Quantizes a language model, calibrated on 64 windows of 256 tokens that it writes itself, to 4
   * bits with GPTQ, unless told otherwise.
   *
   * @param model a model that was opened from a directory; it must stay open
   * @return the quantization, not yet run
   * @throws IllegalArgumentException if the model was not opened from a directory
   */
  public static Quantization<int[]> of(LanguageModel model) {
    Path directory =
        model
            .directory()
            .orElseThrow(
                () ->
                    new IllegalArgumentException(
                        "model: " + model + ", expected one that was opened from a directory"));
    int context = Math.min(DEFAULT_CONTEXT, model.maximumPositions());
    Calibration calibration = Calibration.selfGenerated(DEFAULT_WINDOWS, context);
    return new Quantization<>(
        model.graph(),
        directory,
        Optional.of(model),
        QuantizationSettings.of(
            DEFAULT_RECIPE, CalibrationInputs.of(model, calibration), model.options().kernels()));
  }

  /**
   * Quantizes any network.
   *
   * @param model the network, whose tensors are those of the directory
   * @param directory where it is stored
   * @param inputs what its layers are calibrated on, at least one
   * @param kernels the kernel provider and the threads
   * @param <I> one input of the network
   * @return the quantization, not yet run
   * @throws IllegalArgumentException if there are no inputs
   */
  public static <I> Quantization<I> of(
      BlockModel<I> model, Path directory, List<? extends I> inputs, KernelOptions kernels) {
    if (inputs.isEmpty()) {
      throw new IllegalArgumentException("inputs: none, expected at least one");
    }
    return new Quantization<>(
        model,
        directory,
        Optional.empty(),
        QuantizationSettings.of(DEFAULT_RECIPE, CalibrationInputs.given(model, inputs), kernels));
  }

  private Quantization<I> with(QuantizationSettings<I> changed) {
    return new Quantization<>(model, directory, language, changed);
  }

  /**
   * The same with another recipe.
   *
   * @param text the recipe, see {@link Recipe}
   * @return the changed quantization
   * @throws RecipeException if the text is not a recipe
   */
  public Quantization<I> recipe(String text) {
    return recipe(Recipe.parse(text));
  }

  /**
   * The same with another recipe.
   *
   * @param recipe for all layers but the head
   * @return the changed quantization
   */
  public Quantization<I> recipe(Recipe recipe) {
    return with(settings.withRecipe(recipe));
  }

  /**
   * Takes the recipe with the best quality of those that take at most so many bits for a weight.
   *
   * @param bits effective bits of the layers within blocks, scales included
   * @return the changed quantization
   * @throws IllegalArgumentException if no recipe takes so few bits; see {@link BestRecipes#within}
   */
  public Quantization<I> bits(double bits) {
    List<BestRecipes.Layer> layers =
        model.blocks().stream()
            .flatMap(block -> block.sites().stream())
            .map(site -> new BestRecipes.Layer(site.outFeatures(), site.inFeatures()))
            .toList();
    return recipe(BestRecipes.within(bits, layers));
  }

  /**
   * The same with another recipe for some layers.
   *
   * @param pattern names of layers, in which {@code *} stands for any text, for example {@code
   *     *.down_proj} or {@code lm_head}
   * @param recipe their recipe, or {@code keep}
   * @return the changed quantization
   * @throws RecipeException if the text is not a recipe
   * @throws IllegalArgumentException if the pattern is empty
   */
  public Quantization<I> set(String pattern, String recipe) {
    return rule(
        pattern,
        recipe.trim().equals("keep") ? Optional.empty() : Optional.of(Recipe.parse(recipe)));
  }

  /**
   * The same with some layers left as they are.
   *
   * @param pattern names of layers, in which {@code *} stands for any text
   * @return the changed quantization
   * @throws IllegalArgumentException if the pattern is empty
   */
  public Quantization<I> keep(String pattern) {
    return rule(pattern, Optional.empty());
  }

  private Quantization<I> rule(String pattern, Optional<Recipe> recipe) {
    return with(settings.withRule(new Planner.SiteRule(SitePattern.of(pattern), recipe)));
  }

  /**
   * The same with another calibration.
   *
   * @param calibration what the language model reads
   * @return the changed quantization
   * @throws IllegalStateException if this is not the quantization of a language model
   * @throws IllegalArgumentException if a window is longer than the model has positions, or the
   *     calibration needs experts that the model has not
   */
  @SuppressWarnings("unchecked")
  public Quantization<I> calibration(Calibration calibration) {
    LanguageModel reader =
        language.orElseThrow(
            () -> new IllegalStateException("not a language model; inputs were given already"));
    if (calibration.context() > reader.maximumPositions()) {
      throw new IllegalArgumentException(
          "context: windows of "
              + calibration.context()
              + " tokens, expected at most "
              + reader.maximumPositions()
              + ", the model's 'max_position_embeddings';"
              + " ModelOptions.withPositionsBeyondTraining allows more");
    }
    calibration.requireSuited(reader);
    // The inputs of a language model are token windows, so I is int[].
    return with(
        settings.withInputs((CalibrationInputs<I>) CalibrationInputs.of(reader, calibration)));
  }

  /**
   * The same with other token weights.
   *
   * @param weighting how much each calibration token counts
   * @return the changed quantization
   */
  public Quantization<I> weighting(TokenWeighting weighting) {
    return with(settings.withWeighting(weighting));
  }

  /**
   * The same with scores for recipes with {@code sparse(share,scores)}, which a plan needs for
   * every layer that has such a recipe (GWQ, Shao et al., arXiv 2411.00850).
   *
   * @param scores of the weights, such as their squared gradients
   * @return the changed quantization
   */
  public Quantization<I> scores(WeightScores scores) {
    return with(settings.withScores(scores));
  }

  /**
   * The same with a listener.
   *
   * @param listener is told of calibration tokens that are written, and of layers
   * @return the changed quantization
   */
  public Quantization<I> progress(ProgressListener listener) {
    return with(settings.withProgress(listener));
  }

  /**
   * The same with another way to stop it.
   *
   * @param cancellation asked between steps, by default whether the calling thread is interrupted
   * @return the changed quantization
   */
  public Quantization<I> cancellation(Cancellation cancellation) {
    return with(settings.withCancellation(cancellation));
  }

  /**
   * What will be done, without doing it; reads all weights once to find those that are not finite.
   *
   * @return the plan, with its problems
   * @throws TensorFileException if the model is damaged
   * @throws IOException if it cannot be read
   */
  public QuantizationPlan plan() throws IOException {
    try (ModelSource source = ModelFormats.open(directory)) {
      return plan(source);
    }
  }

  private QuantizationPlan plan(ModelSource source) {
    return new Planner(model, source, settings.recipe(), settings.rules(), settings.scores())
        .plan(settings.inputs().tokens());
  }

  /**
   * Quantizes the model and saves it to a new directory.
   *
   * <p>If the work ends early, for whatever reason, the blocks that are finished are kept in a
   * hidden directory beside the target. The exception then has an {@link UnfinishedRunException}
   * among those that it suppresses, and the same quantization goes on after these blocks if it is
   * told to {@linkplain SaveOptions#withResume resume}. The hidden directory may be deleted.
   *
   * @param target the directory, which appears when it is complete
   * @return how it went; also stored in the directory
   * @throws PlanException if the plan has problems, or needs far more heap than there is; nothing
   *     has been written
   * @throws OutputException if the target is there already, is being written by somebody else, is
   *     or contains the model, or cannot be written
   * @throws TensorFileException if the model is damaged
   * @throws IOException if it cannot be read
   * @throws IllegalArgumentException if a layer cannot be quantized; the message names it
   * @throws ArithmeticException if numbers become too large; the message names the layer
   * @throws CancellationException if it was stopped
   */
  public QuantizationReport saveTo(Path target) throws IOException {
    return saveTo(target, SaveOptions.defaults());
  }

  /**
   * Quantizes the model and saves it, as {@link #saveTo(Path)} does.
   *
   * @param target the directory, which appears when it is complete
   * @param save whether to overwrite and to resume
   * @return how it went; also stored in the directory
   * @throws PlanException if the plan has problems, needs far more heap than there is, or the
   *     unfinished run that is to be resumed was another one; nothing has been written
   * @throws OutputException if the target is there already, is being written by somebody else, is
   *     or contains the model, or cannot be written
   * @throws TensorFileException if the model is damaged, or the unfinished run is; the message says
   *     what to delete
   * @throws IOException if it cannot be read
   * @throws IllegalArgumentException if a layer cannot be quantized; the message names it
   * @throws ArithmeticException if numbers become too large; the message names the layer
   * @throws CancellationException if it was stopped
   */
  public QuantizationReport saveTo(Path target, SaveOptions save) throws IOException {
    ProtectedInputs.of(List.of(directory)).requireApartFromDirectory(target);
    // An unusable target is reported before the work, not after it.
    try (ModelSource source = ModelFormats.open(directory);
        OutputDirectory output = OutputDirectory.create(target, save.overwrite())) {
      QuantizationPlan plan = plan(source).requireValid();
      ResourceCheck.requireHeap(plan, Runtime.getRuntime().maxMemory());
      RunSignature signature = signature(source, plan);
      CalibrationInputs<I> inputs = settings.inputs();
      if (RowRanking.isNeeded(plan)) {
        inputs = CalibrationInputs.loaded(inputs, settings.progress(), settings.cancellation());
        plan =
            new RowRanking<>(
                    model, inputs, settings.kernels(), settings.progress(), settings.cancellation())
                .resolve(plan);
      }
      return new QuantizationRun<>(
              model,
              source,
              plan,
              inputs,
              settings.weighting(),
              settings.scores(),
              settings.kernels(),
              settings.progress(),
              settings.cancellation())
          .run(output, save.resume(), signature);
    }
  }

  /**
   * What the result depends on: the model, the recipe, the choice of layers, the calibration, and
   * who computes. Reads the whole model. Whether the recipe suits the model is not asked, see
   * {@link #plan()}.
   *
   * @return equal for two quantizations only if they give the same weights
   * @throws TensorFileException if the model is damaged
   * @throws IOException if it cannot be read
   */
  public RunSignature signature() throws IOException {
    try (ModelSource source = ModelFormats.open(directory)) {
      return signature(source, plan(source));
    }
  }

  private RunSignature signature(ModelSource source, QuantizationPlan plan) {
    SequencedMap<String, String> signature = new LinkedHashMap<>();
    signature.put("model", ModelSignature.of(source));
    signature.put("recipe", plan.recipe());
    signature.put(
        "choice of layers",
        settings.rules().stream()
            .map(rule -> rule.pattern() + "=" + rule.recipe().map(Recipe::toString).orElse("keep"))
            .collect(Collectors.joining(", ")));
    signature.put("calibration", plan.isCalibrated() ? settings.inputs().describe() : "none");
    signature.put("token weighting", settings.weighting().toString());
    scores(plan).ifPresent(sum -> signature.put("scores", sum));
    signature.put("kernels", Kernels.provider(settings.kernels()));
    LinearAlgebra algebra = settings.kernels().compute().algebra();
    signature.put("linear algebra", algebra.name() + " of " + algebra.getClass().getName());
    return RunSignature.of(signature);
  }

  /** A checksum of the scores that the plan needs, if it needs any. */
  private Optional<String> scores(QuantizationPlan plan) {
    CRC32C sum = new CRC32C();
    boolean any = false;
    for (PlannedSite site : plan.sites()) {
      if (site.recipe().map(Recipe::needsScores).orElse(false)) {
        any = true;
        for (float score : settings.scores().of(site.site().name()).orElse(new float[0])) {
          int bits = Float.floatToRawIntBits(score);
          for (int shift = 0; shift < Integer.SIZE; shift += Byte.SIZE) {
            sum.update(bits >>> shift & 0xff);
          }
        }
      }
    }
    return any ? Optional.of(HexFormat.of().toHexDigits((int) sum.getValue())) : Optional.empty();
  }

  /** The recipe and the layers. */
  @Override
  public String toString() {
    return settings.recipe()
        + " for "
        + model.sites().stream().map(LinearSite::name).limit(1).findFirst().orElse("")
        + " and "
        + (model.sites().size() - 1)
        + " more";
  }
}
