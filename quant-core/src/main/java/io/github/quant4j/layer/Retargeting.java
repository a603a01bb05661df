// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.layer;

import io.github.quant4j.linalg.Compute;
import io.github.quant4j.linalg.LdlFactorization;
import io.github.quant4j.linalg.MatrixView;
import io.github.quant4j.linalg.PowerOfTwoUnit;
import io.github.quant4j.recipe.Retarget;
import io.github.quant4j.statistic.CrossMoment;
import io.github.quant4j.statistic.Gram;
import io.github.quant4j.statistic.GramCheck;
import io.github.quant4j.statistic.UpstreamError;
import io.github.quant4j.tensor.FloatMatrix;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Weights that make up for the quantization of the layers before: {@code T = W + a W D (H + l I)^-1
 * + r R (H + l I)^-1}, with the moments {@code H} of the input, {@code D} of its error with it and
 * {@code R} of the residual stream's error with it, and a share {@code l} of the mean diagonal of
 * H.
 *
 * <p>A share of each diagonal element would let inputs of little power have any weights, which then
 * stretch the scales that they share with others: it makes the encoder of Whisper useless.
 *
 * <p>The factor of H is computed once for all layers of a group: {@code 7/6 in^3} multiply-adds;
 * each layer takes {@code 2 out in^2} more.
 *
 * <p>A strength to be chosen is the one of {@link #CANDIDATES} that leaves the least of {@code W
 * x_fp + h_fp - T x - h} on held-out tokens. Rounding adds its own error to that, which hardly
 * depends on the strength and is not tried.
 */
final class Retargeting {
  static final List<Double> CANDIDATES = List.of(0.0, 0.25, 0.5, 0.75, 1.0);

  private static final double[] DAMPING = {0.01, 0.1, 1};

  private final Retarget retarget;
  private final UpstreamError error;
  private final Compute compute;
  private final Optional<Inverse> inverse;

  /** The inverse of the damped moment in units of its mean diagonal. */
  private record Inverse(FloatMatrix matrix, double mean, double damping) {}

  /**
   * What to round towards.
   *
   * @param weights the weights as they were given if there is nothing better
   * @param residual how much of the residual stream's error is in it
   * @param note what was done
   */
  record Target(FloatMatrix weights, double residual, String note) {}

  Retargeting(Retarget retarget, Gram gram, UpstreamError error, Compute compute) {
    this.retarget = retarget;
    this.error = error;
    this.compute = compute;
    this.inverse = GramCheck.isUsable(gram) ? invert(gram) : Optional.empty();
  }

  private Optional<Inverse> invert(Gram gram) {
    int size = gram.size();
    double mean = 0;
    for (float power : gram.diagonal()) {
      mean += (double) power / size;
    }
    for (double damping : DAMPING) {
      FloatMatrix unit = FloatMatrix.zeros(size, size);
      for (int i = 0; i < unit.data().length; i++) {
        unit.data()[i] = (float) (gram.values()[i] / mean);
      }
      for (int j = 0; j < size; j++) {
        unit.put(j, j, (float) (unit.get(j, j) + damping));
      }
      Optional<LdlFactorization> factored = LdlFactorization.of(unit, compute);
      if (factored.isPresent()) {
        return Optional.of(new Inverse(factored.get().inverse(compute), mean, damping));
      }
    }
    return Optional.empty();
  }

