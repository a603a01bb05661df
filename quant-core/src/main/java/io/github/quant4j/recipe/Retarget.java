// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.recipe;

import io.github.quant4j.grammar.Range;
import io.github.quant4j.grammar.Step;
import java.util.Optional;

/**
 * That a layer is rounded towards weights which make up for the quantization of the layers before
 * it, rather than towards its own: {@code W + a W (X_fp - X)^T X (X^T X + L)^-1}, with inputs
 * {@code X} of the layer from the layers quantized so far and {@code X_fp} from the original model,
 * and a damping {@code L}, one hundredth of the mean diagonal of {@code X^T X}. For layers that
 * write to the residual stream {@code h} also {@code r (h_fp - h)^T X (X^T X + L)^-1} is added.
 *
 * <p>With {@code a = 1} and {@code r = 0} this is the least-squares solution of {@code W X_fp = W'
 * X} that the exact corrections of Qronos (Zhang et al., arXiv:2505.11695) come to; GPTAQ (Li et
 * al., arXiv:2504.02692) follows the same error column by column. Full strength fits the
 * calibration tokens too closely where they are few.
 *
 * @param strength {@code a}, from 0 to 1; empty to choose it for each layer from 0, 0.25, 0.5, 0.75
 *     and 1 by the error on held-out tokens
 * @param residual {@code r}, from 0 to 1; empty for that of the strength
 */
public record Retarget(Optional<Double> strength, Optional<Double> residual) {
  private static final String AUTO = "auto";

  /** The word for it. */
  static final Step<Retarget, Retarget> STEP =
      Step.<Retarget>named(
              "retarget", "rounds towards weights that make up for the layers before (Qronos)")
          .requiredOr(
              "STRENGTH",
              AUTO,
              Range.from(0, 1),
              retarget -> retarget.strength().<Object>map(value -> value).orElse(AUTO),
              "how much of the error of the input, such as 0.5, or chosen on held-out tokens")
          .key(
              "residual",
              Range.from(0, 1),
              Retarget::residual,
              "how much of the error of the residual stream; the strength if not given")
          .make(
              values ->
                  new Retarget(
                      values.is("STRENGTH", AUTO)
                          ? Optional.empty()
                          : Optional.of(values.number("STRENGTH")),
                      values.has("residual")
                          ? Optional.of(values.number("residual"))
                          : Optional.empty()));

  /**
   * Checks the numbers.
   *
   * @throws IllegalArgumentException if one is not within 0 and 1
   */
  public Retarget {
    requireShare("strength", strength);
    requireShare("residual", residual);
    residual = residual.equals(strength) ? Optional.empty() : residual;
  }

  private static void requireShare(String name, Optional<Double> value) {
    if (value.isPresent() && !(value.get() >= 0 && value.get() <= 1)) {
      throw new IllegalArgumentException(name + ": " + value.get() + ", expected 0 to 1");
    }
  }

  /**
   * The same strength for input and residual stream.
   *
   * @param strength from 0 to 1
   * @return the choice
   */
  public static Retarget of(double strength) {
    return new Retarget(Optional.of(strength), Optional.empty());
  }

  /**
   * A strength for each layer, chosen on held-out tokens.
   *
   * @return the choice
   */
  public static Retarget auto() {
    return new Retarget(Optional.empty(), Optional.empty());
  }

  /**
   * Whether nothing changes.
   *
   * @return true if both strengths are 0
   */
  public boolean isIdle() {
    return strength.isPresent() && strength.get() == 0 && residual.orElse(0.0) == 0;
  }

  /**
   * Whether the residual stream's error counts.
   *
   * @return true if its strength may be above 0
   */
  public boolean needsResidual() {
    return !isIdle() && (residual.isEmpty() || residual.get() > 0);
  }

  /** The text in a recipe, which is read back. */
  @Override
  public String toString() {
    return STEP.label(this);
  }
}
