// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.allocate;

import java.util.Arrays;
import java.util.Optional;

/** What is summed over layers and made least. */
public enum Objective {
  /**
   * The loss of the model with a layer alone quantized, as ZeroQ (arXiv:2001.00281) and CalibTIP
   * (arXiv:2006.10518) have it. For candidates whose loss was not measured, that of the measured
   * ones of the layer as a power of the output error.
   */
  LOSS("loss"),
  /** The error of the layer's output, {@code tr(E H E^T)}. */
  OUTPUT_ERROR("error"),
  /** The error of the layer's output relative to its energy, {@code tr(E H E^T) / tr(W H W^T)}. */
  RELATIVE_ERROR("relative-error"),
  /**
   * {@code tr(H) / n |E|^2} of HAWQ-V2 (arXiv:1911.03852) and HAWQ-V3 (arXiv:2011.10680), with the
   * layer's own Gauss-Newton matrix, whose trace by parameter is that of the input's moment by
   * input.
   */
  TRACE("trace"),
  /** A number of the user's for each layer, times {@code |E|^2}. */
  SCORES("scores");

  private final String label;

  Objective(String label) {
    this.label = label;
  }

  /**
   * The word for it.
   *
   * @return for example {@code loss}
   */
  public String label() {
    return label;
  }

  /**
   * The objective of a word.
   *
   * @param word for example {@code trace}
   * @return empty if there is none
   */
  public static Optional<Objective> find(String word) {
    return Arrays.stream(values()).filter(one -> one.label.equals(word)).findFirst();
  }
}
