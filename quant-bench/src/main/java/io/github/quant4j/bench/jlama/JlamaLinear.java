// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.bench.jlama;

import com.github.tjake.jlama.safetensors.DType;
import com.github.tjake.jlama.tensor.AbstractTensor;
import com.github.tjake.jlama.tensor.operations.PanamaTensorOperations;
import com.github.tjake.jlama.tensor.operations.TensorOperations;
import com.github.tjake.jlama.util.MachineSpec;
import io.github.quant4j.parallel.WorkerTeam;

/**
 * A linear layer in Jlama: the input is quantized if it is to be, then parts of the rows are
 * multiplied on several threads, as Jlama's own layers do it.
 */
final class JlamaLinear {
  private static final String NATIVE =
      "com.github.tjake.jlama.tensor.operations.NativeSimdTensorOperations";

  private final TensorOperations operations;
  private final AbstractTensor<?, ?> weights;
  private final AbstractTensor<?, ?> input;
  private final AbstractTensor<?, ?> output;
  private final boolean quantizesInput;
  private final WorkerTeam team;

  /**
   * Makes a layer.
   *
   * @param operations Jlama's tensor operations
   * @param weights {@code [n, k]}
   * @param x {@code [tokens, k]}
   * @param quantizesInput whether the input is rounded to int8 with a scale for each 32
   * @param team the threads
   */
  JlamaLinear(
      TensorOperations operations,
      AbstractTensor<?, ?> weights,
      float[] x,
      boolean quantizesInput,
      WorkerTeam team) {
    int k = weights.shape().last();
    int tokens = x.length / k;
    this.operations = operations;
    this.weights = weights;
    this.input = JlamaTensors.floats(tokens, k, x);
    int n = weights.shape().first();
    this.output = JlamaTensors.floats(tokens, n, new float[tokens * n]);
    this.quantizesInput = quantizesInput;
    this.team = team;
  }

  /**
   * Jlama's operations.
   *
   * @param kernel {@code vector} (Vector API) or {@code native} (C)
   * @return the operations
   * @throws IllegalStateException if the native ones are not there
   */
  static TensorOperations operations(String kernel) {
    return switch (kernel) {
      case "vector" -> new PanamaTensorOperations(MachineSpec.VECTOR_TYPE);
      case "native" -> {
        try {
          yield Class.forName(NATIVE)
              .asSubclass(TensorOperations.class)
              .getConstructor()
              .newInstance();
        } catch (ReflectiveOperationException | LinkageError e) {
          throw new IllegalStateException("Jlama's native operations are not available", e);
        }
      }
      default ->
          throw new IllegalArgumentException(
              "kernel: '" + kernel + "', expected 'vector' or 'native'");
    };
  }

  /** Multiplies; the result is in the tensor that is returned, {@code [tokens, n]}. */
  AbstractTensor<?, ?> multiply() {
    if (quantizesInput) {
      try (AbstractTensor<?, ?> rounded =
          operations.quantize(input, DType.I8, 0, input.shape().last())) {
        multiply(rounded);
      }
    } else {
      multiply(input);
    }
    return output;
  }

  private void multiply(AbstractTensor<?, ?> x) {
    int rows = weights.shape().first();
    int parts = team.threads();
    team.run(
        parts,
        part -> {
          int from = (int) ((long) rows * part / parts);
          int to = (int) ((long) rows * (part + 1) / parts);
          operations.dotProductChunk(output, x, weights, 0, x.shape().last(), from, to - from);
        });
  }
}
