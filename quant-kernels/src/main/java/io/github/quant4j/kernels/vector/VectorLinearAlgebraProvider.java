// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector;

import io.github.quant4j.kernel.KernelProvider.Availability;
import io.github.quant4j.linalg.LinearAlgebra;
import io.github.quant4j.linalg.LinearAlgebraProvider;
import io.github.quant4j.parallel.ScratchPool;
import java.util.Optional;

/**
 * Linear algebra on {@code jdk.incubator.vector}, under the same name and on the same machines as
 * the kernels of {@link VectorKernelProvider}, and like these behind {@link VectorKernels}.
 */
public final class VectorLinearAlgebraProvider implements LinearAlgebraProvider {
  private final VectorKernelProvider kernels = new VectorKernelProvider();

  /** For {@link java.util.ServiceLoader}. */
  public VectorLinearAlgebraProvider() {}

  @Override
  public String name() {
    return kernels.name();
  }

  @Override
  public int priority() {
    return kernels.priority();
  }

  @Override
  public Optional<String> missing() {
    Availability availability = kernels.availability();
    return availability.available() ? Optional.empty() : Optional.of(availability.reason());
  }

  @Override
  public LinearAlgebra create(ScratchPool scratch) {
    return VectorKernels.linearAlgebra(scratch);
  }
}
