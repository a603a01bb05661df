// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.examples.cli;

import io.github.quant4j.model.config.ModelOptions;
import io.github.quant4j.pipeline.PlannedSite;
import io.github.quant4j.pipeline.QuantizationPlan;
import io.github.quant4j.recipe.Recipe;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** Shows what a quantization would do. */
@Command(
    name = "estimate",
    header = "What a quantization would do: layers, sizes, memory, time, problems.",
    description =
        "Takes the options of quantize, checks them against the model and does no work. The exit"
            + " status is 2 if it could not be done.")
final class EstimateCommand implements Callable<Integer> {
  private static final String KEEP = "keep";

  private final Quant quant;

  @Parameters(paramLabel = "MODEL_DIR", description = "The model.")
  private Path modelDirectory = Path.of("");

  @Mixin private QuantizationOptions options = new QuantizationOptions();

  @Mixin private RuntimeOptions runtime = new RuntimeOptions();

  EstimateCommand(Quant quant) {
    this.quant = quant;
  }

  @Override
  public Integer call() throws IOException {
    options.check();
    ModelOptions modelOptions = runtime.modelOptions();
    QuantizationPlan plan;
    List<String> warnings;
    try (AnyModel model = AnyModel.open(modelDirectory, modelOptions)) {
      plan = options.quantization(model).plan();
      warnings = model.warnings();
    }
    if (quant.isJson()) {
      quant.print(json(plan, warnings));
    } else {
      print(plan);
      warnings.forEach(warning -> quant.print("warning " + warning));
    }
    List<String> problems = plan.problems();
    if (problems.isEmpty()) {
      return 0;
    }
    quant
        .terminal()
        .err()
        .println(
            "quant: "
                + (problems.size() == 1 ? "" : problems.size() + " problems, the first is: ")
                + problems.getFirst());
    return Failure.CALL;
  }

  private static String recipe(PlannedSite site) {
    return site.recipe().map(Recipe::toString).orElse(KEEP);
  }

  private void print(QuantizationPlan plan) {
    Table table = new Table(3, "layer", "shape", "recipe", "bits", "before", "after");
    for (PlannedSite site : plan.sites()) {
      table.add(
          site.site().name(),
          "[" + site.site().outFeatures() + ", " + site.site().inFeatures() + "]",
          recipe(site),
          Numbers.fixed(site.bitsPerWeight(), 3),
          Numbers.bytes(bytes(site.bitsBefore())),
          Numbers.bytes(bytes(site.bitsAfter())));
    }
    table.lines().forEach(quant::print);
    quant.print("");
    quant.print(
        "layers  "
            + plan.quantizedLayers()
            + " of "
            + plan.sites().size()
            + " to quantize, at "
            + Numbers.fixed(plan.bitsPerWeight(), 3)
            + " bits per weight");
    quant.print(
        "size    "
            + Numbers.bytes((double) plan.bytesBefore())
            + " -> "
            + Numbers.bytes((double) plan.bytesAfter()));
    quant.print("memory  about " + Numbers.bytes((double) plan.peakHeapBytes()) + " of heap");
    quant.print("time    about " + Numbers.fixed(Math.max(1, plan.seconds()), 0) + " s");
    plan.problems().forEach(problem -> quant.print("problem " + problem));
  }

  private static double bytes(long bits) {
    return (double) bits / Byte.SIZE;
  }

  private Map<String, ?> json(QuantizationPlan plan, List<String> warnings) {
    Map<String, Object> totals = new LinkedHashMap<>();
    totals.put("layers", plan.quantizedLayers());
    totals.put("bits_per_weight", plan.bitsPerWeight());
    totals.put("bytes_before", plan.bytesBefore());
    totals.put("bytes_after", plan.bytesAfter());
    totals.put("peak_heap_bytes", plan.peakHeapBytes());
    totals.put("seconds", plan.seconds());
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("model", modelDirectory.toString());
    json.put("recipe", plan.recipe());
    json.put("calibrated", plan.isCalibrated());
    json.put("plan", plan.sites().stream().map(EstimateCommand::json).toList());
    json.put("totals", totals);
    json.put("problems", plan.problems());
    if (!warnings.isEmpty()) {
      json.put("warnings", warnings);
    }
    return json;
  }

  private static Map<String, ?> json(PlannedSite site) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("name", site.site().name());
    json.put("shape", List.of(site.site().outFeatures(), site.site().inFeatures()));
    json.put("recipe", recipe(site));
    json.put("bits_per_weight", site.bitsPerWeight());
    json.put("bytes_before", bytes(site.bitsBefore()));
    json.put("bytes_after", bytes(site.bitsAfter()));
    return json;
  }
}
