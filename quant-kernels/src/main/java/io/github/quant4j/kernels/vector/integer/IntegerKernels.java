// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector.integer;

import io.github.quant4j.activation.ActivationQuantizer;
import io.github.quant4j.kernel.IntegerArithmetic;
import io.github.quant4j.kernel.KernelOptions;
import io.github.quant4j.kernel.LinearKernel;
import io.github.quant4j.kernels.vector.machine.Lanes;
import io.github.quant4j.matrix.Grid;
import io.github.quant4j.matrix.QuantizedMatrix;
import io.github.quant4j.scheme.RowMultipleScaleCodec;
import java.util.Optional;

/** Kernels for integer weights and integer activations. */
public final class IntegerKernels {
  /** Below this many weights scalar code is done before a vector kernel has prepared its input. */
  private static final int SMALL = 1024;

  private IntegerKernels() {}

  /**
   * A kernel for a pair that is multiplied in integers.
   *
   * @param weights the weights, {@code [out, in]}
   * @param activations how the input is quantized
   * @param options threads and scratch memory
   * @return the kernel, or empty if the pair is not multiplied in integers
   */
  public static Optional<LinearKernel> create(
      QuantizedMatrix weights, ActivationQuantizer activations, KernelOptions options) {
    return family(weights, activations)
        .map(
            family ->
                create(
                    weights,
                    activations,
                    IntegerArithmetic.of(weights, activations).orElseThrow(),
                    family,
                    options));
  }

  /** The family for a pair, or empty if it is not multiplied in integers here. */
  static Optional<Family> family(QuantizedMatrix weights, ActivationQuantizer activations) {
    if (!Lanes.FUSED || weights.rows() * (long) weights.columns() < SMALL) {
      return Optional.empty();
    }
    return IntegerArithmetic.of(weights, activations)
        .flatMap(arithmetic -> cheapest(weights, activations, arithmetic));
  }

  /** The family with the least cost for these shapes, if any can do it without overflow. */
  static Optional<Family> cheapest(
      QuantizedMatrix weights, ActivationQuantizer activations, IntegerArithmetic arithmetic) {
    if (!fits(weights, activations, arithmetic)) {
      return Optional.empty();
    }
    Family best = null;
    double least = Double.POSITIVE_INFINITY;
    for (Family family : Family.values()) {
      if (family.supports(arithmetic)) {
        SegmentLayout layout = layout(weights.columns(), arithmetic, family);
        double padding = (double) layout.paddedColumns() / layout.columns();
        int unit = family.rowUnit();
        double rowPadding = (double) Math.ceilDiv(weights.rows(), unit) * unit / weights.rows();
        double cost = family.cost(arithmetic) * padding * rowPadding;
        if (cost < least) {
          least = cost;
          best = family;
        }
      }
    }
    return Optional.ofNullable(best);
  }

  private static SegmentLayout layout(int columns, IntegerArithmetic arithmetic, Family family) {
    return new SegmentLayout(
        columns, arithmetic.segmentLength(), arithmetic.runLength(), family.unit(arithmetic));
  }

  /** Whether all sums fit ints, and zero points shorts. */
  private static boolean fits(
      QuantizedMatrix weights, ActivationQuantizer activations, IntegerArithmetic arithmetic) {
    return fits(largestZero(weights), activations, arithmetic);
  }

  /** The largest magnitude of a zero point. */
  static long largestZero(QuantizedMatrix weights) {
    Grid grid = weights.grid();
    long zero = 0;
    for (int tile = 0; tile < grid.layout().count(); tile++) {
      zero = Math.max(zero, (long) Math.abs(grid.zeroPoint(tile)));
    }
    return zero;
  }

  /** Whether all sums fit ints, and zero points shorts, with zero points up to a magnitude. */
  static boolean fits(long zero, ActivationQuantizer activations, IntegerArithmetic arithmetic) {
    if (zero > Short.MAX_VALUE) {
      return false;
    }
    long multiple = 1;
    int length = arithmetic.segmentLength();
    if (arithmetic.hasRowMultiples()) {
      multiple = RowMultipleScaleCodec.LARGEST_MULTIPLE;
      length = arithmetic.runLength();
    }
    long weight = arithmetic.weightCodes().largestMagnitude() + zero;
    // A dynamic zero point lies within the format, so a difference is at most twice as large.
    long activation = arithmetic.activationCodes().largestMagnitude();
    long largestZero = activations.scheme().symmetric() ? 0 : activation;
    for (float fixedZero : activations.staticZeros()) {
      largestZero = Math.max(largestZero, (long) Math.abs(fixedZero));
    }
    activation += Math.min(largestZero, Integer.MAX_VALUE);
    return multiple * length * weight * activation <= Integer.MAX_VALUE;
  }

  /** A kernel of a given family. */
  static LinearKernel create(
      QuantizedMatrix weights,
      ActivationQuantizer activations,
      IntegerArithmetic arithmetic,
      Family family,
      KernelOptions options) {
    return create(new WeightSource(weights), activations, arithmetic, family, options);
  }

  /** A kernel of a given family, of a matrix or of what was packed of it. */
  static LinearKernel create(
      WeightSource weights,
      ActivationQuantizer activations,
      IntegerArithmetic arithmetic,
      Family family,
      KernelOptions options) {
    SegmentLayout layout = layout(weights.columns(), arithmetic, family);
    SegmentSums sums = family.pack(weights, arithmetic, layout, options.team());
    return new IntegerKernel(weights, activations, arithmetic, sums, options);
  }
}
