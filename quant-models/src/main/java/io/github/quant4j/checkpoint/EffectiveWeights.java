// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.checkpoint;

import io.github.quant4j.linalg.Compute;
import io.github.quant4j.linear.QuantizedLinear;
import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.transform.InputTransform;
import java.util.Optional;

/**
 * What a layer computes without quantizing its input, as a plain layer: a transform of the input is
 * multiplied into the weights.
 *
 * @param weights {@code [out, in]}
 * @param bias one for each output, if there is one
 */
record EffectiveWeights(FloatMatrix weights, Optional<float[]> bias) {

  static EffectiveWeights of(QuantizedLinear linear, Compute compute) {
    FloatMatrix weights = linear.toDense();
    if (linear.transform().isEmpty()) {
      return new EffectiveWeights(weights, linear.bias());
    }
    InputTransform transform = linear.transform().get();
    FloatMatrix plain = transform.inverse().transformWeights(weights, compute);
    if (!transform.hasConstant()) {
      return new EffectiveWeights(plain, linear.bias());
    }
    float[] bias = linear.bias().orElseGet(() -> new float[weights.rows()]);
    float[] correction = transform.inverse().biasCorrection(weights, compute);
    for (int i = 0; i < bias.length; i++) {
      bias[i] += correction[i];
    }
    return new EffectiveWeights(plain, Optional.of(bias));
  }
}
