// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.examples.nd4j;

import io.github.quant4j.kernel.KernelOptions;
import io.github.quant4j.nd4j.Nd4jLinearAlgebra;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Trains a small network with ND4J, quantizes it by several recipes and serves it. */
public final class Nd4jExample {
  static final List<String> RECIPES =
      List.of(
          "int8:channel:sym rtn",
          "int4:g32:asym rtn",
          "int4:g32:asym gptq(act-order)",
          "int2:g32:asym rtn",
          "int2:g32:asym gptq(act-order)>cd(6)");

  private Nd4jExample() {}

  /**
   * Prints accuracy and size before and after.
   *
   * @param args none
   */
  public static void main(String[] args) {
    Patterns training = Patterns.draw(4000, 1);
    Patterns test = Patterns.draw(4000, 2);
    DenseNetwork network = trained(training);
    // Statistics and roundings multiply with ND4J's BLAS here; leave it out for the library's own.
    KernelOptions options = KernelOptions.defaults().withLinearAlgebra(Nd4jLinearAlgebra.create());

    System.out.printf("%-40s %10s %10s %10s%n", "recipe", "bytes", "accuracy", "agreement");
    INDArray original = network.apply(test.images());
    print("original, 32-bit floats", bytes(network), test.accuracy(original), 1);
    for (String recipe : RECIPES) {
      QuantizedNetwork quantized = QuantizedNetwork.of(network, recipe, training.images(), options);
      INDArray outputs = quantized.apply(test.images());
      Patterns guesses = new Patterns(test.images(), original.argMax(1).toIntVector());
      print(
          recipe,
          quantized.storageBits() / Byte.SIZE,
          test.accuracy(outputs),
          guesses.accuracy(outputs));
    }
  }

  static DenseNetwork trained(Patterns data) {
    DenseNetwork network =
        DenseNetwork.random(Patterns.SIZE * Patterns.SIZE, 128, 128, Patterns.CLASSES);
    network.train(data, 20);
    return network;
  }

  private static long bytes(DenseNetwork network) {
    return Float.BYTES
        * network.layers().stream()
            .mapToLong(layer -> layer.weights().length() + layer.bias().length())
            .sum();
  }

  private static void print(String what, long bytes, double accuracy, double agreement) {
    System.out.printf("%-40s %10d %9.2f%% %9.2f%%%n", what, bytes, 100 * accuracy, 100 * agreement);
  }
}