  /** The target of a layer, {@code [out, in]}. */
  Target of(FloatMatrix weights) {
    if (error.input().sum().columns() != weights.columns()) {
      throw new IllegalArgumentException(
          "upstreamError: "
              + error.input()
              + ", expected "
              + weights.columns()
              + " columns as "
              + weights);
    }
    if (inverse.isEmpty()) {
      return given(weights, "the second moment of the input could not be used");
    }
    CrossMoment residualMoment = retarget.needsResidual() ? error.residual().orElse(null) : null;
    if (residualMoment != null && residualMoment.sum().rows() != weights.rows()) {
      throw new IllegalArgumentException(
          "residual: " + residualMoment + ", expected " + weights.rows() + " rows as " + weights);
    }
    float unit = PowerOfTwoUnit.of(weights);
    FloatMatrix small = PowerOfTwoUnit.in(unit, weights);
    FloatMatrix pulled = FloatMatrix.zeros(weights.rows(), weights.columns());
    compute.multiplyAdd(
        1, MatrixView.of(small), MatrixView.of(error.input().sum()), MatrixView.of(pulled));
    FloatMatrix ofInput = solved(pulled, unit, inverse.get());
    FloatMatrix ofResidual =
        residualMoment == null ? null : solved(residualMoment.sum(), 1, inverse.get());
    if (!ofInput.isFinite() || (ofResidual != null && !ofResidual.isFinite())) {
      return given(weights, "the error of the input is not finite");
    }
    double strength;
    if (retarget.strength().isPresent()) {
      strength = retarget.strength().get();
    } else if (error.heldOut().filter(some -> some.inputs().rows() > 0).isPresent()) {
      strength = choose(weights, ofInput, ofResidual, error.heldOut().get());
    } else {
      return given(weights, "there are no held-out tokens to choose the strength by");
    }
    double residual = ofResidual == null ? 0 : retarget.residual().orElse(strength);
    FloatMatrix target = sum(weights, strength, ofInput, residual, ofResidual);
    if (!target.isFinite()) {
      return given(weights, "the target is too large for binary32");
    }
    String note =
        "retarget: strength "
            + strength
            + (ofResidual == null ? "" : ", " + residual + " for the residual stream")
            + (inverse.get().damping() == DAMPING[0]
                ? ""
                : String.format(
                    Locale.ROOT, ", damping %.1f of the mean diagonal", inverse.get().damping()));
    return new Target(target, residual, note);
  }

  private static Target given(FloatMatrix weights, String reason) {
    return new Target(weights, 0, "retarget: not done, as " + reason);
  }

  /** {@code P (H + l I)^-1}. */
  private FloatMatrix solved(FloatMatrix pulled, float unit, Inverse known) {
    FloatMatrix relative = scaled(pulled, 1 / known.mean());
    FloatMatrix result = FloatMatrix.zeros(pulled.rows(), pulled.columns());
    // The inverse is symmetric.
    compute.multiplyTransposed(
        MatrixView.of(relative), MatrixView.of(known.matrix()), false, MatrixView.of(result));
    return unit == 1 ? result : scaled(result, unit);
  }

  private static FloatMatrix scaled(FloatMatrix matrix, double factor) {
    FloatMatrix result = FloatMatrix.zeros(matrix.rows(), matrix.columns());
    for (int i = 0; i < result.data().length; i++) {
      result.data()[i] = (float) (matrix.data()[i] * factor);
    }
    return result;
  }

  private static FloatMatrix sum(
      FloatMatrix weights,
      double strength,
      FloatMatrix ofInput,
      double residual,
      @Nullable FloatMatrix ofResidual) {
    if (strength == 0 && residual == 0) {
      return weights;
    }
    FloatMatrix target = FloatMatrix.zeros(weights.rows(), weights.columns());
    for (int i = 0; i < target.data().length; i++) {
      double value = weights.data()[i] + strength * ofInput.data()[i];
      target.data()[i] =
          (float) (ofResidual == null ? value : value + residual * ofResidual.data()[i]);
    }
    return target;
  }

  /** The least squares of what is wanted less so much of what the target adds. */
  private double choose(
      FloatMatrix weights,
      FloatMatrix ofInput,
      @Nullable FloatMatrix ofResidual,
      UpstreamError.Sample tokens) {
    FloatMatrix wanted = OutputSearch.product(tokens.inputErrors(), weights, compute);
    FloatMatrix added = OutputSearch.product(tokens.inputs(), ofInput, compute);
    if (ofResidual != null && tokens.residualErrors().isPresent()) {
      FloatMatrix more = OutputSearch.product(tokens.inputs(), ofResidual, compute);
      FloatMatrix left = tokens.residualErrors().get();
      double fixed = retarget.residual().orElse(0.0);
      double following = retarget.residual().isPresent() ? 0 : 1;
      for (int i = 0; i < wanted.data().length; i++) {
        wanted.data()[i] += (float) (left.data()[i] - fixed * more.data()[i]);
        added.data()[i] += (float) (following * more.data()[i]);
      }
    }
    double best = 0;
    double least = Double.POSITIVE_INFINITY;
    for (double candidate : CANDIDATES) {
      double squares = 0;
      for (int i = 0; i < wanted.data().length; i++) {
        double missing = wanted.data()[i] - candidate * added.data()[i];
        squares += missing * missing;
      }
      if (squares < least) {
        least = squares;
        best = candidate;
      }
    }
    return best;
  }
}
