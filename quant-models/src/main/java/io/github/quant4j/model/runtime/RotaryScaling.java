// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.runtime;

/**
 * How the frequencies of rotary embeddings are changed for contexts longer than those trained on.
 */
public sealed interface RotaryScaling {

  /** The frequencies as they are. */
  record None() implements RotaryScaling {}

  /**
   * Every frequency divided by a factor (position interpolation, arXiv:2306.15595).
   *
   * @param factor at least 1
   */
  record Linear(double factor) implements RotaryScaling {}

  /**
   * Low frequencies divided by a factor, high ones left alone, and those in between interpolated,
   * as Llama 3.1 does.
   *
   * @param factor at least 1
   * @param lowFrequencyFactor wavelengths above {@code originalMaximumPositions /
   *     lowFrequencyFactor} are stretched in full
   * @param highFrequencyFactor wavelengths below {@code originalMaximumPositions /
   *     highFrequencyFactor} are left alone; greater than the low one
   * @param originalMaximumPositions the context that the model was trained on
   */
  record Llama3(
      double factor,
      double lowFrequencyFactor,
      double highFrequencyFactor,
      int originalMaximumPositions)
      implements RotaryScaling {}
}
