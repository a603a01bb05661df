// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.nd4j;

import io.github.quant4j.kernel.KernelOptions;
import io.github.quant4j.kernel.Kernels;
import io.github.quant4j.kernel.LinearKernel;
import io.github.quant4j.linear.QuantizedLinear;
import io.github.quant4j.parallel.ScratchPool;
import java.util.Arrays;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * A quantized layer that takes ND4J arrays and gives ND4J arrays: {@code apply(x)} is to stand
 * where {@code x.mmul(W).addRowVector(b)} stood.
 *
 * <p>Inputs and outputs may have any order, offset and strides, and the types {@code FLOAT}, {@code
 * DOUBLE}, {@code HALF} and {@code BFLOAT16}; the kernel computes in floats. ND4J's memory lies
 * outside the heap and kernels read arrays on it, so each element is copied once on its way in and
 * once on its way out, into scratch memory that calls share: {@code in + out} copies for each token
 * beside {@code in * out} multiply-adds.
 *
 * <p>Thread-safe, as kernels are.
 */
public final class Nd4jLinear {
  private final LinearKernel kernel;
  private final ScratchPool scratch;

  private Nd4jLinear(LinearKernel kernel, ScratchPool scratch) {
    this.kernel = kernel;
    this.scratch = scratch;
  }

  /**
   * Makes the kernel of a layer.
   *
   * @param linear the layer
   * @param options provider, threads and scratch memory; use the same for all layers of a network
   * @return the served layer
   */
  public static Nd4jLinear of(QuantizedLinear linear, KernelOptions options) {
    return of(Kernels.forLinear(linear, options), options);
  }

  /**
   * Serves a kernel.
   *
   * @param kernel any kernel
   * @param options whose scratch memory is used
   * @return the served layer
   */
  public static Nd4jLinear of(LinearKernel kernel, KernelOptions options) {
    return new Nd4jLinear(kernel, options.scratch());
  }

  /**
   * The kernel.
   *
   * @return for warming up, or for calls with plain arrays
   */
  public LinearKernel kernel() {
    return kernel;
  }

  /**
   * Runs the layer.
   *
   * @param x {@code [tokens, in]}, or {@code [in]} for one token
   * @return a fresh array {@code [tokens, out]} or {@code [out]} of x's type, in order 'c'
   * @throws IllegalArgumentException if x has another shape, is empty or closed, or has a type that
   *     is not one of those above
   */
  public INDArray apply(INDArray x) {
    ArrayMemory input = check("x", x, kernel.inFeatures());
    long out = kernel.outFeatures();
    long[] shape = x.rank() == 1 ? new long[] {out} : new long[] {x.size(0), out};
    INDArray y = Nd4j.createUninitialized(x.dataType(), shape, 'c');
    run(input, tokens(x), ArrayMemory.of("y", y));
    return y;
  }

  /**
   * Runs the layer into an array that is there already.
   *
   * @param x {@code [tokens, in]}, or {@code [in]} for one token
   * @param y receives the output, {@code [tokens, out]}, or {@code [out]} for one token; must not
   *     overlap x
   * @return y
   * @throws IllegalArgumentException if a shape is another one, or an array is empty or closed, or
   *     has a type that is not one of those above
   */
  public INDArray apply(INDArray x, INDArray y) {
    ArrayMemory input = check("x", x, kernel.inFeatures());
    ArrayMemory output = check("y", y, kernel.outFeatures());
    if (tokens(x) != tokens(y)) {
      throw new IllegalArgumentException(
          "y: shape "
              + Arrays.toString(y.shape())
              + " has "
              + tokens(y)
              + " tokens, x has "
              + tokens(x)
              + " with shape "
              + Arrays.toString(x.shape()));
    }
    run(input, tokens(x), output);
    return y;
  }

  private static int tokens(INDArray array) {
    return array.rank() == 1 ? 1 : Math.toIntExact(array.size(0));
  }

  private ArrayMemory check(String name, INDArray array, int width) {
    ArrayMemory memory = ArrayMemory.of(name, array);
    int rank = array.rank();
    if (rank < 1 || rank > 2 || array.size(rank - 1) != width) {
      throw new IllegalArgumentException(
          name
              + ": shape "
              + Arrays.toString(array.shape())
              + ", expected [tokens, "
              + width
              + "] or ["
              + width
              + "] for a layer [out = "
              + kernel.outFeatures()
              + ", in = "
              + kernel.inFeatures()
              + "]");
    }
    return memory;
  }

  private void run(ArrayMemory input, int tokens, ArrayMemory output) {
    float[] in = scratch.floats(Math.multiplyExact(tokens, kernel.inFeatures()));
    float[] out = scratch.floats(Math.multiplyExact(tokens, kernel.outFeatures()));
    input.read(in, 0);
    kernel.multiply(in, 0, tokens, out, 0);
    output.write(out, 0);
    scratch.release(in);
    scratch.release(out);
  }

  /** What the kernel is. */
  @Override
  public String toString() {
    return kernel.describe();
  }
}
