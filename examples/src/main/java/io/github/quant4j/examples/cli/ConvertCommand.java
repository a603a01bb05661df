// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.examples.cli;

import io.github.quant4j.checkpoint.ExportOptions;
import io.github.quant4j.checkpoint.ExportReport;
import io.github.quant4j.checkpoint.GgufLayerTypes;
import io.github.quant4j.checkpoint.LayerExport;
import io.github.quant4j.checkpoint.ModelExport;
import io.github.quant4j.checkpoint.ModelExports;
import io.github.quant4j.checkpoint.ModelFormats;
import io.github.quant4j.graph.BlockModel;
import io.github.quant4j.io.OutputException;
import io.github.quant4j.io.ProtectedInputs;
import io.github.quant4j.io.quantized.ModelSource;
import io.github.quant4j.linalg.Compute;
import io.github.quant4j.pipeline.Quantization;
import io.github.quant4j.pipeline.QuantizationReport;
import io.github.quant4j.pipeline.SaveOptions;
import io.github.quant4j.quantize.Quantizer;
import io.github.quant4j.recipe.Recipe;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Writes a model in the form of another program's checkpoints. */
@Command(
    name = "convert",
    header = "Writes a model in another form of checkpoints.",
    description =
        "Weights stay exactly the same, unless --recipe quantizes them on the way or --requantize"
            + " allows to change what the form cannot hold. The result appears when it is"
            + " complete. docs/converting.md says what converts to what.")
final class ConvertCommand implements Callable<Integer> {
  private static final double NANOS = 1e9;
  private static final int NAMED_LAYERS = 3;
  private static final String SEARCH = " mse rtn";

  private final Quant quant;

  @Parameters(index = "0", paramLabel = "IN", description = "The model, a directory or a file.")
  private Path input = Path.of("");

  @Parameters(index = "1", paramLabel = "OUT", description = "Where the result is to appear.")
  private Path target = Path.of("");

  @Option(
      names = "--to",
      required = true,
      paramLabel = "FORMAT",
      description = "The form: gptq, gptq_v2, awq, compressed-tensors or gguf:TYPE.")
  private String format = "";

  @Option(
      names = "--requantize",
      description =
          "Quantize layers again, by nearest rounding, that the form cannot hold as they are, or"
              + " store them in full precision.")
  private boolean requantize;

  @Option(
      names = "--imatrix",
      paramLabel = "FILE",
      description = "With gguf:TYPE, an importance matrix for the quantizer.")
  private @Nullable Path importance;

  @Option(
      names = "--split-size",
      paramLabel = "SIZE",
      description =
          "With gguf:TYPE, several files OUT-00001-of-0000N.gguf of at most so many bytes, such as"
              + " 4G or 500M.")
  private @Nullable String splitSize;

  @Mixin private QuantizationOptions options = new QuantizationOptions();

  @Option(names = "--overwrite", description = "Replace the model that is in OUT already.")
  private boolean overwrite;

  @Option(
      names = "--resume",
      description =
          "With --recipe, go on after the last finished block of an unfinished run of the same"
              + " model, recipe and calibration.")
  private boolean resume;

  @Spec private CommandSpec spec = CommandSpec.create();

  @Mixin private RuntimeOptions runtime = new RuntimeOptions();

  ConvertCommand(Quant quant) {
    this.quant = quant;
  }

  @Override
  public Integer call() throws IOException {
    long start = System.nanoTime();
    ModelExport export = export();
    requireFreeOutput();
    checkRecipe(export);
    long before;
    ExportReport report;
    @Nullable QuantizationReport quantization = null;
    if (isQuantizing(export)) {
      try (TemporaryDirectory quantized = new TemporaryDirectory(besideTarget())) {
        quantization = quantize(quantized.path());
        before = quantization.bytesBefore();
        report = write(export, quantized.path());
      }
    } else {
      before = size(input);
      report = write(export, input);
    }
    double seconds = (System.nanoTime() - start) / NANOS;
    if (quant.isJson()) {
      quant.print(json(report, quantization, before, seconds));
    } else {
      print(report, quantization, before, seconds);
    }
    return 0;
  }

  private ModelExport export() {
    try {
      ModelExport export = ModelExports.named(format);
      if (importance != null && !isGguf(export)) {
        throw new UsageException("--imatrix: with --to " + format + ", expected gguf:TYPE");
      }
      if (splitSize != null) {
        if (!isGguf(export)) {
          throw new UsageException("--split-size: with --to " + format + ", expected gguf:TYPE");
        }
        long _ = Conversions.size("--split-size", splitSize);
      }
      return export;
    } catch (UsageException e) {
      throw e;
    } catch (IllegalArgumentException e) {
      throw new UsageException("--to: " + e.getMessage());
    }
  }

  private boolean isGguf(ModelExport export) {
    return export.name().startsWith("gguf");
  }

  /** Whether the model is quantized before it is written: to blocks also by calibration alone. */
  private boolean isQuantizing(ModelExport export) {
    return options.hasRecipe()
        || isGguf(export) && spec.commandLine().getParseResult().hasMatchedOption("--calib");
  }

  private void checkRecipe(ModelExport export) throws IOException {
    if (options.hasRecipe()) {
      options.check();
    } else if (isQuantizing(export)) {
      options.checkRest();
    } else if (options.hasExceptions()) {
      throw new UsageException("--set or --keep: without --recipe, expected it");
    } else if (resume) {
      throw new UsageException("--resume: without --recipe, expected it");
    }
  }

