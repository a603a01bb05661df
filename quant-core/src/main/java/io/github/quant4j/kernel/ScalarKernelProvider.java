// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernel;

import io.github.quant4j.activation.ActivationQuantizer;
import io.github.quant4j.linear.BlockTerm;
import io.github.quant4j.linear.TrellisTerm;
import io.github.quant4j.linear.VectorTerm;
import io.github.quant4j.matrix.BlockMatrix;
import io.github.quant4j.matrix.QuantizedMatrix;
import io.github.quant4j.matrix.SparseMatrix;
import io.github.quant4j.matrix.TrellisMatrix;
import io.github.quant4j.matrix.VectorMatrix;
import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.tensor.Tensor;
import java.util.Optional;

/**
 * Kernels in plain Java for everything, and the last resort. Quantized weights are copied into
 * {@link WeightPanels}, 4 to 16 bits each on the heap; what has no such form is read where it lies,
 * row by row, at two to four times the time.
 */
final class ScalarKernelProvider implements KernelProvider {
  @Override
  public String name() {
    return "scalar";
  }

  @Override
  public int priority() {
    return 0;
  }

  @Override
  public Availability availability() {
    return new Availability(true, "plain Java, runs everywhere");
  }

  @Override
  public Optional<LinearKernel> forMatrix(QuantizedMatrix weights, KernelOptions options) {
    return Optional.of(floatKernel(weights, options));
  }

  private static LinearKernel floatKernel(QuantizedMatrix weights, KernelOptions options) {
    Optional<WeightPanels> panels = WeightPanels.of(weights);
    return panels.isPresent()
        ? new PanelFloatKernel(weights, panels.get(), options)
        : new ScalarFloatKernel(weights, options);
  }

  @Override
  public Optional<LinearKernel> forMatrix(
      QuantizedMatrix weights, ActivationQuantizer activations, KernelOptions options) {
    Optional<IntegerArithmetic> arithmetic = IntegerArithmetic.of(weights, activations);
    if (arithmetic.isPresent()) {
      return PanelIntegerKernel.of(weights, activations, arithmetic.get(), options)
          .or(
              () ->
                  Optional.of(
                      new ScalarIntegerKernel(
                          weights, activations, arithmetic.get(), options.team())));
    }
    return Optional.of(
        new FakeQuantizedInputKernel(
            activations, floatKernel(weights, options), options.scratch()));
  }

  @Override
  public Optional<LinearKernel> forMatrix(FloatMatrix weights, KernelOptions options) {
    return Optional.of(new ScalarDenseKernel(weights, options));
  }

  @Override
  public Optional<LinearKernel> forTensor(Tensor weights, KernelOptions options) {
    return Optional.of(new ScalarTensorKernel(weights, options));
  }

  @Override
  public Optional<LinearKernel> forSparse(SparseMatrix weights, KernelOptions options) {
    return Optional.of(new ScalarSparseKernel(weights, options.team()));
  }

  @Override
  public Optional<LinearKernel> forVectors(VectorMatrix weights, KernelOptions options) {
    return Optional.of(new ScalarTermKernel(new VectorTerm(weights), options));
  }

  @Override
  public Optional<LinearKernel> forBlocks(BlockMatrix weights, KernelOptions options) {
    return Optional.of(new ScalarTermKernel(new BlockTerm(weights), options));
  }

  @Override
  public Optional<LinearKernel> forTrellis(TrellisMatrix weights, KernelOptions options) {
    return Optional.of(new ScalarTermKernel(new TrellisTerm(weights), options));
  }

  @Override
  public Optional<LinearKernel> forTrellis(
      TrellisMatrix weights, ActivationQuantizer activations, KernelOptions options) {
    Optional<LinearKernel> integers =
        TrellisArithmetic.of(weights, activations)
            .map(arithmetic -> new ScalarTrellisKernel(weights, activations, arithmetic, options));
    // The float kernel that is rounded for is the best there is, not necessarily the scalar one.
    return integers.or(
        () ->
            Optional.of(
                new FakeQuantizedInputKernel(
                    activations, Kernels.forTrellis(weights, options), options.scratch())));
  }
}
