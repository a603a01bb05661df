// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.examples.cli;

import io.github.quant4j.evaluate.LabeledSounds;
import io.github.quant4j.evaluate.MultipleChoiceEvaluation;
import io.github.quant4j.evaluate.MultipleChoiceFile;
import io.github.quant4j.evaluate.MultipleChoiceQuestion;
import io.github.quant4j.evaluate.MultipleChoiceResult;
import io.github.quant4j.evaluate.MultipleChoiceResult.Share;
import io.github.quant4j.evaluate.SpeechClassification;
import io.github.quant4j.model.LanguageModel;
import io.github.quant4j.model.SpeechEncoder;
import io.github.quant4j.model.config.ModelOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Scores a model on a task that the user brings. */
final class TaskEvaluation {
  private final Quant quant;
  private final Path modelDirectory;
  private final @Nullable Path reference;
  private final Path task;
  private final ModelOptions options;

  TaskEvaluation(
      Quant quant, Path modelDirectory, @Nullable Path reference, Path task, ModelOptions options) {
    this.quant = quant;
    this.modelDirectory = modelDirectory;
    this.reference = reference;
    this.task = task;
    this.options = options;
  }

  /**
   * Runs the task that suits the model.
   *
   * @param training recordings with labels, for a speech encoder
   */
  void run(@Nullable Path training) throws IOException {
    if (SpeechEncoder.isIn(modelDirectory)) {
      if (training == null) {
        throw new UsageException(
            "--train: missing, but the task of a speech encoder needs recordings to learn the"
                + " labels from");
      }
      classify(training);
    } else {
      if (training != null) {
        throw new UsageException(
            "--train: " + training + ", but a language model answers without training");
      }
      answer();
    }
  }

  private void answer() throws IOException {
    List<MultipleChoiceQuestion> questions = MultipleChoiceFile.read(task);
    try (LanguageModel model = LanguageModel.open(modelDirectory, options)) {
      MultipleChoiceEvaluation evaluation = MultipleChoiceEvaluation.of(model);
      if (reference == null) {
        print(run(evaluation, questions));
      } else {
        try (LanguageModel other = AnyModel.openForText(reference, options)) {
          print(run(evaluation.against(other), questions));
        }
      }
    }
  }

  private MultipleChoiceResult run(
      MultipleChoiceEvaluation evaluation, List<MultipleChoiceQuestion> questions) {
    try (ProgressLine progress = quant.progress()) {
      return evaluation
          .progress(progress)
          .cancellation(quant.terminal().cancellation())
          .run(questions);
    }
  }

  private Map<String, Object> json() {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("model", modelDirectory.toString());
    if (reference != null) {
      json.put("reference", reference.toString());
    }
    json.put("task", task.toString());
    return json;
  }

  private void print(MultipleChoiceResult result) {
    if (quant.isJson()) {
      Map<String, Object> json = json();
      json.put("questions", result.answers().size());
      json.put("acc", result.accuracy().value());
      json.put("acc_stderr", result.accuracy().standardError());
      json.put("acc_norm", result.normalizedAccuracy().value());
      json.put("acc_norm_stderr", result.normalizedAccuracy().standardError());
      put(json, "reference_acc", result.referenceAccuracy());
      put(json, "reference_acc_norm", result.referenceNormalizedAccuracy());
      put(json, "agreement", result.agreement());
      put(json, "agreement_norm", result.normalizedAgreement());
      json.put("seconds", result.seconds());
      quant.print(json);
      return;
    }
    print("acc", result.accuracy(), result.referenceAccuracy());
    print("acc_norm", result.normalizedAccuracy(), result.referenceNormalizedAccuracy());
    if (result.agreement().isPresent() && result.normalizedAgreement().isPresent()) {
      quant.print(
          "agreement   "
              + percent(result.agreement().get().value())
              + ", normalized "
              + percent(result.normalizedAgreement().get().value()));
    }
    quant.print(
        "questions   "
            + result.answers().size()
            + " in "
            + Numbers.fixed(result.seconds(), 2)
            + " s");
  }

  private static void put(Map<String, Object> json, String name, Optional<Share> share) {
    share.ifPresent(value -> json.put(name, value.value()));
  }

  private void print(String name, Share share, Optional<Share> other) {
    String line =
        (name + "            ").substring(0, 12)
            + percent(share.value())
            + " +- "
            + percent(share.standardError());
    quant.print(line + other.map(o -> ", reference " + percent(o.value())).orElse(""));
  }

  private static String percent(double share) {
    return Numbers.fixed(100 * share, 2) + " %";
  }

  private void classify(Path training) throws IOException {
    try (SpeechEncoder encoder = SpeechEncoder.open(modelDirectory, options)) {
      if (reference == null) {
        classify(training, encoder, encoder);
      } else {
        try (SpeechEncoder original = AnyModel.openForSpeech(reference, options)) {
          classify(training, encoder, original);
        }
      }
    }
  }

  private void classify(Path training, SpeechEncoder encoder, SpeechEncoder original)
      throws IOException {
    SpeechClassification.Result result;
    try (ProgressLine progress = quant.progress()) {
      result =
          SpeechClassification.of(original, LabeledSounds.read(training))
              .progress(progress)
              .cancellation(quant.terminal().cancellation())
              .run(encoder, LabeledSounds.read(task));
    }
    int count = result.predictions().size();
    if (quant.isJson()) {
      Map<String, Object> json = json();
      json.put("train", training.toString());
      json.put("recordings", count);
      json.put("accuracy", result.accuracy());
      if (reference != null) {
        json.put("reference_accuracy", result.originalAccuracy());
        json.put("agreement", result.agreement());
      }
      quant.print(json);
      return;
    }
    quant.print("accuracy    " + percent(result.accuracy()));
    if (reference != null) {
      quant.print("reference   " + percent(result.originalAccuracy()));
      quant.print("agreement   " + percent(result.agreement()));
    }
    quant.print("recordings  " + count);
  }
}
