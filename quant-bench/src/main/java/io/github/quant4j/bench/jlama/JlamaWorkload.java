// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.bench.jlama;

import com.github.tjake.jlama.tensor.AbstractTensor;
import com.github.tjake.jlama.tensor.operations.TensorOperations;
import io.github.quant4j.bench.workload.LayerFormat;
import io.github.quant4j.bench.workload.Residence;
import io.github.quant4j.matrix.QuantizedMatrix;
import io.github.quant4j.parallel.WorkerTeam;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/** Jlama's layers of one shape that take turns in multiplying the same tokens. */
@State(Scope.Benchmark)
public abstract class JlamaWorkload {
  /** Full-precision weights, as a format. */
  public static final String FLOATS = "f32";

  /** Inputs. */
  @Param("4096")
  public int k;

  /** Outputs. */
  @Param("4096")
  public int n;

  /** Threads in all. */
  @Param({"1", "2"})
  public int threads;

  private final List<JlamaLinear> layers = new ArrayList<>();
  private int next;

  /** For benchmarks. */
  protected JlamaWorkload() {}

  /**
   * Makes the tensors.
   *
   * @param format {@code int4:g32:sym}, with {@code @ int8:token} for rounded activations (which
   *     Jlama scales in blocks of 32), or {@code f32}
   * @param tokens tokens of a call
   * @param kernel {@code vector} or {@code native}
   * @param weights where weights lie
   */
  protected final void start(String format, int tokens, String kernel, Residence weights) {
    TensorOperations operations = JlamaLinear.operations(kernel);
    float[] x = LayerFormat.gaussians((long) tokens * k);
    WorkerTeam team = WorkerTeam.ofThreads(threads);
    Supplier<AbstractTensor<?, ?>> maker;
    long bytes;
    boolean quantizesInput;
    if (format.equals(FLOATS)) {
      float[] values = LayerFormat.gaussians((long) n * k);
      maker = () -> JlamaTensors.floats(n, k, values);
      bytes = (long) Float.BYTES * values.length;
      quantizesInput = false;
    } else {
      LayerFormat formats = LayerFormat.parse(format);
      QuantizedMatrix matrix = formats.randomMatrix(n, k);
      maker = () -> JlamaTensors.fourBits(matrix);
      bytes = matrix.storageBits() / Byte.SIZE;
      quantizesInput = formats.activations().isPresent();
    }
    for (int i = weights.matrices(bytes); i > 0; i--) {
      layers.add(new JlamaLinear(operations, maker.get(), x, quantizesInput, team));
    }
    System.out.println("# Jlama: " + operations.name());
  }

  /**
   * One call of the next layer.
   *
   * @return the output
   */
  public final Object multiply() {
    JlamaLinear layer = layers.get(next);
    next = next + 1 == layers.size() ? 0 : next + 1;
    return layer.multiply();
  }
}
