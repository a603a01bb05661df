// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.examples.cli;

import io.github.quant4j.model.config.ModelOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Does the main job on the bundled model. */
@Command(
    name = "demo",
    header = "Quantizes a bundled model in several ways and compares the results.",
    description =
        "Evaluates the model, lets it write its own calibration text, quantizes, saves, loads and"
            + " evaluates it again, and lets the packed models write. Nothing is downloaded.")
final class DemoCommand implements Callable<Integer> {
  private static final Path MODEL = Path.of("examples", "models", "gutenberg-5m");
  private static final Path TEXT = Path.of("examples", "text", "harbour.txt");

  private final Quant quant;

  @Option(
      names = "--model",
      paramLabel = "MODEL_DIR",
      description = "Another model than the bundled one.")
  private Path modelDirectory = home().resolve(MODEL);

  @Option(
      names = "--text",
      paramLabel = "FILE",
      description = "Another text to evaluate on than the bundled one.")
  private Path text = home().resolve(TEXT);

  @Option(
      names = "--recipe",
      paramLabel = "R",
      description = "A recipe in place of the default ones; may be given several times.")
  private List<String> recipes = new ArrayList<>();

  @Option(
      names = "--out",
      paramLabel = "DIR",
      description = "Keep the quantized models in this directory, which must not exist.")
  private @Nullable Path output;

  @Mixin private RuntimeOptions runtime = new RuntimeOptions();

  DemoCommand(Quant quant) {
    this.quant = quant;
  }

  /** The repository, which the launcher knows. */
  private static Path home() {
    return Path.of(System.getProperty("quant4j.home", System.getProperty("user.dir", "")));
  }

  @Override
  public Integer call() throws IOException {
    ModelOptions options = runtime.modelOptions();
    if (output != null && Files.exists(output)) {
      throw new UsageException("--out: " + output + " exists already");
    }
    Demo demo = new Demo(quant, options, modelDirectory, text, Demo.orUsual(recipes));
    if (output != null) {
      OutputPaths.requireDirectories("--out", output);
    }
    quant.cleansUp();
    Demo.Outcome outcome;
    if (output == null) {
      try (TemporaryDirectory directory = TemporaryDirectory.create("quant-demo")) {
        outcome = demo.run(directory.path());
      }
    } else {
      outcome = demo.run(Files.createDirectories(output));
    }
    if (quant.isJson()) {
      quant.print(json(outcome));
    } else {
      print(outcome);
    }
    return 0;
  }

  private void print(Demo.Outcome outcome) {
    Table table = new Table(1, "recipe", "bits", "size", "perplexity", "KL", "top-1", "tokens/s");
    table.add(
        "full precision",
        Numbers.fixed(outcome.original().bitsPerWeight(), 2),
        Numbers.bytes((double) outcome.original().bytes()),
        Numbers.fixed(outcome.original().perplexity(), 3),
        "",
        "",
        Numbers.fixed(outcome.original().tokensPerSecond(), 0));
    for (Demo.Quantized quantized : outcome.quantized()) {
      table.add(
          quantized.recipe(),
          Numbers.fixed(quantized.measured().bitsPerWeight(), 2),
          Numbers.bytes((double) quantized.measured().bytes()),
          Numbers.fixed(quantized.measured().perplexity(), 3),
          Numbers.fixed(quantized.divergence(), 4),
          Numbers.fixed(100 * quantized.agreement(), 1) + " %",
          Numbers.fixed(quantized.measured().tokensPerSecond(), 0));
    }
    quant.print("");
    table.lines().forEach(quant::print);
    quant.print("");
    quant.print(
        "bits: per weight of the quantized layers; size: weight files with embeddings, which stay"
            + " as they are;");
    quant.print(
        "KL and top-1: divergence from and agreement with the full model; tokens/s: writing, one"
            + " text at a time");
  }

  private Map<String, ?> json(Demo.Outcome outcome) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("model", modelDirectory.toString());
    json.put("text", text.toString());
    json.put("fp", json(outcome.original()));
    List<Map<String, ?>> quantized = new ArrayList<>();
    for (Demo.Quantized one : outcome.quantized()) {
      Map<String, Object> entry = new LinkedHashMap<>();
      entry.put("recipe", one.recipe());
      entry.putAll(json(one.measured()));
      entry.put("kl", one.divergence());
      entry.put("top1", one.agreement());
      entry.put("seconds", one.seconds());
      quantized.add(entry);
    }
    json.put("recipes", quantized);
    json.put("seconds", outcome.seconds());
    return json;
  }

  private static Map<String, ?> json(Demo.Measured measured) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("perplexity", measured.perplexity());
    json.put("bits_per_weight", measured.bitsPerWeight());
    json.put("bytes", measured.bytes());
    json.put("tokens_per_second", measured.tokensPerSecond());
    json.put("text", measured.text());
    return json;
  }
}
