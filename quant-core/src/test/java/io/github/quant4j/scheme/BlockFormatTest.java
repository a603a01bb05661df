// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.scheme;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.quant4j.linalg.Compute;
import io.github.quant4j.quantize.Quantizer;
import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.testing.SeededRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The rules of OCP Microscaling Formats 1.0 and of NVFP4, in double. */
class BlockFormatTest {

  /** Magnitudes of a minifloat in which every code is finite, but for the largest ones. */
  private static double nearest(double value, int exponentBits, int mantissaBits, double largest) {
    int bias = (1 << (exponentBits - 1)) - 1;
    double magnitude = Math.min(Math.abs(value), largest);
    int exponent = Math.max(magnitude == 0 ? -1000 : Math.getExponent(magnitude), 1 - bias);
    double step = Math.pow(2, exponent - mantissaBits);
    return Math.copySign(Math.min(Math.rint(magnitude / step) * step, largest), value);
  }

  private static FloatMatrix weights(SeededRandom random) {
    FloatMatrix weights = random.gaussianMatrix(24, 96);
    for (int row = 0; row < weights.rows(); row++) {
      double magnitude = Math.exp(6 * random.nextGaussian());
      for (int column = 0; column < 96; column++) {
        float value = (float) (magnitude * weights.get(row, column));
        // Blocks of zeros, and largest values that are powers of two or just beside them.
        weights.put(row, column, row == 3 ? 0 : value);
      }
      for (int block = 0; row != 3 && block < 3; block++) {
        float power = Math.scalb(8f, row);
        float[] largest = {power, Math.nextDown(power), 1.5f * power, Math.nextUp(power)};
        if (row > 12) {
          weights.put(row, 32 * block + row % 32, -largest[row % 4]);
        }
      }
    }
    return weights;
  }

  @ParameterizedTest
  @CsvSource({
    "mxfp4, 2, 1, 6, 2",
    "mxfp6e2m3, 2, 3, 7.5, 2",
    "mxfp6e3m2, 3, 2, 28, 4",
    "mxfp8, 4, 3, 448, 8",
    "mxfp8e5m2, 5, 2, 57344, 15",
  })
  void minifloatsUnderAPowerOfTwo(
      String scheme, int exponentBits, int mantissaBits, double largest, int largestExponent) {
    SeededRandom random = new SeededRandom(121);
    FloatMatrix weights = weights(random);
    FloatMatrix found =
        Quantizer.of(scheme + " rtn").quantize(weights, Compute.scalar()).dequantize();
    for (int row = 0; row < weights.rows(); row++) {
      for (int block = 0; block < 96; block += 32) {
        double scale = powerOfTwo(weights, row, block, largestExponent);
        for (int column = block; column < block + 32; column++) {
          double value = weights.get(row, column) / scale;
          double expected = scale * nearest(value, exponentBits, mantissaBits, largest);
          assertEquals((float) expected, found.get(row, column), 0f, scheme + ", " + random);
        }
      }
    }
  }

  /** {@code 2^(floor(log2(largest magnitude)) - exponent of the largest element)}. */
  private static double powerOfTwo(FloatMatrix weights, int row, int block, int largestExponent) {
    float largest = 0;
    for (int column = block; column < block + 32; column++) {
      largest = Math.max(largest, Math.abs(weights.get(row, column)));
    }
    int exponent = largest == 0 ? -1000 : Math.getExponent(largest);
    return Math.pow(2, Math.clamp(exponent - largestExponent, -127, 127));
  }

  /** Two's complement with a binary point behind the second bit. */
  @ParameterizedTest
  @ValueSource(strings = "mxint8")
  void integersUnderAPowerOfTwo(String scheme) {
    SeededRandom random = new SeededRandom(122);
    FloatMatrix weights = weights(random);
    FloatMatrix found =
        Quantizer.of(scheme + " rtn").quantize(weights, Compute.scalar()).dequantize();
    for (int row = 0; row < weights.rows(); row++) {
      for (int block = 0; block < 96; block += 32) {
        double scale = powerOfTwo(weights, row, block, 0);
        for (int column = block; column < block + 32; column++) {
          double code = Math.clamp(Math.rint(weights.get(row, column) / scale * 64), -128.0, 127.0);
          assertEquals((float) (code / 64 * scale), found.get(row, column), 0f, random + "");
        }
      }
    }
  }

  /** {@code x = fp4 s / t} with {@code t = 448 6 / largest} and {@code s = fp8(t blockmax / 6)}. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void bytesUnderADivisor(long seed) {
    SeededRandom random = new SeededRandom(seed);
    FloatMatrix weights = random.gaussianMatrix(16, 96);
    double largest = 0;
    for (float weight : weights.data()) {
      largest = Math.max(largest, Math.abs(weight));
    }
    float divisor = (float) (448 * 6 / largest);
    FloatMatrix found = Quantizer.of("nvfp4 rtn").quantize(weights, Compute.scalar()).dequantize();
    for (int row = 0; row < weights.rows(); row++) {
      for (int block = 0; block < 96; block += 16) {
        double most = 0;
        for (int column = block; column < block + 16; column++) {
          most = Math.max(most, Math.abs(weights.get(row, column)));
        }
        double scale = nearest(most / 6 * divisor, 4, 3, 448) / divisor;
        for (int column = block; column < block + 16; column++) {
          double expected = scale * nearest(weights.get(row, column) / scale, 2, 1, 6);
          assertEquals(expected, found.get(row, column), 1e-6 * Math.abs(expected), random + "");
        }
      }
    }
  }
}
