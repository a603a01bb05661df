// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.evaluate;

import io.github.quant4j.model.LanguageModel;
import io.github.quant4j.progress.Cancellation;
import io.github.quant4j.progress.ProgressListener;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import org.jspecify.annotations.Nullable;

/**
 * Scores a language model on multiple-choice questions by the likelihood of each choice, as
 * evaluation harnesses do it: nothing is generated.
 *
 * <pre>{@code
 * try (LanguageModel original = LanguageModel.open(Path.of("model"));
 *     LanguageModel quantized = LanguageModel.open(Path.of("model-int4"))) {
 *   MultipleChoiceResult result =
 *       MultipleChoiceEvaluation.of(quantized)
 *           .against(original)
 *           .run(MultipleChoiceFile.read(Path.of("task.jsonl")));
 * }
 * }</pre>
 *
 * <p>The conventions are those of EleutherAI's lm-evaluation-harness: the continuation is the
 * delimiter and the choice; spaces at the end of the context go to it; both are tokenized together,
 * without special tokens; an empty context is the begin token, or the end token of models without
 * one; of texts that are longer than the model has positions the beginning is cut off. The
 * log-likelihood of a choice is divided by its length in characters (code points), the delimiter
 * not counted.
 *
 * <p>Log-likelihoods are summed in double. Instances are immutable.
 */
public final class MultipleChoiceEvaluation {
  private static final int DEFAULT_TOKENS_AT_ONCE = 2048;

  private final LanguageModel model;
  private final @Nullable LanguageModel reference;
  private final int tokensAtOnce;
  private final ProgressListener progress;
  private final Cancellation cancellation;

  private MultipleChoiceEvaluation(
      LanguageModel model,
      @Nullable LanguageModel reference,
      int tokensAtOnce,
      ProgressListener progress,
      Cancellation cancellation) {
    this.model = model;
    this.reference = reference;
    this.tokensAtOnce = tokensAtOnce;
    this.progress = progress;
    this.cancellation = cancellation;
  }

  /**
   * Evaluates a model by itself.
   *
   * @param model a model with a tokenizer
   * @return the evaluation, not yet run
   */
  public static MultipleChoiceEvaluation of(LanguageModel model) {
    return new MultipleChoiceEvaluation(
        model, null, DEFAULT_TOKENS_AT_ONCE, ProgressListener.none(), Cancellation.onInterrupt());
  }

  /**
   * The same, compared with a reference.
   *
   * @param other the reference model; its tokenizer may be another one
   * @return the changed evaluation
   */
  public MultipleChoiceEvaluation against(LanguageModel other) {
    return new MultipleChoiceEvaluation(model, other, tokensAtOnce, progress, cancellation);
  }

  /**
   * The same with other batches.
   *
   * @param tokens about how many tokens go through the model in a batch, at least 1; a matter of
   *     speed and memory only
   * @return the changed evaluation
   * @throws IllegalArgumentException if the number is not at least 1
   */
  public MultipleChoiceEvaluation tokensAtOnce(int tokens) {
    if (tokens < 1) {
      throw new IllegalArgumentException("tokens at once: " + tokens + ", expected at least 1");
    }
    return new MultipleChoiceEvaluation(model, reference, tokens, progress, cancellation);
  }

  /**
   * The same with a listener.
   *
   * @param listener is told of questions
   * @return the changed evaluation
   */
  public MultipleChoiceEvaluation progress(ProgressListener listener) {
    return new MultipleChoiceEvaluation(model, reference, tokensAtOnce, listener, cancellation);
  }

  /**
   * The same with another way to stop it.
   *
   * @param changed asked before each batch, by default whether the calling thread is interrupted
   * @return the changed evaluation
   */
  public MultipleChoiceEvaluation cancellation(Cancellation changed) {
    return new MultipleChoiceEvaluation(model, reference, tokensAtOnce, progress, changed);
  }

  /**
   * Answers questions.
   *
   * @param questions at least one
   * @return the answers
   * @throws IllegalArgumentException if there are no questions, or one cannot be scored: its
   *     context is empty and the model has no token to begin with, or a choice has no token of its
   *     own, or more than the model has positions; the message names the question, from 1
   * @throws io.github.quant4j.text.InvalidTokenizerException if a tokenizer is missing or malformed
   * @throws ArithmeticException if a log-likelihood is not finite
   * @throws CancellationException if it was stopped
   */
  public MultipleChoiceResult run(List<MultipleChoiceQuestion> questions) {
    if (questions.isEmpty()) {
      throw new IllegalArgumentException("questions: none, expected at least one");
    }
    int steps = questions.size() * (reference == null ? 1 : 2);
    long start = System.nanoTime();
    List<MultipleChoiceResult.Answer> answers = answers(model, questions, 0, steps);
    double seconds = (System.nanoTime() - start) / 1e9;
    Optional<List<MultipleChoiceResult.Answer>> others =
        Optional.ofNullable(reference)
            .map(other -> answers(other, questions, questions.size(), steps));
    return new MultipleChoiceResult(answers, others, seconds);
  }

  private List<MultipleChoiceResult.Answer> answers(
      LanguageModel reader, List<MultipleChoiceQuestion> questions, int done, int steps) {
    List<MultipleChoiceResult.Answer> answers = new ArrayList<>();
    List<Continuation> batch = new ArrayList<>();
    int first = 0;
    int tokens = 0;
    for (int q = 0; q < questions.size(); q++) {
      for (Continuation continuation : continuations(reader, questions.get(q), q + 1)) {
        batch.add(continuation);
        tokens += continuation.tokens().length;
      }
      if (tokens >= tokensAtOnce || q == questions.size() - 1) {
        cancellation.check();
        double[] scores = Continuation.score(reader, batch);
        int from = 0;
        for (MultipleChoiceQuestion question : questions.subList(first, q + 1)) {
          answers.add(answer(question, scores, from));
          from += question.choices().size();
        }
        batch.clear();
        tokens = 0;
        first = q + 1;
        progress.progressed("answer", done + first, steps);
      }
    }
    return answers;
  }

  private static List<Continuation> continuations(
      LanguageModel reader, MultipleChoiceQuestion question, int number) {
    List<Continuation> continuations = new ArrayList<>();
    for (String choice : question.choices()) {
      try {
        continuations.add(
            Continuation.of(reader, question.context(), question.delimiter() + choice));
      } catch (IllegalArgumentException e) {
        throw new IllegalArgumentException("question " + number + ": " + e.getMessage(), e);
      }
    }
    return continuations;
  }

  private static MultipleChoiceResult.Answer answer(
      MultipleChoiceQuestion question, double[] scores, int from) {
    List<Double> logLikelihoods = new ArrayList<>();
    List<Double> normalized = new ArrayList<>();
    for (String choice : question.choices()) {
      double score = scores[from + logLikelihoods.size()];
      logLikelihoods.add(score);
      normalized.add(score / choice.codePointCount(0, choice.length()));
    }
    return new MultipleChoiceResult.Answer(question.answer(), logLikelihoods, normalized);
  }
}
