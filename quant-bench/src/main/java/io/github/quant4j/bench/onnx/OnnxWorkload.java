// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.bench.onnx;

import ai.onnxruntime.OrtException;
import io.github.quant4j.bench.workload.LayerFormat;
import io.github.quant4j.bench.workload.Residence;
import io.github.quant4j.matrix.QuantizedMatrix;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/** Sessions of one shape that take turns in multiplying the same tokens. */
@State(Scope.Benchmark)
public abstract class OnnxWorkload {
  /** Inputs. */
  @Param("4096")
  public int k;

  /** Outputs. */
  @Param("4096")
  public int n;

  /** Threads in all. */
  @Param({"1", "2"})
  public int threads;

  private final List<OnnxLinear> layers = new ArrayList<>();
  private int next;

  /** For benchmarks. */
  protected OnnxWorkload() {}

  /**
   * Opens the sessions.
   *
   * @param format weights and activations; those of 8 bits stand for accuracy level 4, float ones
   *     for accuracy level 0
   * @param tokens tokens of a call
   * @param weights where weights lie
   */
  protected final void start(String format, int tokens, Residence weights) {
    LayerFormat formats = LayerFormat.parse(format);
    int accuracyLevel =
        formats.activations().isPresent() ? MatMulNBitsModel.INT8 : MatMulNBitsModel.UNSPECIFIED;
    QuantizedMatrix matrix = formats.randomMatrix(n, k);
    float[] x = LayerFormat.gaussians((long) tokens * k);
    int count = weights.matrices(matrix.storageBits() / Byte.SIZE);
    try {
      for (int i = 0; i < count; i++) {
        layers.add(new OnnxLinear(matrix, x, tokens, accuracyLevel, threads));
      }
    } catch (OrtException e) {
      throw new IllegalStateException("ONNX Runtime refuses " + format + ": " + e.getMessage(), e);
    }
  }

  /**
   * One call of the next session.
   *
   * @return the output
   */
  public final FloatBuffer multiply() {
    OnnxLinear layer = layers.get(next);
    next = next + 1 == layers.size() ? 0 : next + 1;
    try {
      return layer.multiply();
    } catch (OrtException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Closes the sessions. */
  protected final void close() {
    try {
      for (OnnxLinear layer : layers) {
        layer.close();
      }
    } catch (OrtException e) {
      throw new IllegalStateException(e);
    }
  }
}
