// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.nd4j;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.kernel.KernelOptions;
import io.github.quant4j.layer.LayerInput;
import io.github.quant4j.layer.LinearQuantizer;
import io.github.quant4j.linear.QuantizedLinear;
import io.github.quant4j.testing.SeededRandom;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/** Against ND4J's own product, in double precision, with the weights that the layer stores. */
class Nd4jLinearTest {
  private static final int IN = 64;
  private static final int OUT = 40;

  @BeforeAll
  static void backend() {
    Nd4jBackend.assume();
  }

  private static QuantizedLinear layer(SeededRandom random) {
    INDArray weights = Nd4jArraysTest.gaussian(random, DataType.FLOAT, 'f', IN, OUT);
    INDArray bias = Nd4jArraysTest.gaussian(random, DataType.FLOAT, 'c', OUT);
    return LinearQuantizer.of("int4:g32:asym rtn")
        .quantize(Nd4jArrays.denseLayer(weights, bias), LayerInput.unknown())
        .linear();
  }

  private static INDArray expected(QuantizedLinear linear, INDArray x) {
    INDArray weights = Nd4jArrays.toArray(linear.toDense()).castTo(DataType.DOUBLE);
    INDArray bias = Nd4j.create(linear.bias().orElseThrow()).castTo(DataType.DOUBLE);
    return x.castTo(DataType.DOUBLE).mmul(weights.transpose()).addRowVector(bias);
  }

  private static double tolerance(DataType type) {
    return switch (type) {
      case HALF -> 0x1p-11 * 60;
      case BFLOAT16 -> 0x1p-8 * 60;
      default -> 1e-4;
    };
  }

  @ParameterizedTest
  @EnumSource(
      value = DataType.class,
      names = {"FLOAT", "DOUBLE", "HALF", "BFLOAT16"})
  void multipliesArrays(DataType type) {
    SeededRandom random = new SeededRandom(type.name().hashCode());
    QuantizedLinear linear = layer(random);
    Nd4jLinear served = Nd4jLinear.of(linear, KernelOptions.defaults());
    assertEquals(served.kernel().describe(), served.toString());
    for (int tokens : new int[] {1, 2, 17}) {
      INDArray x =
          Nd4jArraysTest.gaussian(random, type, 'f', tokens + 2, IN + 1)
              .get(NDArrayIndex.interval(1, 1 + tokens), NDArrayIndex.interval(0, IN))
              .reshape('c', tokens, IN);
      INDArray expected = expected(linear, x);
      INDArray y = served.apply(x);
      assertEquals(type, y.dataType());
      assertArrayEquals(new long[] {tokens, OUT}, y.shape());
      INDArray into = Nd4j.create(DataType.FLOAT, new long[] {OUT, tokens}, 'c').transpose();
      assertSame(into, served.apply(x, into));
      for (int t = 0; t < tokens; t++) {
        for (int i = 0; i < OUT; i++) {
          String where = t + ", " + i + ", " + random;
          assertEquals(expected.getDouble(t, i), y.getDouble(t, i), tolerance(type), where);
          assertEquals(expected.getDouble(t, i), into.getDouble(t, i), 1e-4, where);
        }
      }
    }
  }

  @Test
  void oneTokenMayBeAVector() {
    SeededRandom random = new SeededRandom(5);
    QuantizedLinear linear = layer(random);
    Nd4jLinear served = Nd4jLinear.of(linear, KernelOptions.defaults());
    INDArray x = Nd4jArraysTest.gaussian(random, DataType.FLOAT, 'c', 3, IN);
    INDArray y = served.apply(x.getRow(1));
    assertArrayEquals(new long[] {OUT}, y.shape());
    INDArray expected = expected(linear, x);
    for (int i = 0; i < OUT; i++) {
      assertEquals(expected.getDouble(1, i), y.getDouble(i), 1e-4);
    }
  }

  @Test
  void arraysThatDoNotFitAreRefused() {
    Nd4jLinear served = Nd4jLinear.of(layer(new SeededRandom(6)), KernelOptions.defaults());
    INDArray x = Nd4j.zeros(DataType.FLOAT, 3, IN);
    assertRefused(
        () -> served.apply(Nd4j.zeros(DataType.FLOAT, 3, IN + 1)),
        "x: shape [3, 65], expected [tokens, 64] or [64] for a layer [out = 40, in = 64]");
    assertRefused(() -> served.apply(Nd4j.zeros(DataType.FLOAT, 2, 3, IN)), "x: shape [2, 3, 64]");
    assertRefused(() -> served.apply(Nd4j.zeros(DataType.INT32, 3, IN)), "x: type INT");
    assertRefused(
        () -> served.apply(x, Nd4j.zeros(DataType.FLOAT, 4, OUT)),
        "y: shape [4, 40] has 4 tokens, x has 3 with shape [3, 64]");
    assertRefused(
        () -> served.apply(x, Nd4j.zeros(DataType.FLOAT, 3, IN)), "y: shape [3, 64], expected");
  }

  private static void assertRefused(Executable call, String words) {
    String message = assertThrows(IllegalArgumentException.class, call).getMessage();
    assertTrue(message.contains(words), message);
  }
}
