// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.examples.cli;

import io.github.quant4j.evaluate.Evaluation;
import io.github.quant4j.evaluate.EvaluationOptions;
import io.github.quant4j.evaluate.EvaluationResult;
import io.github.quant4j.evaluate.LogitsFile;
import io.github.quant4j.evaluate.OutputComparison;
import io.github.quant4j.io.OutputException;
import io.github.quant4j.io.ProtectedInputs;
import io.github.quant4j.model.LanguageModel;
import io.github.quant4j.model.SpeechEncoder;
import io.github.quant4j.model.config.ModelOptions;
import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.text.TextFile;
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
import picocli.CommandLine.Parameters;

/** Measures how well a model predicts a text, or how far an encoder is from the original. */
@Command(
    name = "eval",
    header = "Perplexity of a model on a text, and how it differs from a reference.",
    description =
        "The text is cut into consecutive windows; the tail is dropped. In each window all tokens"
            + " but the first are scored, given those before them in the window. A speech encoder"
            + " is compared with a reference on speech, by the signal to noise of its features."
            + " Either can be scored on a task.")
final class EvalCommand implements Callable<Integer> {
  private final Quant quant;

  @Parameters(paramLabel = "MODEL_DIR", description = "The model.")
  private Path modelDirectory = Path.of("");

  @Option(names = "--text", paramLabel = "FILE", description = "The text, in UTF-8.")
  private @Nullable Path text;

  @Option(
      names = "--speech",
      paramLabel = "PATH",
      description =
          "Speech for a speech encoder and its --reference: a WAV file, or a folder of them, which"
              + " are joined to segments of 30 seconds.")
  private @Nullable Path speech;

  @Option(
      names = "--task",
      paramLabel = "PATH",
      description = {
        "For a language model, a JSONL file of questions, each {\"context\": ..., \"choices\": [...],"
            + " \"answer\": n}, of which the likeliest choice is taken: acc, and by length acc_norm.",
        "For a speech encoder, recordings with labels: a folder of WAV files named LABEL_*.wav, or"
            + " with a folder of them for each label, or a list of files and labels, .csv or"
            + " .jsonl. They are labelled by a linear probe on the features, learned from --train"
            + " with the --reference."
      })
  private @Nullable Path task;

  @Option(
      names = "--train",
      paramLabel = "PATH",
      description = "Recordings that the labels of a speech encoder's --task are learned from.")
  private @Nullable Path training;

  @Option(
      names = "--context",
      paramLabel = "N",
      description =
          "Tokens of a window, at most as many as the model has positions (default: 256, or all"
              + " positions of a model with fewer).")
  private @Nullable Integer givenContext;

  private int context = EvaluationOptions.defaults().context();

