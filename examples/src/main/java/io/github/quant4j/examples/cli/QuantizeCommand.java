// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.examples.cli;

import io.github.quant4j.examples.cli.TargetedQuantization.Outcome;
import io.github.quant4j.io.OutputException;
import io.github.quant4j.io.OutputText;
import io.github.quant4j.io.ProtectedInputs;
import io.github.quant4j.model.SpeechEncoder;
import io.github.quant4j.model.SpeechRecognizer;
import io.github.quant4j.model.config.ModelOptions;
import io.github.quant4j.pipeline.Quantization;
import io.github.quant4j.pipeline.QuantizationReport;
import io.github.quant4j.pipeline.SaveOptions;
import io.github.quant4j.recipe.Recipe;
import io.github.quant4j.sensitivity.SensitivityTable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Quantizes a model from one directory to another. */
@Command(
    name = "quantize",
    header = "Quantizes a model and saves it.",
    description =
        "The result loads with every command here and, where its schema can say it, with other"
            + " tools that read compressed-tensors. It appears when it is complete.")
final class QuantizeCommand implements Callable<Integer> {
  private final Quant quant;

  @Parameters(index = "0", paramLabel = "MODEL_DIR", description = "The model.")
  private Path modelDirectory = Path.of("");

  @Parameters(index = "1", paramLabel = "OUT_DIR", description = "Where the result is to appear.")
  private Path outputDirectory = Path.of("");

  @Mixin private QuantizationOptions options = new QuantizationOptions();

  @Mixin private AllocationOptions targets = new AllocationOptions();

  @Option(
      names = "--part",
      paramLabel = "PART",
      description =
          "Of a Whisper model: encoder, or decoder, which is calibrated on what the model writes of"
              + " the speech of --calib; the other part stays as it is (default: encoder).")
  private @Nullable String part;

  @Option(names = "--overwrite", description = "Replace the model that is in OUT_DIR already.")
  private boolean overwrite;

  @Option(
      names = "--resume",
      description =
          "Go on after the last finished block of an unfinished run of the same model, recipe and"
              + " calibration. A run that ends early keeps the blocks that it has finished.")
  private boolean resume;

  @Mixin private RuntimeOptions runtime = new RuntimeOptions();

  QuantizeCommand(Quant quant) {
    this.quant = quant;
  }

  @Override
  public Integer call() throws IOException {
    requireFreeOutput();
    check();
    ModelOptions modelOptions = runtime.modelOptions();
    QuantizationReport report;
    @Nullable Outcome found = null;
    long peakHeap;
    SaveOptions save = new SaveOptions(overwrite, resume);
    if (isDecoder()) {
      try (SpeechRecognizer recognizer = AnyModel.openToTranscribe(modelDirectory, modelOptions);
          PeakHeap heap = PeakHeap.start()) {
        report = run(options.decoderQuantization(recognizer, quant), save);
        peakHeap = heap.bytes();
      }
      show(report, null, peakHeap);
      return 0;
    }
    try (AnyModel model = AnyModel.open(modelDirectory, modelOptions);
        PeakHeap heap = PeakHeap.start()) {
      if (targets.isAsked()) {
        quant.cleansUp();
        found =
            new TargetedQuantization(model, options, targets, quant).saveTo(outputDirectory, save);
        report = found.report();
      } else {
        report = quantize(model, save);
      }
      peakHeap = heap.bytes();
    }
    if (found != null && targets.planFile() != null) {
      OutputText.write(targets.planFile(), found.allocation().plan().toString());
    }
    show(report, found, peakHeap);
    return 0;
  }

  private boolean isDecoder() throws IOException {
    if (part == null) {
      return false;
    }
    if (!part.equals("encoder") && !part.equals("decoder")) {
      throw new UsageException("--part: '" + part + "', expected encoder or decoder");
    }
    if (!SpeechEncoder.isIn(modelDirectory)) {
      throw new UsageException(
          "--part: " + part + ", but " + modelDirectory + " is no model of Whisper");
    }
    if (part.equals("encoder")) {
      return false;
    }
    if (targets.isAsked()) {
      throw new UsageException(
          "--part decoder: beside a target, which is for encoders and language models");
    }
    return true;
  }

  private void show(QuantizationReport report, @Nullable Outcome found, long peakHeap) {
    if (quant.isJson()) {
      quant.print(json(report, found, peakHeap));
      return;
    }
    if (found != null) {
      found.allocation().plan().toString().lines().forEach(quant::print);
      quant.print("");
    }
    print(report, found, peakHeap);
  }

