// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.bench;

import io.github.quant4j.bench.jlama.JlamaWorkload;
import io.github.quant4j.bench.onnx.OnnxWorkload;
import io.github.quant4j.bench.workload.Residence;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** One token times a matrix: a step of decoding, bound by memory once weights exceed the cache. */
public class GemvBenchmark extends KernelBenchmark {
  /** For JMH. */
  public GemvBenchmark() {}

  /** Packed low-bit weights. */
  @State(Scope.Benchmark)
  public static class Quantized extends QuantizedWorkload {
    /** Weights, and after an {@code @} the activations. */
    @Param({
      "int4:g128:sym @ int8:token",
      "int4:g32:sym @ int8:token",
      "int4:g128:asym @ int8:token",
      "int3:g128:sym @ int8:token",
      "int2:g128:sym @ int8:token",
      "ternary:g128:sym @ int8:token",
      "binary:g128:sym @ int8:token",
      "int8:g128:sym @ int8:token",
      "int8:channel:sym @ int8:token",
      "int4:g128:sym",
      "int8:g128:sym",
      "fp4e2m1:g32",
      "nf4:g64",
      "mxfp4",
      "nvfp4",
      "fp8e4m3:channel"
    })
    public String format = "";

    /** Tokens. */
    @Param({"1"})
    public int m;

    /** Which provider. */
    @Param("auto")
    public String kernel = "";

    /** Where the weights lie. */
    @Param({"CACHE", "MEMORY"})
    public Residence weights = Residence.CACHE;

    /** For JMH. */
    public Quantized() {}

    /** Makes the kernels. */
    @Setup(Level.Trial)
    public void start() {
      start(format, m, kernel, weights);
    }
  }

  /** Trellis-coded weights. */
  @State(Scope.Benchmark)
  public static class Trellis extends TrellisWorkload {
    /** The code, and after an {@code @} the activations. */
    @Param({
      "trellis2(window=8,planes=3) @ int8:token",
      "trellis2(window=10,planes=4) @ int8:token",
      "trellis2(window=10,planes=4)"
    })
    public String format = "";

    /** Tokens. */
    @Param({"1"})
    public int m;

    /** Which provider. */
    @Param("auto")
    public String kernel = "";

    /** Where the weights lie. */
    @Param({"CACHE", "MEMORY"})
    public Residence weights = Residence.CACHE;

    /** For JMH. */
    public Trellis() {}

    /** Makes the kernels. */
    @Setup(Level.Trial)
    public void start() {
      start(format, m, kernel, weights);
    }
  }

  /** The same weights in plain Java: what defines the result. */
  @State(Scope.Benchmark)
  public static class Scalar extends QuantizedWorkload {
    /** Weights, and after an {@code @} the activations. */
    @Param({"int4:g128:sym @ int8:token", "int4:g128:sym"})
    public String format = "";

    /** Tokens. */
    @Param("1")
    public int m;

    /** For JMH. */
    public Scalar() {}

    /** Makes the kernels. */
    @Setup(Level.Trial)
    public void start() {
      start(format, m, "scalar", Residence.CACHE);
    }
  }

  /** Full-precision weights. */
  @State(Scope.Benchmark)
  public static class Dense extends DenseWorkload {
    /** Tokens. */
    @Param({"1"})
    public int m;

    /** Which provider. */
    @Param("auto")
    public String kernel = "";

    /** Where the weights lie. */
    @Param({"CACHE", "MEMORY"})
    public Residence weights = Residence.CACHE;

    /** For JMH. */
    public Dense() {}

    /** Makes the kernels. */
    @Setup(Level.Trial)
    public void start() {
      start(m, kernel, weights);
    }
  }

  /** ONNX Runtime's MatMulNBits on the same weights. */
  @State(Scope.Benchmark)
  public static class Onnx extends OnnxWorkload {
    /** Weights; with int8 activations accuracy level 4, with float activations accuracy level 0. */
    @Param({
      "int4:g128:sym @ int8:token",
      "int4:g32:sym @ int8:token",
      "int2:g128:sym @ int8:token",
      "int8:g128:sym @ int8:token",
      "int4:g128:sym",
      "int8:g128:sym"
    })
    public String format = "";

    /** Tokens. */
    @Param({"1"})
    public int m;

    /** Where the weights lie. */
    @Param({"CACHE", "MEMORY"})
    public Residence weights = Residence.CACHE;

    /** For JMH. */
    public Onnx() {}

    /** Opens sessions. */
    @Setup(Level.Trial)
    public void start() {
      start(format, m, weights);
    }

    /** Closes them. */
    @TearDown(Level.Trial)
    public void stop() {
      close();
    }
  }

  /** Jlama's product of the same weights. */
  @State(Scope.Benchmark)
  public static class Jlama extends JlamaWorkload {
    /** Weights; with int8 activations Jlama scales these in blocks of 32. */
    @Param({"int4:g32:sym @ int8:token", "int4:g32:sym", FLOATS})
    public String format = "";

    /** Tokens. */
    @Param("1")
    public int m;

    /** The Vector API or C. */
    @Param({"vector", "native"})
    public String kernel = "";

    /** Where the weights lie. */
    @Param({"CACHE", "MEMORY"})
    public Residence weights = Residence.CACHE;

    /** For JMH. */
    public Jlama() {}

    /** Makes tensors. */
    @Setup(Level.Trial)
    public void start() {
      start(format, m, kernel, weights);
    }
  }

  /**
   * The library's kernels.
   *
   * @param workload the kernels
   * @return the output
   */
  @Benchmark
  public float[] quantized(Quantized workload) {
    return workload.multiply();
  }

  /**
   * Kernels of trellis codes.
   *
   * @param workload the kernels
   * @return the output
   */
  @Benchmark
  public float[] trellis(Trellis workload) {
    return workload.multiply();
  }

  /**
   * The scalar oracle.
   *
   * @param workload the kernels
   * @return the output
   */
  @Benchmark
  public float[] scalarOracle(Scalar workload) {
    return workload.multiply();
  }

  /**
   * The f32 baseline.
   *
   * @param workload the kernels
   * @return the output
   */
  @Benchmark
  public float[] denseBaseline(Dense workload) {
    return workload.multiply();
  }

  /**
   * The native peer.
   *
   * @param workload the sessions
   * @return the output's memory
   */
  @Benchmark
  public Object onnxRuntime(Onnx workload) {
    return workload.multiply();
  }

  /**
   * The peer in Java.
   *
   * @param workload the tensors
   * @return the output
   */
  @Benchmark
  @Fork(
      value = 1,
      jvmArgsAppend = {
        "--add-modules",
        "jdk.incubator.vector",
        "--enable-native-access=ALL-UNNAMED",
        // Jlama sets this itself when it starts as a whole.
        "-Djdk.incubator.vector.VECTOR_ACCESS_OOB_CHECK=0",
        "-Xmx4g",
        "-XX:MaxDirectMemorySize=4g"
      })
  public Object jlama(Jlama workload) {
    return workload.multiply();
  }
}
