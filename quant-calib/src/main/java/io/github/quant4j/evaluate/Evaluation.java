// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.evaluate;

import io.github.quant4j.annotation.Stable;
import io.github.quant4j.generate.BatchPrediction;
import io.github.quant4j.model.LanguageModel;
import io.github.quant4j.progress.Cancellation;
import io.github.quant4j.progress.ProgressListener;
import io.github.quant4j.text.TextFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Perplexity of a model on a text, and its divergence from a reference model.
 *
 * <p>The text is cut into consecutive windows and the tail is dropped; in each window, tokens 1 to
 * {@code context - 1} are scored given those before them in the window. Likelihoods are summed in
 * double, in the order of the text. Instances are immutable.
 */
@Stable
public final class Evaluation {
  private final LanguageModel model;
  private final @Nullable LanguageModel reference;
  private final EvaluationOptions options;
  private final ProgressListener progress;
  private final Cancellation cancellation;
  private final LogitsListener logits;

  private Evaluation(
      LanguageModel model,
      @Nullable LanguageModel reference,
      EvaluationOptions options,
      ProgressListener progress,
      Cancellation cancellation,
      LogitsListener logits) {
    this.model = model;
    this.reference = reference;
    this.options = options;
    this.progress = progress;
    this.cancellation = cancellation;
    this.logits = logits;
  }

  /**
   * Evaluates a model by itself, with default options.
   *
   * @param model the model
   * @return the evaluation, not yet run
   */
  public static Evaluation of(LanguageModel model) {
    return new Evaluation(
        model,
        null,
        EvaluationOptions.defaults(),
        ProgressListener.none(),
        Cancellation.onInterrupt(),
        LogitsListener.none());
  }

  /**
   * The same, compared with a reference.
   *
   * @param other the reference model, of the same vocabulary
   * @return the changed evaluation
   * @throws IllegalArgumentException if the vocabularies differ in size
   */
  public Evaluation against(LanguageModel other) {
    if (other.vocabularySize() != model.vocabularySize()) {
      throw new IllegalArgumentException(
          "reference: a vocabulary of "
              + other.vocabularySize()
              + ", expected "
              + model.vocabularySize()
              + " as the model has");
    }
    return new Evaluation(model, other, options, progress, cancellation, logits);
  }

  /** The directories of the models, as far as they were opened from such. */
  List<Path> inputs() {
    return Stream.of(Optional.of(model), Optional.ofNullable(reference))
        .flatMap(Optional::stream)
        .flatMap(one -> one.directory().stream())
        .toList();
  }

  LanguageModel model() {
    return model;
  }

  EvaluationOptions options() {
    return options;
  }

  /**
   * The same with other windows.
   *
   * @param changed how the text is cut up
   * @return the changed evaluation
   */
  public Evaluation options(EvaluationOptions changed) {
    return new Evaluation(model, reference, changed, progress, cancellation, logits);
  }

  /**
   * The same with a listener.
   *
   * @param listener is told of windows
   * @return the changed evaluation
   */
  public Evaluation progress(ProgressListener listener) {
    return new Evaluation(model, reference, options, listener, cancellation, logits);
  }

  /**
   * The same with another way to stop it.
   *
   * @param changed asked before each batch, by default whether the calling thread is interrupted
   * @return the changed evaluation
   */
  public Evaluation cancellation(Cancellation changed) {
    return new Evaluation(model, reference, options, progress, changed, logits);
  }

  /**
   * The same with all logits of the model handed out.
   *
   * @param listener receives them in the order of the text
   * @return the changed evaluation
   */
  public Evaluation logits(LogitsListener listener) {
    return new Evaluation(model, reference, options, progress, cancellation, listener);
  }

  /**
   * Evaluates a text file as a whole, without special tokens.
   *
   * @param file in UTF-8
   * @return the result
   * @throws java.nio.file.FileSystemException if it is missing or not a text file
   * @throws IOException if it cannot be read
   * @throws IllegalArgumentException if the text is shorter than one window, or a window is longer
   *     than the model or the reference has positions
   * @throws io.github.quant4j.text.InvalidTokenizerException if the model's tokenizer is missing or
   *     malformed
   * @throws ArithmeticException if a prediction is not finite; the message says where
   * @throws CancellationException if it was stopped
   */
  public EvaluationResult run(Path file) throws IOException {
    return run(TextFile.read(file));
  }

  /**
   * Evaluates a text as a whole, without special tokens.
   *
   * @param text the text
   * @return the result
   * @throws IllegalArgumentException if the text is shorter than one window, or a window is longer
   *     than the model or the reference has positions
   * @throws io.github.quant4j.text.InvalidTokenizerException if the model's tokenizer is missing or
   *     malformed
   * @throws ArithmeticException if a prediction is not finite; the message says where
   * @throws CancellationException if it was stopped
   */
  public EvaluationResult run(String text) {
    return run(model.tokenizer().encode(text, false));
  }

  /**
   * Evaluates a text.
   *
   * @param tokens the whole text, tokenized without special tokens
   * @return the result
   * @throws IllegalArgumentException if the text is shorter than one window, a window is longer
   *     than the model or the reference has positions, or a token is not in the vocabulary
   * @throws ArithmeticException if a prediction is not finite; the message says where
   * @throws CancellationException if it was stopped
   */
  public EvaluationResult run(int[] tokens) {
    requirePositions(model);
    if (reference != null) {
      requirePositions(reference);
    }
    int[][] windows = options.windows(tokens);
    int atOnce = Math.max(1, options.tokensAtOnce() / options.context());
    Scores scores =
        new Scores(
            options.context(),
            model.vocabularySize(),
            reference != null,
            model.options().kernels().team());
    for (int from = 0; from < windows.length; from += atOnce) {
      cancellation.check();
      int to = Math.min(windows.length, from + atOnce);
      score(List.of(Arrays.copyOfRange(windows, from, to)), scores);
      progress.progressed("evaluate", to, windows.length);
    }
    return scores.result(windows.length);
  }

  private void requirePositions(LanguageModel reader) {
    if (options.context() > reader.maximumPositions()) {
      throw new IllegalArgumentException(
          "context: "
              + options.context()
              + " tokens, expected at most "
              + reader.maximumPositions()
              + ", the 'max_position_embeddings' of "
              + reader.directory().map(Path::toString).orElseGet(reader::toString)
              + "; ModelOptions.withPositionsBeyondTraining allows more");
    }
  }

  private void score(List<int[]> windows, Scores scores) {
    long start = System.nanoTime();
    try (BatchPrediction prediction = model.predict(windows);
        BatchPrediction expected = timed(scores, start, windows)) {
      int rows = scores.rowsAtOnce();
      for (int row = 0; row < prediction.tokens(); row += rows) {
        int count = Math.min(rows, prediction.tokens() - row);
        long begin = System.nanoTime();
        prediction.logits(row, count, scores.predicted());
        scores.spent(System.nanoTime() - begin);
        if (expected != null) {
          expected.logits(row, count, scores.expected());
        }
        logits.logits(count, scores.predicted());
        scores.add(windows, row, count);
      }
      scores.finish(windows.size());
    }
  }

  /** Takes the model's time, then lets the reference predict the same. */
  private @Nullable BatchPrediction timed(Scores scores, long start, List<int[]> windows) {
    scores.spent(System.nanoTime() - start);
    return Optional.ofNullable(reference).map(other -> other.predict(windows)).orElse(null);
  }
}
