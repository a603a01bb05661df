// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.statistic;

/** What a step of a recipe must know of the layer's input. */
public enum StatisticNeed {
  /** Minimum, maximum, mean and mean magnitude of each channel. */
  CHANNELS,
  /** The second moment. */
  GRAM,
  /** How the values of all channels together are distributed. */
  QUANTILES,
  /** Some rows of the input itself (a reservoir). */
  SAMPLE,
  /** The moment of the error that quantization of the layers before makes in the input. */
  CROSS_MOMENT,
  /** The moment of that error in the residual stream, where the layer writes to it. */
  RESIDUAL_MOMENT
}
