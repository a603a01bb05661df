// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector.integer;

import io.github.quant4j.activation.ActivationQuantizer;
import io.github.quant4j.kernel.KernelOptions;
import io.github.quant4j.kernel.LinearKernel;
import io.github.quant4j.matrix.QuantizedMatrix;
import java.util.Optional;

/** A family of kernels that quantize their input, such as the integer kernels. */
@FunctionalInterface
public interface QuantizedInputFamily {

  /**
   * A kernel of this family.
   *
   * @param weights the weights, {@code [out, in]}
   * @param activations how the input is quantized
   * @param options threads and scratch memory
   * @return the kernel, or empty if the family has none for this pair, or scalar code is as good
   */
  Optional<LinearKernel> create(
      QuantizedMatrix weights, ActivationQuantizer activations, KernelOptions options);
}
