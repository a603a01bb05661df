// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.quantized.module;

import io.github.quant4j.linear.QuantizedLinear;

/** Reads one module. */
@FunctionalInterface
public interface ModuleReader {
  /**
   * Reads the module's weights and how its input is quantized; its bias too, if that is not stored
   * as it is added.
   *
   * @param tensors the module's tensors
   * @return the layer
   * @throws IllegalArgumentException if it is malformed
   * @throws ArithmeticException if a size overflows
   */
  QuantizedLinear read(ModuleTensors tensors);
}
