// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector;

import io.github.quant4j.activation.ActivationQuantizer;
import io.github.quant4j.kernel.KernelOptions;
import io.github.quant4j.kernel.KernelProvider;
import io.github.quant4j.kernel.LinearKernel;
import io.github.quant4j.kernel.PackedMatrix;
import io.github.quant4j.kernels.vector.machine.ColdPhase;
import io.github.quant4j.kernels.vector.machine.VirtualMachine;
import io.github.quant4j.matrix.BlockMatrix;
import io.github.quant4j.matrix.QuantizedMatrix;
import io.github.quant4j.matrix.SparseMatrix;
import io.github.quant4j.matrix.TrellisMatrix;
import io.github.quant4j.matrix.VectorMatrix;
import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.tensor.Tensor;
import java.util.List;
import java.util.Optional;

/**
 * Kernels on {@code jdk.incubator.vector}.
 *
 * <p>The incubator module may be absent. This class therefore never names its types: everything
 * that does is behind {@link VectorKernels}, which is loaded when a kernel is first asked for, and
 * that only happens after {@link #availability()} found the module.
 */
public final class VectorKernelProvider implements KernelProvider {
  private static final String NAME = "vector";

  /** For {@link java.util.ServiceLoader}. */
  public VectorKernelProvider() {}

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public int priority() {
    return 100;
  }

  /**
   * {@inheritDoc}
   *
   * <p>Vector kernels need the incubator module, vectors of at least 128 bits, the C2 compiler, and
   * on x86 AVX. With {@code -Dquant4j.kernels=vector} the last two are taken for granted.
   */
  @Override
  public Availability availability() {
    try {
      if (!VirtualMachine.hasVectorModule()) {
        return new Availability(
            false, "the Vector API is missing; add --add-modules jdk.incubator.vector");
      }
      if (!NAME.equals(System.getProperty("quant4j.kernels"))) {
        Optional<String> missing = VirtualMachine.missingCompiler();
        if (missing.isPresent()) {
          return new Availability(
              false, missing.get() + "; -Dquant4j.kernels=vector uses vector kernels all the same");
        }
      }
      return VectorKernels.availability();
    } catch (LinkageError | RuntimeException e) {
      return new Availability(false, "the Vector API does not work here: " + e);
    }
  }

  @Override
  public Optional<LinearKernel> forMatrix(QuantizedMatrix weights, KernelOptions options) {
    return VectorKernels.forMatrix(weights, options);
  }

  @Override
  public Optional<LinearKernel> forMatrix(
      QuantizedMatrix weights, ActivationQuantizer activations, KernelOptions options) {
    return VectorKernels.forMatrix(weights, activations, options);
  }

  @Override
  public Optional<LinearKernel> forMatrix(FloatMatrix weights, KernelOptions options) {
    return VectorKernels.forMatrix(weights, options);
  }

  @Override
  public Optional<LinearKernel> forTensor(Tensor weights, KernelOptions options) {
    return VectorKernels.forTensor(weights, options);
  }

  @Override
  public Optional<LinearKernel> forSparse(SparseMatrix weights, KernelOptions options) {
    return VectorKernels.forSparse(weights, options);
  }

  @Override
  public Optional<LinearKernel> forTrellis(TrellisMatrix weights, KernelOptions options) {
    return VectorKernels.forTrellis(weights, options);
  }

  @Override
  public Optional<LinearKernel> forTrellis(
      TrellisMatrix weights, ActivationQuantizer activations, KernelOptions options) {
    return VectorKernels.forTrellis(weights, activations, options);
  }

  @Override
  public Optional<LinearKernel> forVectors(VectorMatrix weights, KernelOptions options) {
    return VectorKernels.forVectors(weights, options);
  }

  @Override
  public Optional<LinearKernel> forBlocks(BlockMatrix weights, KernelOptions options) {
    return VectorKernels.forBlocks(weights, options);
  }

  @Override
  public List<String> packedLayouts() {
    return VectorKernels.packedLayouts();
  }

  @Override
  public Optional<PackedMatrix> pack(QuantizedMatrix weights, KernelOptions options) {
    return VectorKernels.pack(weights, options);
  }

  @Override
  public Optional<LinearKernel> forPacked(PackedMatrix weights, KernelOptions options) {
    return VectorKernels.forPacked(weights, options);
  }

  @Override
  public Optional<PackedMatrix> pack(
      QuantizedMatrix weights, ActivationQuantizer activations, KernelOptions options) {
    return VectorKernels.pack(weights, activations, options);
  }

  @Override
  public Optional<LinearKernel> forPacked(
      PackedMatrix weights, ActivationQuantizer activations, KernelOptions options) {
    return VectorKernels.forPacked(weights, activations, options);
  }

  @Override
  public void prepareForWarmUp() {
    ColdPhase.endAll();
  }
}
