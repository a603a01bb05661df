// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.linear;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.activation.ActivationGranularity;
import io.github.quant4j.activation.ActivationQuantizer;
import io.github.quant4j.activation.ActivationScheme;
import io.github.quant4j.format.NumberFormats;
import io.github.quant4j.kernel.KernelOptions;
import io.github.quant4j.kernel.Kernels;
import io.github.quant4j.kernel.LinearKernel;
import io.github.quant4j.linalg.Compute;
import io.github.quant4j.matrix.QuantizedMatrix;
import io.github.quant4j.quantize.Quantizer;
import io.github.quant4j.tensor.DType;
import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.testing.SeededRandom;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class QuantizedLinearTest {
  private static final KernelOptions SCALAR = KernelOptions.defaults().withProvider("scalar");

  private static ActivationQuantizer perToken() {
    return ActivationQuantizer.dynamic(
        ActivationScheme.of(NumberFormats.parse("int8"), ActivationGranularity.token(), true));
  }

  /** {@code x W^T + b} in double. */
  private static double[] reference(double[][] weights, float[] bias, float[] x, int tokens) {
    int out = weights.length;
    int in = weights[0].length;
    double[] y = new double[tokens * out];
    for (int t = 0; t < tokens; t++) {
      for (int r = 0; r < out; r++) {
        double sum = bias[r];
        for (int c = 0; c < in; c++) {
          sum += weights[r][c] * x[t * in + c];
        }
        y[t * out + r] = sum;
      }
    }
    return y;
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4})
  void theKernelIsTheSumOfTheTermsAndTheBias(long seed) {
    SeededRandom random = new SeededRandom(seed);
    int in = 32 * random.nextInt(1, 4);
    int out = random.nextInt(1, 40);
    int tokens = random.nextInt(1, 6);
    QuantizedMatrix quantized =
        Quantizer.of("int4:g32:asym rtn")
            .quantize(random.gaussianMatrix(out, in), Compute.scalar());
    FloatMatrix dense = random.gaussianMatrix(out, in);
    float[] bias = random.gaussians(out);
    QuantizedLinear linear =
        QuantizedLinear.of(List.of(new QuantizedTerm(quantized), new DenseTerm(dense, DType.BF16)))
            .withBias(bias);
    double[][] weights = new double[out][in];
    for (int r = 0; r < out; r++) {
      for (int c = 0; c < in; c++) {
        weights[r][c] = (double) quantized.get(r, c) + dense.get(r, c);
      }
    }
    float[] x = random.gaussians(tokens * in);
    float[] y = new float[tokens * out + 3];

    LinearKernel kernel = Kernels.forLinear(linear, SCALAR);
    kernel.multiply(x, 0, tokens, y, 3);

    double[] expected = reference(weights, bias, x, tokens);
    for (int i = 0; i < expected.length; i++) {
      assertEquals(expected[i], y[3 + i], 1e-4, random + ", element " + i);
    }
    assertEquals(quantized.storageBits() + 16L * in * out, linear.storageBits());
    FloatMatrix sum = linear.toDense();
    for (int r = 0; r < out; r++) {
      for (int c = 0; c < in; c++) {
        assertEquals(weights[r][c], sum.get(r, c), 1e-6, random + ": " + r + ", " + c);
      }
    }
  }

  @Test
  void denseWeightsSeeAQuantizedInput() {
    SeededRandom random = new SeededRandom(7);
    FloatMatrix weights = random.gaussianMatrix(5, 24);
    QuantizedLinear linear =
        QuantizedLinear.of(weights, DType.F32).withActivations(perToken()).withBias(new float[5]);
    float[] x = random.gaussians(24);
    float[] y = new float[5];
    Kernels.forLinear(linear, SCALAR).multiply(x, y);

    float largest = 0;
    for (float value : x) {
      largest = Math.max(largest, Math.abs(value));
    }
    for (int r = 0; r < 5; r++) {
      double sum = 0;
      for (int c = 0; c < 24; c++) {
        sum += Math.rint(x[c] / (largest / 127.0)) * (largest / 127.0) * weights.get(r, c);
      }
      assertEquals(sum, y[r], 1e-4, random + ", row " + r);
    }
    assertEquals("[5, 24] f32 @ int8:token:sym", linear.toString());
  }

  @Test
  void wrongShapesAreNamed() {
    SeededRandom random = new SeededRandom(9);
    QuantizedLinear linear = QuantizedLinear.of(random.gaussianMatrix(3, 8), DType.F32);
    String bias =
        assertThrows(IllegalArgumentException.class, () -> linear.withBias(new float[4]))
            .getMessage();
    assertTrue(bias.contains("4 values") && bias.contains("expected 3"), bias);
    String terms =
        assertThrows(
                IllegalArgumentException.class,
                () ->
                    QuantizedLinear.of(
                        List.of(
                            new DenseTerm(random.gaussianMatrix(3, 8), DType.F32),
                            new DenseTerm(random.gaussianMatrix(8, 3), DType.F32))))
            .getMessage();
    assertTrue(terms.contains("[8, 3]") && terms.contains("[3, 8]"), terms);
    assertThrows(IllegalArgumentException.class, () -> QuantizedLinear.of(List.of()));
    assertThrows(
        IllegalArgumentException.class,
        () -> new DenseTerm(random.gaussianMatrix(1, 1), DType.I32));
  }

  @Test
  void theBiasIsCopiedOnTheWayInAndOut() {
    float[] bias = {1, 2};
    QuantizedLinear linear = QuantizedLinear.of(FloatMatrix.zeros(2, 4), DType.F32).withBias(bias);
    bias[0] = 9;
    linear.bias().orElseThrow()[1] = 9;
    assertArrayEquals(new float[] {1, 2}, linear.bias().orElseThrow());
    assertTrue(linear.withoutBias().bias().isEmpty());
  }
}
