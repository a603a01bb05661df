// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.bench.nd4j;

import io.github.quant4j.bench.workload.LayerFormat;
import io.github.quant4j.bench.workload.Residence;
import java.util.ArrayList;
import java.util.List;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/** Dense layers of one shape in ND4J that take turns in multiplying the same tokens. */
@State(Scope.Benchmark)
public abstract class Nd4jWorkload {
  /** Inputs. */
  @Param("4096")
  public int k;

  /** Outputs. */
  @Param("4096")
  public int n;

  /** Threads in all. */
  @Param({"1", "2"})
  public int threads;

  private final List<Nd4jProduct> layers = new ArrayList<>();
  private int next;

  /** For benchmarks. */
  protected Nd4jWorkload() {}

  /**
   * Makes the arrays.
   *
   * @param tokens tokens of a call
   * @param weights where weights lie
   */
  protected final void start(int tokens, Residence weights) {
    Nd4jProduct.useThreads(threads);
    float[] values = LayerFormat.gaussians((long) n * k);
    float[] x = LayerFormat.gaussians((long) tokens * k);
    int count = weights.matrices((long) Float.BYTES * values.length);
    for (int i = 0; i < count; i++) {
      layers.add(new Nd4jProduct(n, k, values, tokens, x));
    }
  }

  /**
   * One call of the next layer.
   *
   * @return the output
   */
  public final Object multiply() {
    Nd4jProduct layer = layers.get(next);
    next = next + 1 == layers.size() ? 0 : next + 1;
    return layer.multiply();
  }

  /** Frees the arrays. */
  protected final void close() {
    layers.forEach(Nd4jProduct::close);
  }
}
