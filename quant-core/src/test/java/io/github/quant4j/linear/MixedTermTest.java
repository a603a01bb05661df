// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.linear;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.kernel.KernelOptions;
import io.github.quant4j.kernel.Kernels;
import io.github.quant4j.kernel.LinearKernel;
import io.github.quant4j.linalg.Compute;
import io.github.quant4j.linear.MixedTerm.Axis;
import io.github.quant4j.quantize.Quantizer;
import io.github.quant4j.tensor.DType;
import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.testing.SeededRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MixedTermTest {
  private static final List<String> QUANTIZERS =
      List.of("int2:channel:asym rtn", "int4:channel:asym rtn", "int8:channel:sym rtn");

  /** A matrix, cut at random, and what it should be. */
  private record Sample(MixedTerm term, FloatMatrix dense) {}

  private static Sample sample(SeededRandom random, Axis axis, int unit, int parts) {
    int runs = random.nextInt(parts, 12);
    int[] index = new int[runs];
    for (int i = 0; i < runs; i++) {
      index[i] = i < parts ? i : random.nextInt(0, parts);
    }
    int along = unit * runs;
    int across = random.nextInt(1, 40);
    List<WeightTerm> terms = new ArrayList<>();
    int rows = axis == Axis.ROWS ? along : across;
    int columns = axis == Axis.ROWS ? across : along;
    FloatMatrix dense = FloatMatrix.zeros(rows, columns);
    for (int p = 0; p < parts; p++) {
      int part = p;
      int count = unit * (int) Arrays.stream(index).filter(i -> i == part).count();
      FloatMatrix weights =
          axis == Axis.ROWS
              ? random.gaussianMatrix(count, across)
              : random.gaussianMatrix(across, count);
      WeightTerm term =
          p == 2
              ? new DenseTerm(weights, DType.F32)
              : new QuantizedTerm(
                  Quantizer.of(QUANTIZERS.get(p)).quantize(weights, Compute.scalar()));
      terms.add(term);
      FloatMatrix values = QuantizedLinear.of(List.of(term)).toDense();
      int next = 0;
      for (int line = 0; line < along; line++) {
        if (index[line / unit] == p) {
          for (int i = 0; i < across; i++) {
            if (axis == Axis.ROWS) {
              dense.put(line, i, values.get(next, i));
            } else {
              dense.put(i, line, values.get(i, next));
            }
          }
          next++;
        }
      }
    }
    return new Sample(MixedTerm.of(axis, unit, terms, index), dense);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void linesLieWhereTheIndexSays(long seed) {
    SeededRandom random = new SeededRandom(seed);
    Axis axis = seed % 2 == 0 ? Axis.ROWS : Axis.COLUMNS;
    Sample sample = sample(random, axis, random.nextInt(1, 5), random.nextInt(1, 4));
    QuantizedLinear linear = QuantizedLinear.of(List.of(sample.term));
    assertArrayEquals(sample.dense.data(), linear.toDense().data(), random.toString());
    int runs = sample.term.index().length;
    int parts = sample.term.parts().size();
    long bits = sample.term.parts().stream().mapToLong(WeightTerm::storageBits).sum();
    assertEquals(
        bits + 8L * ((runs * (parts - 1) + 7) / 8), linear.storageBits(), random.toString());

    // Served by a kernel for each part.
    FloatMatrix x = random.gaussianMatrix(5, linear.inFeatures());
    for (String provider : new String[] {"scalar", KernelOptions.defaults().provider()}) {
      LinearKernel kernel =
          Kernels.forLinear(
              linear.withBias(new float[linear.outFeatures()]),
              KernelOptions.defaults().withProvider(provider));
      float[] y = new float[5 * linear.outFeatures()];
      kernel.multiply(x.data(), 0, 5, y, 0);
      for (int t = 0; t < 5; t++) {
        for (int r = 0; r < linear.outFeatures(); r++) {
          double expected = 0;
          double magnitude = 0;
          for (int j = 0; j < linear.inFeatures(); j++) {
            double product = (double) x.get(t, j) * sample.dense.get(r, j);
            expected += product;
            magnitude += Math.abs(product);
          }
          assertEquals(
              expected, y[t * linear.outFeatures() + r], 1e-5 * magnitude + 1e-6, random::toString);
        }
      }
    }
  }

  /** Behind other terms, and in a group with other layers, the result is the same, bit for bit. */
  @Test
  void sumsAndGroupsOfMixedTermsAreThoseOfTheirParts() {
    SeededRandom random = new SeededRandom(77);
    FloatMatrix weights = random.gaussianMatrix(24, 32);
    WeightTerm plain =
        new QuantizedTerm(Quantizer.of("int4:g16:asym rtn").quantize(weights, Compute.scalar()));
    int[] index = {0, 1, 1, 0, 0, 0};
    MixedTerm rows =
        MixedTerm.of(
            Axis.ROWS,
            4,
            List.of(
                quantized(random, "int2:g16:asym rtn", 16, 32),
                quantized(random, "int8:channel:sym rtn", 8, 32)),
            index);
    MixedTerm columns =
        MixedTerm.of(
            Axis.COLUMNS,
            16,
            List.of(
                quantized(random, "int3:g16:asym rtn", 24, 16),
                quantized(random, "int1:g16:asym rtn", 24, 16)),
            new int[] {1, 0});
    FloatMatrix x = random.gaussianMatrix(3, 32);
    KernelOptions options = KernelOptions.defaults();
    float[] expected = new float[3 * 24];
    for (WeightTerm term : List.of(plain, rows, columns)) {
      float[] y = new float[3 * 24];
      Kernels.forLinear(QuantizedLinear.of(List.of(term)), options).multiply(x.data(), 0, 3, y, 0);
      for (int i = 0; i < y.length; i++) {
        expected[i] += y[i];
      }
    }
    LinearKernel sum =
        Kernels.forLinear(QuantizedLinear.of(List.of(plain, rows, columns)), options);
    LinearKernel alone = Kernels.forLinear(QuantizedLinear.of(List.of(rows)), options);
    float[] y = new float[3 * 24];
    float[] other = new float[3 * 24];
    Kernels.fuse(List.of(sum, alone))
        .multiply(x.data(), 0, 3, new float[][] {y, other}, new int[] {0, 0});
    for (int i = 0; i < y.length; i++) {
      assertEquals(expected[i], y[i], 1e-4, random::toString);
    }
    float[] single = new float[3 * 24];
    alone.multiply(x.data(), 0, 3, single, 0);
    assertArrayEquals(single, other);
  }

  private static WeightTerm quantized(
      SeededRandom random, String quantizer, int rows, int columns) {
    return new QuantizedTerm(
        Quantizer.of(quantizer).quantize(random.gaussianMatrix(rows, columns), Compute.scalar()));
  }

  @Test
  void partsThatDoNotGoTogetherAreRefused() {
    SeededRandom random = new SeededRandom(3);
    WeightTerm four = quantized(random, "int4:channel rtn", 4, 8);
    WeightTerm two = quantized(random, "int2:channel rtn", 2, 8);
    WeightTerm narrow = quantized(random, "int2:channel rtn", 2, 6);
    assertRefused("unit", Axis.ROWS, 0, List.of(four), 0, 0, 0, 0);
    assertRefused("parts: 0", Axis.ROWS, 1, List.of());
    assertRefused("index: number 1", Axis.ROWS, 2, List.of(four), 0, 1);
    assertRefused("parts: number 1", Axis.ROWS, 2, List.of(four, two), 0, 0);
    assertRefused("parts: number 1", Axis.ROWS, 2, List.of(four, two), 0, 0, 1, 1);
    assertRefused("parts: number 1", Axis.ROWS, 2, List.of(four, narrow), 0, 1, 0);
    assertRefused("parts: number 0", Axis.COLUMNS, 2, List.of(four), 0, 0);
    MixedTerm made = MixedTerm.of(Axis.ROWS, 2, List.of(four, two), new int[] {0, 1, 0});
    assertRefused("parts: number 0", Axis.ROWS, 6, List.of(made), 0);
    assertArrayEquals(new int[] {2, 3}, made.lines(1));
  }

  private static void assertRefused(
      String message, Axis axis, int unit, List<WeightTerm> parts, int... index) {
    IllegalArgumentException error =
        assertThrows(IllegalArgumentException.class, () -> MixedTerm.of(axis, unit, parts, index));
    assertTrue(String.valueOf(error.getMessage()).startsWith(message), error::getMessage);
  }
}
