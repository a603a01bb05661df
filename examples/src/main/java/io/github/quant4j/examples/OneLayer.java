// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.examples;

import io.github.quant4j.kernel.KernelOptions;
import io.github.quant4j.kernel.Kernels;
import io.github.quant4j.kernel.LinearKernel;
import io.github.quant4j.layer.LayerInput;
import io.github.quant4j.layer.LinearQuantizer;
import io.github.quant4j.linear.QuantizedLinear;
import io.github.quant4j.tensor.FloatMatrix;

/** One layer of a network of one's own: two arrays in, a kernel out. */
public final class OneLayer {
  private OneLayer() {}

  /**
   * Quantizes a layer and makes its kernel.
   *
   * @param out outputs
   * @param in inputs, a multiple of 64
   * @param weights row-major {@code [out, in]}
   * @param tokens calibration inputs
   * @param inputs row-major {@code [tokens, in]}
   * @return computes {@code y = x W^T} for any number of tokens
   */
  public static LinearKernel quantize(
      int out, int in, float[] weights, int tokens, float[] inputs) {
    // begin of the README's example
    FloatMatrix matrix = FloatMatrix.wrap(out, in, weights);
    LayerInput seen = LayerInput.observe(FloatMatrix.wrap(tokens, in, inputs));
    QuantizedLinear packed =
        LinearQuantizer.of("awq | int4:g64:asym gptq(act-order)").quantize(matrix, seen).linear();
    LinearKernel kernel = Kernels.forLinear(packed, KernelOptions.defaults());
    float[] y = new float[out];
    kernel.multiply(inputs, y);
    // end of the README's example
    return kernel;
  }
}