  @Option(
      names = "--max-windows",
      paramLabel = "N",
      description = "Evaluate at most so many windows or segments (default: all).")
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
    if (givenContext != null) {
      context = NumberRange.context(givenContext);
    }
    NumberRange.atLeast("--max-windows", maximumWindows, 1);
    if (speech != null && text != null) {
      throw new UsageException("--speech: in addition to --text, expected one of them");
    }
    if (training != null && task == null) {
      throw new UsageException("--train: " + training + ", but there is no --task");
    }
    if (task != null) {
      requireTaskAlone();
      new TaskEvaluation(quant, modelDirectory, reference, task, runtime.modelOptions())
          .run(training);
    } else if (speech != null) {
      compareEncoders(speech);
    } else if (text != null) {
      predict(text);
    } else {
      throw new UsageException(
          "eval: missing --text FILE, or --speech PATH for a speech encoder, or --task PATH");
    }
    return 0;
  }

  private void requireTaskAlone() {
    if (text != null || speech != null) {
      throw new UsageException("--task: in addition to --text or --speech, expected one of them");
    }
    if (logitsFile != null || givenContext != null || maximumWindows < Integer.MAX_VALUE) {
      throw new UsageException(
          "--task: in addition to --context, --max-windows or --logits-out, which are for texts");
    }
  }

  private void predict(Path file) throws IOException {
    EvaluationOptions options =
        EvaluationOptions.defaults().withContext(context).withMaximumWindows(maximumWindows);
    if (logitsFile != null) {
      requireWritable(logitsFile);
    }
    requireApart(file);
    ModelOptions modelOptions = runtime.modelOptions();
    String contents = TextFile.read(file);
    try (LanguageModel model = AnyModel.openForText(modelDirectory, modelOptions)) {
      if (givenContext == null) {
        context = Math.min(context, model.maximumPositions());
      }
      // Too long a context is refused by the evaluation, which knows the model's positions.
      int[] tokens =
          TextWindows.tokens(model, file, contents, Math.min(context, model.maximumPositions()));
      if (logitsFile != null) {
        quant.cleansUp();
      }
      Evaluation evaluation = Evaluation.of(model).options(options.withContext(context));
      if (reference == null) {
        print(run(evaluation, tokens));
      } else {
        try (LanguageModel other = AnyModel.openForText(reference, modelOptions)) {
          print(run(evaluation.against(other), tokens));
        }
      }
    }
  }

  private void requireApart(Path file) throws IOException {
    if (logitsFile == null) {
      return;
    }
    List<Path> inputs = new ArrayList<>(List.of(modelDirectory, file));
    if (reference != null) {
      inputs.add(reference);
    }
    try {
      ProtectedInputs.of(inputs).requireApartFromFile(logitsFile);
    } catch (OutputException e) {
      throw new UsageException("--logits-out: " + e.getMessage());
    }
  }

  /** Found before the work rather than after it. */
  private static void requireWritable(Path file) {
    if (Files.isDirectory(file)) {
      throw new UsageException("--logits-out: " + file + " is a directory, expected a file");
    }
    OutputPaths.requireFile("--logits-out", file);
  }

  private void compareEncoders(Path speechPath) throws IOException {
    if (logitsFile != null) {
      throw new UsageException("--logits-out: " + logitsFile + ", but speech has no logits");
    }
    if (reference == null) {
      throw new UsageException(
          "--reference: missing, but there is no perplexity of speech; expected the encoder to"
              + " compare with");
    }
    ModelOptions options = runtime.modelOptions();
    try (SpeechEncoder encoder = AnyModel.openForSpeech(modelDirectory, options);
        SpeechEncoder original = AnyModel.openForSpeech(reference, options);
        ProgressLine progress = quant.progress()) {
      List<FloatMatrix> segments =
          SpeechFiles.spectrograms(encoder, speechPath, maximumWindows, "--max-windows");
      OutputComparison.Result result =
          OutputComparison.of(original.graph(), encoder.graph())
              .progress(progress)
              .cancellation(quant.terminal().cancellation())
              .run(segments);
      print(result, reference, speechPath);
    }
  }

  private void print(OutputComparison.Result result, Path original, Path speechPath) {
    if (quant.isJson()) {
      Map<String, Object> json = new LinkedHashMap<>();
      json.put("model", modelDirectory.toString());
      json.put("reference", original.toString());
      json.put("speech", speechPath.toString());
      json.put("segments", result.inputs().size());
      json.put("sqnr_db", Numbers.json(result.sqnr()));
      json.put("worst_sqnr_db", Numbers.json(result.worst()));
      quant.print(json);
      return;
    }
    quant.print("sqnr      " + Numbers.decibels(result.sqnr()));
    quant.print("worst     " + Numbers.decibels(result.worst()));
    quant.print("segments  " + result.inputs().size());
  }

  private EvaluationResult run(Evaluation evaluation, int[] tokens) throws IOException {
    try (ProgressLine progress = quant.progress()) {
      Evaluation observed =
          evaluation.progress(progress).cancellation(quant.terminal().cancellation());
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
    json.put("text", String.valueOf(text));
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
