// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.evaluate;

import io.github.quant4j.annotation.Stable;
import java.util.List;
import java.util.Optional;

/**
 * How well a model predicts a text.
 *
 * @param negativeLogLikelihood mean over the scored tokens, in nats
 * @param tokens how many tokens were scored: all but the first of each window
 * @param windows how many windows there were
 * @param seconds how long the model took, without a reference
 * @param comparison how it differs from a reference model, if there was one
 * @param each what the windows add to these numbers, in the order of the text
 */
@Stable
public record EvaluationResult(
    double negativeLogLikelihood,
    long tokens,
    int windows,
    double seconds,
    Optional<Comparison> comparison,
    List<Window> each) {

  /** Copies the list. */
  public EvaluationResult {
    each = List.copyOf(each);
  }

  /**
   * How a model's predictions differ from those of a reference.
   *
   * @param divergence mean over the scored tokens of KL(reference || model), in nats
   * @param agreement share of the scored tokens for which both have the same likeliest token
   */
  public record Comparison(double divergence, double agreement) {}

  /**
   * Sums over the scored tokens of one window.
   *
   * @param tokens how many there are
   * @param negativeLogLikelihood of the tokens, in nats
   * @param divergence of the predictions from those of the reference, in nats; 0 without one
   * @param agreements how often both have the same likeliest token; 0 without a reference
   */
  public record Window(
      long tokens, double negativeLogLikelihood, double divergence, long agreements) {}

  /**
   * The perplexity.
   *
   * @return {@code e} to the mean negative log-likelihood
   */
  public double perplexity() {
    return Math.exp(negativeLogLikelihood);
  }

  /**
   * The speed.
   *
   * @return scored tokens in a second; 0 if it took no measurable time
   */
  public double tokensPerSecond() {
    return seconds > 0 ? tokens / seconds : 0;
  }
}
