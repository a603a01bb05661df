// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.examples.cli;

import io.github.quant4j.evaluate.Evaluation;
import io.github.quant4j.evaluate.EvaluationOptions;
import io.github.quant4j.evaluate.EvaluationResult;
import io.github.quant4j.evaluate.LogitsFile;
import io.github.quant4j.model.LanguageModel;
import io.github.quant4j.model.ModelOptions;
import io.github.quant4j.text.TextFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Measures how well a model predicts a text. */
@Command(
    name = "eval",
    header = "Perplexity of a model on a text, and how it differs from a reference.",
    description =
        "The text is cut into consecutive windows; the tail is dropped. In each window all tokens"
            + " but the first are scored, given those before them in the window.")
final class EvalCommand implements Callable<Integer> {
  private final Quant quant;

  @Parameters(paramLabel = "MODEL_DIR", description = "The model.")
  private Path modelDirectory = Path.of("");

  @Option(
      names = "--text",
      paramLabel = "FILE",
      required = true,
      description = "The text, in UTF-8.")
  private Path text = Path.of("");

  @Option(
      names = "--context",
      paramLabel = "N",
      description = "Tokens of a window (default: ${DEFAULT-VALUE}).")
  private int context = EvaluationOptions.defaults().context();

  @Option(
      names = "--max-windows",
      paramLabel = "N",
      description = "Evaluate at most so many windows (default: all).")
  private int maximumWindows = Integer.MAX_VALUE;

  @Option(
      names = "--reference",
      paramLabel = "MODEL_DIR",
      description = "A model to compare with, for example the one that was quantized.")
  private @Nullable Path reference;

  @Option(
      names = "--logits-out",
      paramLabel = "FILE",
      description =
          "Write 'logits', F32 [windows, context, vocabulary], and 'tokens', I32, to a safetensors"
              + " file.")
  private @Nullable Path logitsFile;

  @Mixin private RuntimeOptions runtime = new RuntimeOptions();

  EvalCommand(Quant quant) {
    this.quant = quant;
  }

  @Override
  public Integer call() throws IOException {
    EvaluationOptions options =
        EvaluationOptions.defaults().withContext(context).withMaximumWindows(maximumWindows);
    if (logitsFile != null && Files.isDirectory(logitsFile)) {
      throw new UsageException("--logits-out: " + logitsFile + " is a directory, expected a file");
    }
    ModelOptions modelOptions = runtime.modelOptions();
    String contents = TextFile.read(text);
    try (LanguageModel model = LanguageModel.open(modelDirectory, modelOptions)) {
      int[] tokens = model.tokenizer().encode(contents, false);
      Evaluation evaluation = Evaluation.of(model).with(options);
      if (reference == null) {
        print(run(evaluation, tokens));
      } else {
        try (LanguageModel other = LanguageModel.open(reference, modelOptions)) {
          print(run(evaluation.against(other), tokens));
        }
      }
    }
    return 0;
  }

  private EvaluationResult run(Evaluation evaluation, int[] tokens) throws IOException {
    try (ProgressLine progress = quant.progress()) {
      Evaluation observed =
          evaluation.onProgress(progress).stoppedBy(quant.terminal().cancellation());
      return logitsFile == null
          ? observed.run(tokens)
          : LogitsFile.write(observed, tokens, logitsFile);
    }
  }

  private void print(EvaluationResult result) {
    if (quant.isJson()) {
      quant.print(json(result));
      return;
    }
    quant.print("perplexity  " + Numbers.fixed(result.perplexity(), 4));
    quant.print("nll         " + Numbers.fixed(result.negativeLogLikelihood(), 6));
    result
        .comparison()
        .ifPresent(
            comparison -> {
              quant.print("kl          " + Numbers.fixed(comparison.divergence(), 6));
              quant.print("top1        " + Numbers.fixed(100 * comparison.agreement(), 2) + " %");
            });
    quant.print(
        "tokens      " + result.tokens() + " in " + result.windows() + " windows of " + context);
    quant.print(
        "time        "
            + Numbers.fixed(result.seconds(), 2)
            + " s, "
            + Numbers.fixed(result.tokensPerSecond(), 0)
            + " tokens/s");
  }

  private Map<String, ?> json(EvaluationResult result) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("model", modelDirectory.toString());
    json.put("text", text.toString());
    json.put("context", context);
    json.put("windows", result.windows());
    json.put("perplexity", result.perplexity());
    json.put("nll", result.negativeLogLikelihood());
    json.put("tokens", result.tokens());
    json.put("seconds", result.seconds());
    json.put("tokens_per_second", result.tokensPerSecond());
    if (reference != null) {
      json.put("reference", reference.toString());
    }
    result
        .comparison()
        .ifPresent(
            comparison -> {
              json.put("kl", comparison.divergence());
              json.put("top1", comparison.agreement());
            });
    if (logitsFile != null) {
      json.put("logits_out", logitsFile.toString());
    }
    return json;
  }
}
