// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.sensitivity;

/** What the loss of a model is measured by; both are 0 without quantization, and nearly add up. */
public enum LossMeasure {
  /** Mean divergence of the predictions from the original's, in nats by token. */
  DIVERGENCE("kl"),
  /** Energy of the change of the output by the energy of the output: 10 dB are a tenth. */
  NOISE("noise");

  private final String label;

  LossMeasure(String label) {
    this.label = label;
  }

  /**
   * The word for it in files.
   *
   * @return {@code kl} or {@code noise}
   */
  public String label() {
    return label;
  }
}