  private void requireFreeOutput() throws IOException {
    List<Path> inputs = new ArrayList<>(options.inputs(input));
    if (importance != null) {
      inputs.add(importance);
    }
    try {
      ProtectedInputs.of(inputs).requireApartFromDirectory(target);
    } catch (OutputException e) {
      throw new UsageException(Objects.requireNonNull(e.getMessage()));
    }
    OutputPaths.requireDirectories("OUT", target);
    if (!overwrite && Files.exists(target, LinkOption.NOFOLLOW_LINKS)) {
      throw new UsageException(target + ": exists already; choose another OUT or add --overwrite");
    }
  }

  /** The same each time, so that an unfinished run is found again. */
  private Path besideTarget() {
    Path absolute = target.toAbsolutePath().normalize();
    return absolute.resolveSibling("." + absolute.getFileName() + ".quant4j-quantized");
  }

  private QuantizationReport quantize(Path directory) throws IOException {
    try (AnyModel model = AnyModel.open(input, runtime.modelOptions());
        ProgressLine progress = quant.progress()) {
      Quantization<?> quantization =
          quantization(model).progress(progress).cancellation(quant.terminal().cancellation());
      quant.cleansUp();
      return quantization.saveTo(directory, new SaveOptions(true, resume));
    }
  }

  /** With the blocks of each layer if these are known, otherwise with the recipe as it is. */
  private Quantization<?> quantization(AnyModel model) throws IOException {
    if (!(model instanceof AnyModel.Text text)
        || options.hasRecipe() && options.recipe().isEmpty()) {
      return options.quantization(model);
    }
    Optional<GgufLayerTypes> types = layerTypes();
    if (types.isEmpty()) {
      return options.quantization(model);
    }
    BlockModel<?> graph = text.graph();
    Recipe main = options.recipe().orElseGet(() -> best(types.get()));
    if (BlockRecipes.isOfBlocks(main)) {
      return options.quantization(text, BlockRecipes.of(main, types.get(), graph), main);
    }
    if (!requantize) {
      BlockRecipes.requireExact(main, types.get(), graph);
    }
    return options.quantization(model);
  }

  private Optional<GgufLayerTypes> layerTypes() throws IOException {
    try (ModelSource source = ModelFormats.open(input)) {
      return GgufLayerTypes.of(format, source.config(), input.toString(), importance != null);
    }
  }

  private Recipe best(GgufLayerTypes types) {
    return BlockRecipes.best(types.usual())
        .orElseThrow(
            () ->
                new UsageException(
                    "--calib: with --to "
                        + format
                        + ", which has no recipe of its own; expected"
                        + " --recipe too, or no calibration"));
  }

  private ExportReport write(ModelExport export, Path from) throws IOException {
    try (ModelSource source = ModelFormats.open(from);
        ProgressLine progress = quant.progress()) {
      quant.cleansUp();
      ExportOptions how =
          ExportOptions.defaults()
              .withOverwrite(overwrite)
              .withProgress(progress)
              .withCancellation(quant.terminal().cancellation());
      if (splitSize != null) {
        how = how.withPartBytes(Conversions.size("--split-size", splitSize));
      }
      if (requantize) {
        Compute compute = runtime.modelOptions().kernels().compute();
        how =
            how.withRequantizer(
                (scheme, weights) -> Quantizer.of(scheme + SEARCH).quantize(weights, compute));
      }
      return export.write(
          source, target, importance == null ? how : how.withImportance(importance));
    }
  }

  private static long size(Path model) throws IOException {
    try (ModelSource source = ModelFormats.open(model)) {
      return source.byteSize();
    }
  }

  private void print(
      ExportReport report, @Nullable QuantizationReport quantization, long before, double seconds) {
    quant.print("form         " + report.format());
    if (quantization != null) {
      quant.print("recipe       " + quantization.recipe());
    }
    SequencedMap<String, List<String>> alike = new LinkedHashMap<>();
    for (LayerExport layer : report.layers()) {
      String what = layer.outcome().label() + ": " + layer.detail();
      alike.computeIfAbsent(what, _ -> new ArrayList<>()).add(layer.layer());
    }
    alike.forEach(
        (what, layers) ->
            quant.print(
                "layers       "
                    + layers.size()
                    + " "
                    + what
                    + (layers.size() <= NAMED_LAYERS
                        ? " (" + String.join(", ", layers) + ")"
                        : "")));
    quant.print(
        "size         "
            + Numbers.bytes((double) before)
            + " -> "
            + Numbers.bytes((double) report.bytes()));
    quant.print("time         " + Numbers.fixed(seconds, 1) + " s");
  }

  private Map<String, ?> json(
      ExportReport report, @Nullable QuantizationReport quantization, long before, double seconds) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("model", input.toString());
    json.put("output", target.toString());
    json.put("format", report.format());
    if (quantization != null) {
      json.put("recipe", quantization.recipe());
      json.put("calibration", quantization.calibration());
    }
    for (LayerExport.Outcome outcome : LayerExport.Outcome.values()) {
      json.put(outcome.name().toLowerCase(Locale.ROOT), report.count(outcome));
    }
    List<Map<String, ?>> layers = new ArrayList<>();
    for (LayerExport layer : report.layers()) {
      Map<String, Object> one = new LinkedHashMap<>();
      one.put("layer", layer.layer());
      one.put("outcome", layer.outcome().name().toLowerCase(Locale.ROOT));
      one.put("detail", layer.detail());
      layers.add(one);
    }
    json.put("layers", layers);
    json.put("bytes_before", before);
    json.put("bytes_after", report.bytes());
    json.put("seconds", seconds);
    return json;
  }
}
