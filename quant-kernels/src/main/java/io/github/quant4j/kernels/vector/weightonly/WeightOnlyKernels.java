// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector.weightonly;

import io.github.quant4j.kernel.KernelOptions;
import io.github.quant4j.kernel.LinearKernel;
import io.github.quant4j.kernel.PackedMatrix;
import io.github.quant4j.matrix.BlockMatrix;
import io.github.quant4j.matrix.QuantizedMatrix;
import io.github.quant4j.matrix.VectorMatrix;
import java.util.List;
import java.util.Optional;

/** Chooses the kernel for a quantized matrix and float activations. */
public final class WeightOnlyKernels {
  private WeightOnlyKernels() {}

  /**
   * A kernel for float activations.
   *
   * @param weights the weights, {@code [out, in]}
   * @param options threads and scratch memory
   * @return the kernel; every matrix has one
   */
  public static LinearKernel create(QuantizedMatrix weights, KernelOptions options) {
    return WeightOnlyPlan.of(weights)
        .map(plan -> plan.kernel(plan.pack(weights, options), options))
        .orElseGet(() -> new DecodedRowKernel(weights, options));
  }

  /**
   * A kernel for vector-quantized weights and float activations.
   *
   * @param weights the weights, {@code [out, in]}
   * @param options threads and scratch memory
   * @return the kernel
   */
  public static LinearKernel create(VectorMatrix weights, KernelOptions options) {
    return new DecodedVectorKernel(weights, options);
  }

  /**
   * A kernel for weights in blocks of ggml and float activations.
   *
   * @param weights the weights, {@code [out, in]}
   * @param options threads and scratch memory
   * @return the kernel, whose weights are packed anew if they are codes with scales, and decoded
   *     row by row where they lie otherwise
   */
  public static LinearKernel create(BlockMatrix weights, KernelOptions options) {
    return weights
        .format()
        .coded()
        .flatMap(coded -> new BlockPacking(weights, coded, options).kernel())
        .orElseGet(() -> new DecodedBlockKernel(weights, options));
  }

  /**
   * The layouts of packed weights that are served here.
   *
   * @return their names
   */
  public static List<String> packedLayouts() {
    return WeightOnlyFamilies.NAMES.stream().map(PackedForm::layout).toList();
  }

  /**
   * Packs weights.
   *
   * @param weights the weights, {@code [out, in]}
   * @param options threads
   * @return the packed weights, or empty if the kernel decodes them row by row where they lie
   */
  public static Optional<PackedMatrix> pack(QuantizedMatrix weights, KernelOptions options) {
    return WeightOnlyPlan.of(weights)
        .filter(PackedForm::isComplete)
        .map(plan -> PackedForm.write(plan, plan.pack(weights, options)));
  }

  /**
   * A kernel for packed weights.
   *
   * @param weights the packed weights
   * @param options threads and scratch memory
   * @return the kernel, or empty if the layout is not one of {@link #packedLayouts()}
   */
  public static Optional<LinearKernel> forPacked(PackedMatrix weights, KernelOptions options) {
    if (!packedLayouts().contains(weights.layout())) {
      return Optional.empty();
    }
    WeightOnlyPlan plan = PackedForm.plan(weights);
    return Optional.of(plan.kernel(PackedForm.read(plan, weights), options));
  }
}
