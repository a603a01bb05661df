// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.activation.ActivationGranularity;
import io.github.quant4j.activation.ActivationQuantizer;
import io.github.quant4j.activation.ActivationScheme;
import io.github.quant4j.format.NumberFormats;
import io.github.quant4j.linalg.Compute;
import io.github.quant4j.matrix.QuantizedMatrix;
import io.github.quant4j.quantize.Quantizer;
import io.github.quant4j.testing.SeededRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class IntegerArithmeticTest {
  private static final int ROWS = 19;
  private static final int COLUMNS = 96;
  private static final int TOKENS = 3;

  private static ActivationQuantizer quantizer(String format, String granularity, boolean sym) {
    return ActivationQuantizer.dynamic(
        ActivationScheme.of(
            NumberFormats.parse(format),
            granularity.equals("token")
                ? ActivationGranularity.token()
                : ActivationGranularity.group(Integer.parseInt(granularity.substring(1))),
            sym));
  }

  /** The scalar kernel against the quantized values themselves, summed in double. */
  @ParameterizedTest
  @CsvSource({
    "int4:g32:sym rtn, int8, token, true",
    "int4:g32:asym rtn, int8, token, false",
    "int8:channel:asym rtn, int8, g24, false",
    "int3:tensor:sym rtn, int4, g32, true",
    "int4:g32:sym:i8row rtn, int8, token, true",
    "int4:g16:asym:i8row rtn, int8, g48, false",
    "int4:block(8x64):sym rtn, int8, token, true",
    "binary:g32:sym rtn, int8, token, true",
    "ternary:channel:sym rtn, int8, token, false",
    "'levels(-2,-1,0,1,2):g32:sym rtn', int2, token, true",
    "int2:g32:asym rtn, binary, token, true",
    "int1:channel:asym rtn, int1, token, false",
  })
  void scalarKernelMultipliesTheQuantizedValues(
      String recipe, String format, String granularity, boolean symmetric) {
    SeededRandom random = new SeededRandom(recipe.hashCode());
    QuantizedMatrix weights =
        Quantizer.of(recipe).quantize(random.gaussianMatrix(ROWS, COLUMNS), Compute.scalar());
    ActivationQuantizer activations = quantizer(format, granularity, symmetric);
    assertTrue(IntegerArithmetic.of(weights, activations).isPresent());
    LinearKernel kernel =
        Kernels.forMatrix(weights, activations, KernelOptions.defaults().withProvider("scalar"));
    float[] x = random.gaussians(TOKENS * COLUMNS);
    float[] y = new float[TOKENS * ROWS];
    kernel.multiply(x, 0, TOKENS, y, 0);
    float[] rounded = new float[COLUMNS];
    for (int t = 0; t < TOKENS; t++) {
      activations.fakeQuantize(x, t * COLUMNS, COLUMNS, rounded, 0);
      for (int row = 0; row < ROWS; row++) {
        double sum = 0;
        double magnitude = 0;
        for (int k = 0; k < COLUMNS; k++) {
          double product = (double) weights.get(row, k) * rounded[k];
          sum += product;
          magnitude += Math.abs(product);
        }
        // Asymmetric values cancel before they are scaled, so the bound counts products.
        assertEquals(sum, y[t * ROWS + row], 4e-6 * magnitude + 1e-6, random + ", row " + row);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "fp4e2m1:g32:sym rtn, int8, token",
    "nf4:g32:sym rtn, int8, token",
    "int4:g32:sym rtn, fp8e4m3, token",
    "'levels(-2,-1,0,1,3):g32:sym rtn', int8, token",
    "'levels(-0.5,0.5):g32:sym rtn', int8, token",
  })
  void otherPairsAreMultipliedInFloat(String recipe, String format, String granularity) {
    QuantizedMatrix weights =
        Quantizer.of(recipe)
            .quantize(new SeededRandom(5).gaussianMatrix(ROWS, COLUMNS), Compute.scalar());
    assertTrue(IntegerArithmetic.of(weights, quantizer(format, granularity, true)).isEmpty());
  }

  @Test
  void segmentsAreCutWhereEitherScaleChanges() {
    QuantizedMatrix weights =
        Quantizer.of("int4:g32:sym rtn")
            .quantize(new SeededRandom(5).gaussianMatrix(2, COLUMNS), Compute.scalar());
    IntegerArithmetic arithmetic =
        IntegerArithmetic.of(weights, quantizer("int8", "g24", true)).orElseThrow();
    assertEquals(8, arithmetic.segmentLength());
    assertEquals(24, arithmetic.runLength());
  }

  @Test
  void affineFormsOfFormats() {
    assertEquals(
        new AffineCodes(1, 8, 15), AffineCodes.of(NumberFormats.parse("int4")).orElseThrow());
    assertEquals(
        new AffineCodes(2, 1, 1), AffineCodes.of(NumberFormats.parse("binary")).orElseThrow());
    assertEquals(
        new AffineCodes(1, 1, 2), AffineCodes.of(NumberFormats.parse("ternary")).orElseThrow());
    assertEquals(128, AffineCodes.of(NumberFormats.parse("int8")).orElseThrow().largestMagnitude());
  }
}
