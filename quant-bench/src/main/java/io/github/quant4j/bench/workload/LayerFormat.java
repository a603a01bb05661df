// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.bench.workload;

import io.github.quant4j.activation.ActivationQuantizer;
import io.github.quant4j.activation.ActivationScheme;
import io.github.quant4j.kernel.KernelOptions;
import io.github.quant4j.kernel.Kernels;
import io.github.quant4j.kernel.LinearKernel;
import io.github.quant4j.matrix.QuantizedMatrix;
import io.github.quant4j.quantize.Quantizer;
import io.github.quant4j.tensor.FloatMatrix;
import java.util.Optional;
import java.util.SplittableRandom;

/**
 * The formats of a layer's weights and activations, as a benchmark parameter.
 *
 * @param weights format and granularity
 * @param activations how the input is quantized; empty for float activations
 */
public record LayerFormat(String weights, Optional<ActivationScheme> activations) {

  /**
   * Reads the text form, that of recipes.
   *
   * @param text for example {@code int4:g128:sym @ int8:token} or {@code nf4:g64}
   * @return the formats
   * @throws IllegalArgumentException if the text is malformed
   */
  public static LayerFormat parse(String text) {
    int at = text.indexOf('@');
    if (at < 0) {
      return new LayerFormat(text.strip(), Optional.empty());
    }
    return new LayerFormat(
        text.substring(0, at).strip(),
        Optional.of(ActivationScheme.parse(text.substring(at + 1).strip())));
  }

  /**
   * Gaussian weights in this format.
   *
   * @param n outputs
   * @param k inputs
   * @return the matrix, always the same one
   */
  public QuantizedMatrix randomMatrix(int n, int k) {
    return Quantizer.of(weights)
        .quantize(
            FloatMatrix.wrap(n, k, gaussians((long) n * k)), KernelOptions.defaults().compute());
  }

  /**
   * A kernel for a matrix of this format.
   *
   * @param matrix the matrix
   * @param options provider and threads
   * @return the kernel
   */
  public LinearKernel kernel(QuantizedMatrix matrix, KernelOptions options) {
    return activations
        .map(scheme -> Kernels.forMatrix(matrix, ActivationQuantizer.dynamic(scheme), options))
        .orElseGet(() -> Kernels.forMatrix(matrix, options));
  }

  /**
   * Random numbers that are the same in each run.
   *
   * @param count how many
   * @return numbers with a normal distribution
   */
  public static float[] gaussians(long count) {
    SplittableRandom random = new SplittableRandom(count);
    float[] values = new float[Math.toIntExact(count)];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }
}
