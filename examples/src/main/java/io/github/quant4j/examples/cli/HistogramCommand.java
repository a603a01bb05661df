// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.examples.cli;

import io.github.quant4j.graph.LinearSite;
import io.github.quant4j.io.OutputException;
import io.github.quant4j.io.OutputText;
import io.github.quant4j.io.ProtectedInputs;
import io.github.quant4j.model.LanguageModel;
import io.github.quant4j.model.SpeechEncoder;
import io.github.quant4j.model.config.ModelOptions;
import io.github.quant4j.pipeline.SitePattern;
import io.github.quant4j.recipe.PublishedRecipes;
import io.github.quant4j.recipe.Recipe;
import io.github.quant4j.report.LayerHistograms;
import io.github.quant4j.report.figure.Palette;
import io.github.quant4j.report.image.FigureImage;
import io.github.quant4j.report.page.FigurePage;
import io.github.quant4j.text.TextFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Draws what a recipe's transforms do to weights and inputs. */
@Command(
    name = "histogram",
    header = "Draws weights and inputs of layers before and after a recipe's transforms.",
    description =
        "Nothing is quantized: transforms are there to make what is quantized easier to quantize, and"
            + " this shows by how much.")
final class HistogramCommand implements Callable<Integer> {
  private static final String PAGE = "histograms.html";
  private static final int DEFAULT_WINDOWS = 8;
  private static final int DEFAULT_CONTEXT = 256;

  private final Quant quant;

  @Parameters(paramLabel = "MODEL_DIR", description = "The model.")
  private Path modelDirectory = Path.of("");

  @Option(
      names = "--recipe",
      paramLabel = "R",
      required = true,
      description = "A recipe with transforms, or the name of a published system.")
  private String recipe = "";

  @Option(
      names = "--layer",
      paramLabel = "PATTERN",
      required = true,
      description = "Which layers: * stands for any text; may be given several times.")
  private List<String> patterns = new ArrayList<>();

  @Option(names = "--text", paramLabel = "FILE", description = "What the model reads, in UTF-8.")
  private @Nullable Path text;

  @Option(
      names = "--speech",
      paramLabel = "PATH",
      description = "What a speech encoder hears: a WAV file, or a folder of them.")
  private @Nullable Path speech;

  @Option(
      names = "--max-windows",
      paramLabel = "N",
      description =
          "At most so many windows of 256 tokens or segments (default: ${DEFAULT-VALUE}).")
  private int windows = DEFAULT_WINDOWS;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      description = "Where the page and the pictures go (default: ${DEFAULT-VALUE}).")
  private Path out = Path.of("histograms");

  @Option(
      names = "--svg",
      description = "Draw the figures of the page as SVG files too, in light and in dark colours.")
  private boolean drawsPictures;

  @Mixin private RuntimeOptions runtime = new RuntimeOptions();

  HistogramCommand(Quant quant) {
    this.quant = quant;
  }

  @Override
  public Integer call() throws IOException {
    if (speech != null && text != null) {
      throw new UsageException("--speech: in addition to --text, expected one of them");
    }
    NumberRange.atLeast("--max-windows", windows, 1);
    Recipe chosen = PublishedRecipes.recipe(recipe);
    OutputPaths.requireDirectories("--out", out);
    try {
      ProtectedInputs.of(List.of(modelDirectory)).requireApartFromDirectory(out);
    } catch (OutputException e) {
      throw new UsageException("--out: " + Objects.requireNonNull(e.getMessage()));
    }
    List<LayerHistograms.Layer> layers;
    if (speech != null) {
      layers = ofSpeech(chosen, speech);
    } else if (text != null) {
      layers = ofText(chosen, text);
    } else {
      throw new UsageException(
          "histogram: missing --text FILE, or --speech PATH for a speech encoder");
    }
    if (layers.isEmpty()) {
      throw new UsageException(
          "--layer: " + String.join(", ", patterns) + " matches no layer within a block");
    }
    write(chosen, layers);
    return 0;
  }

  private List<LayerHistograms.Layer> ofText(Recipe chosen, Path file) throws IOException {
    ModelOptions options = runtime.modelOptions();
    String contents = TextFile.read(file);
    try (LanguageModel model = AnyModel.openForText(modelDirectory, options)) {
      int context = Math.min(DEFAULT_CONTEXT, model.maximumPositions());
      int[] tokens = TextWindows.tokens(model, file, contents, context);
      List<int[]> inputs = new ArrayList<>();
      for (int at = 0; at + context <= tokens.length && inputs.size() < windows; at += context) {
        inputs.add(Arrays.copyOfRange(tokens, at, at + context));
      }
      return LayerHistograms.of(model.graph(), inputs, chosen, chosen(), options.kernels());
    }
  }

  private List<LayerHistograms.Layer> ofSpeech(Recipe chosen, Path path) throws IOException {
    ModelOptions options = runtime.modelOptions();
    try (SpeechEncoder encoder = AnyModel.openForSpeech(modelDirectory, options)) {
      return LayerHistograms.of(
          encoder.graph(),
          SpeechFiles.spectrograms(encoder, path, windows, "--max-windows"),
          chosen,
          chosen(),
          options.kernels());
    }
  }

  private Predicate<LinearSite> chosen() {
    List<SitePattern> names = patterns.stream().map(SitePattern::of).toList();
    return site -> names.stream().anyMatch(name -> name.matches(site.name()));
  }

  private void write(Recipe chosen, List<LayerHistograms.Layer> layers) throws IOException {
    try {
      Files.createDirectories(out);
    } catch (IOException e) {
      throw new OutputException(out, e);
    }
    FigurePage page = FigurePage.of("Before and after transforms").paragraph(chosen.toString());
    for (LayerHistograms.Layer layer : layers) {
      page = page.figure(layer.weights(), "").figure(layer.inputs(), "");
      if (drawsPictures) {
        draw(FigureImage.of(layer.weights()), layer.name() + "-weights");
        draw(FigureImage.of(layer.inputs()), layer.name() + "-inputs");
      }
    }
    OutputText.write(out.resolve(PAGE), page.html());
    List<String> names = layers.stream().map(LayerHistograms.Layer::name).toList();
    if (quant.isJson()) {
      Map<String, Object> json = new LinkedHashMap<>();
      json.put("model", modelDirectory.toString());
      json.put("recipe", chosen.toString());
      json.put("layers", names);
      json.put("page", out.resolve(PAGE).toString());
      quant.print(json);
      return;
    }
    names.forEach(quant::print);
    quant.print("page     " + out.resolve(PAGE));
  }

  private void draw(FigureImage image, String name) throws IOException {
    image.writeSvg(out.resolve(name + ".svg"));
    image.palette(Palette.DARK).writeSvg(out.resolve(name + "-dark.svg"));
  }
}
