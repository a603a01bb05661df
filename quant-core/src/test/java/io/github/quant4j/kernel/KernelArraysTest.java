// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.layer.LayerInput;
import io.github.quant4j.layer.LinearQuantizer;
import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.testing.SeededRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What callers see of a kernel that they misuse, and of one that they print. */
class KernelArraysTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "int4:g32:sym rtn",
        "f32",
        "int8:channel:sym rtn @ int8:token:sym",
        "fp8e4m3:channel rtn @ fp8e4m3:token:sym",
        "int4:g32:sym rtn + lowrank(4)",
        "int4:g32:sym rtn + sparse(0.02)",
        "int4:channel:sym rtn @ int4:token:sym + columns(0.1)",
        "hadamard(online) | int4:g32:sym rtn",
        "ternary2:g32:sym ptqtp"
      })
  void shortArraysAreNamedAndKernelsPrintWhatTheyAre(String recipe) {
    SeededRandom random = new SeededRandom(6);
    FloatMatrix weights = random.gaussianMatrix(8, 64);
    LinearKernel kernel =
        Kernels.forLinear(
            LinearQuantizer.of(recipe)
                .quantize(weights, LayerInput.observe(random.gaussianMatrix(80, 64)))
                .linear(),
            KernelOptions.defaults().withProvider("scalar"));
    String input = message(() -> kernel.multiply(new float[63], new float[8]));
    assertTrue(input.contains("x: length 63") && input.contains("64"), input);
    String output = message(() -> kernel.multiply(new float[64], new float[7]));
    assertTrue(output.contains("y: length 7") && output.contains("8"), output);
    String offset = message(() -> kernel.multiply(new float[128], 1, 2, new float[16], 0));
    assertTrue(offset.contains("x: length 128 from position 1"), offset);
    message(() -> kernel.multiply(new float[64], -1, 1, new float[8], 0));
    message(() -> kernel.multiply(new float[64], 0, -1, new float[8], 0));
    message(() -> kernel.multiply(new float[64], 0, 1 << 30, new float[8], 0));
    assertEquals(kernel.describe(), kernel.toString());
    assertTrue(kernel.toString().contains("scalar"), kernel.toString());
    assertTrue(kernel.toString().contains("8, "), kernel.toString());
  }

  private static String message(Runnable call) {
    return String.valueOf(assertThrows(IllegalArgumentException.class, call::run).getMessage());
  }
}
