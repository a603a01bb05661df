// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector;

import io.github.quant4j.activation.ActivationQuantizer;
import io.github.quant4j.kernel.KernelOptions;
import io.github.quant4j.kernel.KernelProvider;
import io.github.quant4j.kernel.LinearKernel;
import io.github.quant4j.linalg.LinearAlgebra;
import io.github.quant4j.matrix.QuantizedMatrix;
import io.github.quant4j.tensor.FloatMatrix;
import java.util.Optional;

/**
 * Kernels on {@code jdk.incubator.vector}.
 *
 * <p>This class must not touch the incubator module itself, because that module may be absent.
 */
public final class VectorKernelProvider implements KernelProvider {
  /** For {@link java.util.ServiceLoader}. */
  public VectorKernelProvider() {}

  @Override
  public String name() {
    return "vector";
  }

  @Override
  public int priority() {
    return 100;
  }

  @Override
  public Availability availability() {
    if (ModuleLayer.boot().findModule("jdk.incubator.vector").isEmpty()) {
      return new Availability(
          false, "the Vector API is missing; add --add-modules jdk.incubator.vector");
    }
    return new Availability(true, "the Vector API is present");
  }

  @Override
  public Optional<LinearKernel> forMatrix(QuantizedMatrix weights, KernelOptions options) {
    return Optional.empty();
  }

  @Override
  public Optional<LinearKernel> forMatrix(
      QuantizedMatrix weights, ActivationQuantizer activations, KernelOptions options) {
    return Optional.empty();
  }

  @Override
  public Optional<LinearKernel> forMatrix(FloatMatrix weights, KernelOptions options) {
    return Optional.empty();
  }

  @Override
  public Optional<LinearAlgebra> linearAlgebra() {
    return Optional.empty();
  }
}
