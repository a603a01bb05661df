// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.decompose;

/** By what elements of a matrix are chosen to be kept beside a quantized one. */
public enum OutlierCriterion {
  /** {@code |w|}: EasyQuant (Tang et al., arXiv 2403.02775) and the larger part of SqueezeLLM. */
  MAGNITUDE("magnitude", false),
  /** {@code w^2 / [H^-1]_jj}, the loss from removing a weight (optimal brain surgery). */
  SALIENCY("saliency", true),
  /**
   * {@code (w - q)^2 / [H^-1]_jj} with the nearest grid value {@code q}: the loss from rounding a
   * weight, when the others make up for it (SpQR, Dettmers et al., arXiv 2306.03078).
   */
  ROUNDING("rounding", true),
  /**
   * {@code w^2 H_jj}, the loss from removing a weight when the others stay: in place of the Fisher
   * information of SqueezeLLM (Kim et al., arXiv 2306.07629).
   */
  SENSITIVITY("sensitivity", true),
  /** Scores that the caller gives, such as squared gradients (GWQ, arXiv 2411.00850). */
  SCORES("scores", false),
  /**
   * The error by {@code U_jj} of rounding a weight as the errors of others have left it, within the
   * loop of error feedback, with groups fitted without outliers: SpQR as its authors run it.
   */
  LOOP("loop", true),
  /**
   * Coordinate descent on the quantized weights in turn with steps along the gradient of the output
   * error of which the largest values are kept: the outlier-aware QuantEase (Behdin et al., arXiv
   * 2309.01885), iterative hard thresholding.
   */
  DESCENT("iht", true);

  private final String label;
  private final boolean needsGram;

  OutlierCriterion(String label, boolean needsGram) {
    this.label = label;
    this.needsGram = needsGram;
  }

  /** The criterion of a word in recipes. */
  static OutlierCriterion of(String word) {
    for (OutlierCriterion criterion : values()) {
      if (criterion.label.equals(word)) {
        return criterion;
      }
    }
    throw new IllegalArgumentException("criterion: '" + word + "' is not known");
  }

  /**
   * The word in recipes.
   *
   * @return the name in lower case
   */
  public String label() {
    return label;
  }

  /**
   * Whether the second moment of the input is needed.
   *
   * @return true for criteria that weigh by it
   */
  public boolean needsGram() {
    return needsGram;
  }

  /** Whether kept values are fitted to the errors of the others once these are quantized. */
  boolean isRefitted() {
    return this == SALIENCY || this == ROUNDING || isJoint();
  }

  /** Whether the weights are chosen while the others are rounded. */
  boolean isJoint() {
    return this == LOOP || this == DESCENT;
  }
}
