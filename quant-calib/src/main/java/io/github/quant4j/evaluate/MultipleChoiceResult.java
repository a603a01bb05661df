// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.evaluate;

import java.util.List;
import java.util.Optional;
import java.util.function.ToIntFunction;

/**
 * How a model answers multiple-choice questions.
 *
 * @param answers one for each question, in their order; at least one
 * @param reference the answers of a reference model to the same questions, if there was one
 * @param seconds how long the model took, without the reference
 */
public record MultipleChoiceResult(
    List<Answer> answers, Optional<List<Answer>> reference, double seconds) {

  /**
   * How a model answers a question.
   *
   * @param expected the right choice, from 0
   * @param logLikelihoods of each choice given the context, summed over its tokens, in nats
   * @param normalized the same for each character of the choice
   */
  public record Answer(int expected, List<Double> logLikelihoods, List<Double> normalized) {

    /** Copies the lists. */
    public Answer {
      logLikelihoods = List.copyOf(logLikelihoods);
      normalized = List.copyOf(normalized);
    }

    /**
     * The likeliest choice.
     *
     * @return its number; of equal ones the first
     */
    public int chosen() {
      return largest(logLikelihoods);
    }

    /**
     * The choice that is likeliest for its length.
     *
     * @return its number; of equal ones the first
     */
    public int chosenByLength() {
      return largest(normalized);
    }

    private static int largest(List<Double> values) {
      int best = 0;
      for (int i = 1; i < values.size(); i++) {
        best = values.get(i) > values.get(best) ? i : best;
      }
      return best;
    }
  }

  /**
   * A share of the questions.
   *
   * @param value from 0 to 1
   * @param standardError of the mean, as the sample of questions has it; 0 of a single question
   */
  public record Share(double value, double standardError) {}

  /** Copies the lists. */
  public MultipleChoiceResult {
    answers = List.copyOf(answers);
    reference = reference.map(List::copyOf);
  }

  /**
   * How often the likeliest choice is right: {@code acc} of lm-evaluation-harness.
   *
   * @return the share of the questions
   */
  public Share accuracy() {
    return accuracy(answers, Answer::chosen);
  }

  /**
   * How often the choice that is likeliest for its length is right: {@code acc_norm} of
   * lm-evaluation-harness.
   *
   * @return the share of the questions
   */
  public Share normalizedAccuracy() {
    return accuracy(answers, Answer::chosenByLength);
  }

  /**
   * The same of the reference, see {@link #accuracy()}.
   *
   * @return empty if there was none
   */
  public Optional<Share> referenceAccuracy() {
    return reference.map(others -> accuracy(others, Answer::chosen));
  }

  /**
   * The same of the reference, see {@link #normalizedAccuracy()}.
   *
   * @return empty if there was none
   */
  public Optional<Share> referenceNormalizedAccuracy() {
    return reference.map(others -> accuracy(others, Answer::chosenByLength));
  }

  /**
   * How often model and reference have the same likeliest choice, right or not.
   *
   * @return the share of the questions; empty if there was no reference
   */
  public Optional<Share> agreement() {
    return reference.map(others -> agreement(others, Answer::chosen));
  }

  /**
   * How often model and reference have the same choice that is likeliest for its length.
   *
   * @return the share of the questions; empty if there was no reference
   */
  public Optional<Share> normalizedAgreement() {
    return reference.map(others -> agreement(others, Answer::chosenByLength));
  }

  private static Share accuracy(List<Answer> answers, ToIntFunction<Answer> choice) {
    long right =
        answers.stream().filter(answer -> choice.applyAsInt(answer) == answer.expected).count();
    return share(right, answers.size());
  }

  private Share agreement(List<Answer> others, ToIntFunction<Answer> choice) {
    long same = 0;
    for (int i = 0; i < answers.size(); i++) {
      same += choice.applyAsInt(answers.get(i)) == choice.applyAsInt(others.get(i)) ? 1 : 0;
    }
    return share(same, answers.size());
  }

  private static Share share(long hits, int count) {
    double value = (double) hits / count;
    double error = count > 1 ? Math.sqrt(value * (1 - value) / (count - 1)) : 0;
    return new Share(value, error);
  }
}
