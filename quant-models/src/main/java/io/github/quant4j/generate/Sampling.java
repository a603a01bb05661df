// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.generate;

import io.github.quant4j.annotation.Stable;

/**
 * How tokens are drawn from a model's predictions: logits are divided by the temperature, then all
 * but the {@code topK} likeliest tokens are dropped, then all but the likeliest that together reach
 * the probability {@code topP}, and one of the rest is drawn.
 *
 * @param maximumTokens the most tokens to write
 * @param temperature 0 always takes the likeliest token, the first of several
 * @param topK how many tokens may be drawn; 0 for all
 * @param topP probability mass that may be drawn, in (0, 1]; 1 for all
 * @param seed what the draws depend on
 */
@Stable
public record Sampling(int maximumTokens, double temperature, int topK, double topP, long seed) {

  /**
   * Checks the ranges.
   *
   * @throws IllegalArgumentException if a value is out of range
   */
  public Sampling {
    if (maximumTokens < 0) {
      throw new IllegalArgumentException(
          "maximum tokens: " + maximumTokens + ", expected at least 0");
    }
    if (!(temperature >= 0 && temperature < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException(
          "temperature: " + temperature + ", expected a finite number of at least 0");
    }
    if (topK < 0) {
      throw new IllegalArgumentException("top-k: " + topK + ", expected at least 0");
    }
    if (!(topP > 0 && topP <= 1)) {
      throw new IllegalArgumentException("top-p: " + topP + ", expected more than 0, at most 1");
    }
  }

  /**
   * Always the likeliest token.
   *
   * @param maximumTokens the most tokens to write
   * @return the sampling
   */
  public static Sampling greedy(int maximumTokens) {
    return new Sampling(maximumTokens, 0, 0, 1, 0);
  }

  /**
   * Draws from the model's own distribution.
   *
   * @param maximumTokens the most tokens to write
   * @param seed what the draws depend on
   * @return temperature 1, no token excluded
   */
  public static Sampling random(int maximumTokens, long seed) {
    return new Sampling(maximumTokens, 1, 0, 1, seed);
  }

  /**
   * The same with another limit.
   *
   * @param tokens the most tokens to write
   * @return the changed sampling
   */
  public Sampling withMaximumTokens(int tokens) {
    return new Sampling(tokens, temperature, topK, topP, seed);
  }

  /**
   * The same with another temperature.
   *
   * @param value 0 always takes the likeliest token
   * @return the changed sampling
   */
  public Sampling withTemperature(double value) {
    return new Sampling(maximumTokens, value, topK, topP, seed);
  }

  /**
   * The same among fewer or more tokens.
   *
   * @param tokens how many tokens may be drawn; 0 for all
   * @return the changed sampling
   */
  public Sampling withTopK(int tokens) {
    return new Sampling(maximumTokens, temperature, tokens, topP, seed);
  }

  /**
   * The same among less or more of the probability mass.
   *
   * @param mass in (0, 1]; 1 for all
   * @return the changed sampling
   */
  public Sampling withTopP(double mass) {
    return new Sampling(maximumTokens, temperature, topK, mass, seed);
  }

  /**
   * The same with other draws.
   *
   * @param value the seed
   * @return the changed sampling
   */
  public Sampling withSeed(long value) {
    return new Sampling(maximumTokens, temperature, topK, topP, value);
  }
}
