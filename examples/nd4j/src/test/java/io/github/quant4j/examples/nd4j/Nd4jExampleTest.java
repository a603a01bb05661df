// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.examples.nd4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.kernel.KernelOptions;
import io.github.quant4j.nd4j.Nd4jLinearAlgebra;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.ndarray.INDArray;

class Nd4jExampleTest {
  @BeforeAll
  static void backend() {
    try {
      Nd4jLinearAlgebra.create();
    } catch (IllegalStateException e) {
      Assumptions.abort("skipped: " + e.getMessage());
    }
  }

  @Test
  void quantizationKeepsTheAccuracy() {
    Patterns training = Patterns.draw(4000, 1);
    Patterns test = Patterns.draw(2000, 3);
    DenseNetwork network = Nd4jExample.trained(training);
    INDArray original = network.apply(test.images());
    double accuracy = test.accuracy(original);
    assertTrue(accuracy > 0.95, "learnt: " + accuracy);

    QuantizedNetwork eight = quantized(network, "int8:channel:sym rtn", training);
    INDArray outputs = eight.apply(test.images());
    double error = outputs.distance2(original) / original.norm2Number().doubleValue();
    assertTrue(error > 0 && error < 0.02, "relative error " + error);
    assertEquals(accuracy, test.accuracy(outputs), 0.005);

    QuantizedNetwork four = quantized(network, "int4:g32:asym gptq(act-order)", training);
    assertEquals(accuracy, test.accuracy(four.apply(test.images())), 0.015);
    QuantizedNetwork two = quantized(network, "int2:g32:asym rtn", training);
    QuantizedNetwork calibrated =
        quantized(network, "int2:g32:asym gptq(act-order)>cd(6)", training);
    assertTrue(
        test.accuracy(calibrated.apply(test.images()))
            > test.accuracy(two.apply(test.images())) + 0.01,
        "calibration pays at two bits");
    assertTrue(two.storageBits() < four.storageBits() && four.storageBits() < eight.storageBits());
  }

  private static QuantizedNetwork quantized(DenseNetwork network, String recipe, Patterns data) {
    return QuantizedNetwork.of(network, recipe, data.images(), KernelOptions.defaults());
  }
}