  private void check() throws IOException {
    if (!targets.isAsked()) {
      targets.requireUnused();
      options.check();
      return;
    }
    if (options.hasRecipe()) {
      throw new UsageException(
          "--recipe, --bits or --plan: beside a target, expected one of them; --candidates FILE"
              + " lists the recipes to choose from");
    }
    options.checkRest();
    targets.check();
    if (targets.planFile() != null) {
      OutputPaths.requireFile("--plan-out", targets.planFile());
    }
  }

  private QuantizationReport quantize(AnyModel model, SaveOptions save) throws IOException {
    return run(options.quantization(model), save);
  }

  private QuantizationReport run(Quantization<?> quantization, SaveOptions save)
      throws IOException {
    try (ProgressLine progress = quant.progress()) {
      Quantization<?> observed =
          quantization.progress(progress).cancellation(quant.terminal().cancellation());
      quant.cleansUp();
      return observed.saveTo(outputDirectory, save);
    }
  }

  private void requireFreeOutput() throws IOException {
    requireApart();
    OutputPaths.requireDirectories("OUT_DIR", outputDirectory);
    if (!Files.exists(outputDirectory, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    if (!overwrite) {
      throw new UsageException(
          outputDirectory + ": exists already; choose another OUT_DIR or add --overwrite");
    }
  }

  private void requireApart() throws IOException {
    try {
      ProtectedInputs.of(options.inputs(modelDirectory)).requireApartFromDirectory(outputDirectory);
    } catch (OutputException e) {
      throw new UsageException(Objects.requireNonNull(e.getMessage()));
    }
  }

  private void print(QuantizationReport report, @Nullable Outcome found, long peakHeap) {
    quant.print(
        "recipe       " + report.recipe() + (found == null ? "" : " in most layers, see the plan"));
    if (found != null && found.divergence().isPresent()) {
      quant.print(
          "divergence   " + Numbers.significant(found.divergence().getAsDouble()) + " nats");
    }
    if (!report.calibration().isEmpty()) {
      quant.print("calibration  " + report.calibration());
    }
    quant.print(
        "layers       "
            + report.sites().size()
            + " at "
            + Numbers.fixed(report.bitsPerWeight(), 3)
            + " bits per weight");
    quant.print(
        "size         "
            + Numbers.bytes((double) report.bytesBefore())
            + " -> "
            + Numbers.bytes((double) report.bytesAfter()));
    report
        .outputSqnr()
        .ifPresent(
            decibels -> quant.print("output       " + ratio(decibels) + " after the last block"));
    quant.print(
        "time         "
            + Numbers.fixed(report.seconds(), 1)
            + " s, at most "
            + Numbers.bytes((double) peakHeap)
            + " of heap");
    quant.print("report       " + outputDirectory.resolve(QuantizationReport.PAGE));
  }

  private static String ratio(double decibels) {
    if (decibels == Double.POSITIVE_INFINITY) {
      return "no difference";
    }
    return Double.isFinite(decibels)
        ? Numbers.fixed(decibels, 2) + " dB signal to noise"
        : "no signal, or numbers that are not finite,";
  }

  private Map<String, ?> json(QuantizationReport report, @Nullable Outcome found, long peakHeap) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("model", modelDirectory.toString());
    json.put("output", outputDirectory.toString());
    json.put("recipe", report.recipe());
    json.put("calibration", report.calibration());
    json.put("quant_method", report.method());
    json.put("layers", report.sites().size());
    json.put("bits_per_weight", report.bitsPerWeight());
    json.put("bytes_before", report.bytesBefore());
    json.put("bytes_after", report.bytesAfter());
    // JSON has no infinity, which is what there is without any difference.
    report.outputSqnr().stream()
        .filter(decibels -> decibels != Double.POSITIVE_INFINITY)
        .forEach(decibels -> json.put("output_sqnr_db", Numbers.json(decibels)));
    json.put("seconds", report.seconds());
    json.put("peak_heap_bytes", peakHeap);
    if (found != null) {
      json.put("objective", found.allocation().objective());
      json.put("bit_operations", found.allocation().bitOperations());
      json.put("counted", "bit operations of " + SensitivityTable.OPERATIONS);
      found.divergence().ifPresent(value -> json.put("kl", value));
      Map<String, Object> plan = new LinkedHashMap<>();
      found
          .allocation()
          .plan()
          .layers()
          .forEach(one -> plan.put(one.layer(), one.recipe().map(Recipe::toString).orElse("keep")));
      json.put("plan", plan);
    }
    json.put("report", outputDirectory.resolve(QuantizationReport.FILE).toString());
    return json;
  }
}
