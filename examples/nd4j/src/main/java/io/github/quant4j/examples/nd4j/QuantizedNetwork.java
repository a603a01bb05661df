// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.examples.nd4j;

import io.github.quant4j.kernel.KernelOptions;
import io.github.quant4j.layer.LayerInput;
import io.github.quant4j.layer.LinearQuantizer;
import io.github.quant4j.linear.QuantizedLinear;
import io.github.quant4j.nd4j.Nd4jArrays;
import io.github.quant4j.nd4j.Nd4jLinear;
import java.util.ArrayList;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.ops.transforms.Transforms;

/**
 * The network with its dense layers quantized; all else is still ND4J's.
 *
 * @param layers the served layers, first to last
 * @param storageBits what the quantized layers take, scales and all
 */
record QuantizedNetwork(List<Nd4jLinear> layers, long storageBits) {

  /**
   * Quantizes a network, layer by layer: each is calibrated on what the quantized ones before it
   * make of some images.
   *
   * @param network the network; not changed
   * @param recipe the library's recipe
   * @param images for calibration, {@code [count, in]}
   * @param options the kernels, the threads and the linear algebra
   * @return the quantized network
   */
  static QuantizedNetwork of(
      DenseNetwork network, String recipe, INDArray images, KernelOptions options) {
    LinearQuantizer quantizer = LinearQuantizer.of(recipe).withOptions(options);
    List<Nd4jLinear> served = new ArrayList<>();
    long bits = 0;
    INDArray x = images;
    for (DenseNetwork.Dense layer : network.layers()) {
      LayerInput seen = LayerInput.observe(Nd4jArrays.toMatrix(x), options.compute());
      QuantizedLinear packed =
          quantizer.quantize(Nd4jArrays.denseLayer(layer.weights(), layer.bias()), seen).linear();
      bits += packed.storageBits();
      served.add(Nd4jLinear.of(packed, options));
      x = Transforms.relu(served.getLast().apply(x));
    }
    return new QuantizedNetwork(List.copyOf(served), bits);
  }

  /**
   * Runs the network on packed weights.
   *
   * @param x {@code [count, in]}
   * @return {@code [count, out]}, not normalised
   */
  INDArray apply(INDArray x) {
    INDArray state = x;
    for (int i = 0; i < layers.size(); i++) {
      INDArray y = layers.get(i).apply(state);
      state = i + 1 < layers.size() ? Transforms.relu(y) : y;
    }
    return state;
  }
}
