// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.decompose;

import io.github.quant4j.linalg.Compute;
import io.github.quant4j.linalg.LdlFactorization;
import io.github.quant4j.statistic.Gram;
import io.github.quant4j.statistic.OutputError;
import io.github.quant4j.tensor.FloatMatrix;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The second moment of an input as fits use it: mean per token, damped where it must be inverted,
 * the identity where it is not known.
 */
final class InputMoment {
  /** Shares of the mean diagonal that are added, in turn, until the moment can be factored. */
  private static final double[] DAMPING = {1e-4, 1e-3, 1e-2, 1e-1, 1};

  private final int size;
  private final Optional<Gram> given;
  private final @Nullable Gram gram;
  private final Compute compute;
  private @Nullable LdlFactorization factors;
  private boolean factored;

  InputMoment(int size, Optional<Gram> gram, Compute compute) {
    this.size = size;
    this.compute = compute;
    this.given = gram;
    this.gram = gram.filter(InputMoment::isUsable).orElse(null);
  }

  private static boolean isUsable(Gram gram) {
    double trace = 0;
    for (float value : gram.diagonal()) {
      trace += value;
    }
    return gram.weight() > 0 && trace > 0 && Double.isFinite(trace);
  }

  /** The moment as it was given, for roundings, which say themselves what they make of it. */
  Optional<Gram> given() {
    return given;
  }

  /** The moment, if there is something in it. */
  Optional<Gram> gram() {
    return Optional.ofNullable(gram);
  }

  /** {@code tr(E H E^T)} per token; the squared norm of E where H is not known. */
  double error(FloatMatrix change) {
    if (gram != null) {
      return Math.max(0, OutputError.total(change, gram, compute)) / gram.weight();
    }
    double sum = 0;
    for (float value : change.data()) {
      sum += (double) value * value;
    }
    return sum;
  }

  /** Mean square of each input; 1 where it is not known. */
  double[] diagonal() {
    double[] diagonal = new double[size];
    java.util.Arrays.fill(diagonal, 1);
    if (gram != null) {
      for (int j = 0; j < size; j++) {
        diagonal[j] = gram.values()[j * size + j] / gram.weight();
      }
    }
    return diagonal;
  }

  private @Nullable LdlFactorization factors() {
    if (!factored && gram != null) {
      double mean = 0;
      for (double square : diagonal()) {
        mean += square / size;
      }
      for (double share : DAMPING) {
        FloatMatrix damped = FloatMatrix.wrap(size, size, gram.values().clone());
        for (int i = 0; i < damped.data().length; i++) {
          damped.data()[i] /= (float) gram.weight();
        }
        for (int j = 0; j < size; j++) {
          damped.data()[j * size + j] += (float) (share * mean);
        }
        factors = LdlFactorization.of(damped, compute).orElse(null);
        if (factors != null) {
          break;
        }
      }
    }
    factored = true;
    return factors;
  }

  /** {@code [H^-1]_jj} of the damped moment; the reciprocal diagonal if it cannot be factored. */
  double[] inverseDiagonal() {
    LdlFactorization known = factors();
    if (known != null) {
      return known.inverseDiagonal(compute);
    }
    double[] diagonal = diagonal();
    for (int j = 0; j < size; j++) {
      diagonal[j] = diagonal[j] > 0 ? 1 / diagonal[j] : Double.MAX_VALUE;
    }
    return diagonal;
  }

  /** R with {@code H = R R^T}, lower triangular, of the damped moment; empty if there is none. */
  Optional<FloatMatrix> root() {
    return Optional.ofNullable(factors()).map(LdlFactorization::cholesky);
  }

  Compute compute() {
    return compute;
  }
}
