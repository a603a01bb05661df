// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.examples.cli;

import io.github.quant4j.io.OutputText;
import io.github.quant4j.json.JsonParser;
import io.github.quant4j.json.JsonValue;
import io.github.quant4j.report.SensitivityPage;
import io.github.quant4j.sensitivity.CandidateSensitivity;
import io.github.quant4j.sensitivity.SensitivityTable;
import io.github.quant4j.sensitivity.SiteSensitivity;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Measures what each candidate recipe does to each layer. */
@Command(
    name = "sensitivity",
    header = "How much a model loses when one layer alone is quantized.",
    description =
        "For each layer and candidate recipe: the error of the layer's output, that of its weights,"
            + " and the loss of the model, which is the divergence of predictions in nats for a"
            + " language model and the energy of noise in its output for a speech encoder.")
final class SensitivityCommand implements Callable<Integer> {
  private final Quant quant;

  @Parameters(paramLabel = "MODEL_DIR", description = "The model.")
  private Path modelDirectory = Path.of("");

  @Mixin private SensitivityOptions options = new SensitivityOptions();

  @Mixin private QuantizationInputs inputs = new QuantizationInputs();

  @Option(
      names = "--out",
      paramLabel = "FILE",
      description = "Where all numbers go, as JSON, to be given back to 'quantize --sensitivity'.")
  private @Nullable Path out;

  @Option(
      names = "--page",
      paramLabel = "FILE",
      description = "Where a page of HTML with figures of the losses goes.")
  private @Nullable Path page;

  @Mixin private RuntimeOptions runtime = new RuntimeOptions();

  SensitivityCommand(Quant quant) {
    this.quant = quant;
  }

  @Override
  public Integer call() throws IOException {
    options.check();
    inputs.check();
    if (out != null) {
      OutputPaths.requireFile("--out", out);
    }
    if (page != null) {
      OutputPaths.requireFile("--page", page);
    }
    quant.cleansUp();
    SensitivityTable table;
    try (AnyModel model = AnyModel.open(modelDirectory, runtime.modelOptions())) {
      table = options.measure(model, inputs, quant);
    }
    if (out != null) {
      OutputText.write(out, table.toJson());
    }
    if (page != null) {
      OutputText.write(page, SensitivityPage.of(table).html());
    }
    if (quant.isJson()) {
      quant.print(json(table));
    } else {
      print(table);
    }
    return 0;
  }

  private Map<String, ?> json(SensitivityTable table) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("model", modelDirectory.toString());
    if (JsonParser.parse(table.toJson()) instanceof JsonValue.Obj members) {
      json.putAll(members.members());
    }
    return json;
  }

  /** A column for each candidate whose loss is known; of the others there is the error. */
  private void print(SensitivityTable table) {
    Set<String> recipes = new LinkedHashSet<>();
    table.sites().stream()
        .flatMap(site -> site.candidates().stream())
        .filter(candidate -> candidate.loss().isPresent())
        .forEach(candidate -> recipes.add(candidate.recipe()));
    boolean isLoss = !recipes.isEmpty();
    if (!isLoss) {
      table.sites().getFirst().candidates().forEach(one -> recipes.add(one.recipe()));
    }
    List<String> titles = new ArrayList<>(List.of("layer", "shape"));
    List<String> all = List.copyOf(recipes);
    for (int i = 0; i < all.size(); i++) {
      titles.add("(" + (i + 1) + ")");
      quant.print("(" + (i + 1) + ") " + all.get(i));
    }
    quant.print(
        (isLoss ? table.measure().label() : "relative output error") + " on " + table.inputs());
    quant.print("");
    Table rows = new Table(2, titles.toArray(String[]::new));
    for (SiteSensitivity site : table.sites()) {
      List<String> cells = new ArrayList<>();
      cells.add(site.name());
      cells.add("[" + site.outFeatures() + ", " + site.inFeatures() + "]");
      for (String recipe : all) {
        Optional<CandidateSensitivity> found = site.candidate(recipe);
        cells.add(
            found
                .map(
                    one ->
                        isLoss
                            ? one.loss().orElse(Double.NaN)
                            : one.outputError() / site.outputPower())
                .map(Numbers::significant)
                .orElse("-"));
      }
      rows.add(cells.toArray(String[]::new));
    }
    rows.lines().forEach(quant::print);
  }
}
