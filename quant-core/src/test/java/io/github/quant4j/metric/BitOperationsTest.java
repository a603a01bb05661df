// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.metric;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.quant4j.layer.LinearQuantizer;
import io.github.quant4j.linear.QuantizedLinear;
import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.testing.SeededRandom;
import org.junit.jupiter.api.Test;

class BitOperationsTest {
  @Test
  void bothForms() {
    BitOperations operations = BitOperations.of(10, 256, 4, 8);
    assertEquals(2560 * 32.0, operations.product(), 1e-9);
    assertEquals(2560 * (32.0 + 4 + 8 + 8), operations.withAdders(), 1e-6);
    assertEquals(2 * operations.product(), operations.plus(operations).product(), 1e-9);
    assertThrows(IllegalArgumentException.class, () -> BitOperations.of(10, 0, 4, 8));
    assertThrows(IllegalArgumentException.class, () -> BitOperations.of(10, 4, Double.NaN, 8));
  }

  @Test
  void layersCountScalesAndTransforms() {
    SeededRandom random = new SeededRandom(3);
    FloatMatrix weights = FloatMatrix.wrap(8, 64, random.gaussians(8 * 64));
    QuantizedLinear plain = LinearQuantizer.of("int4:g16:sym rtn").quantize(weights).linear();
    // 4 bits and a 16-bit scale for 16 weights, by full activations.
    assertEquals(512 * 5.0 * 16, BitOperations.of(plain).product(), 1e-9);
    QuantizedLinear rotated =
        LinearQuantizer.of("hadamard(online) | int4:g16:sym rtn @ int8:token")
            .quantize(weights)
            .linear();
    double transform = (double) rotated.transform().orElseThrow().operationsPerToken();
    assertEquals(
        512 * 5.0 * 8 + transform * 256, BitOperations.of(rotated).product(), 1e-9, "" + random);
  }
}
