// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.bench;

import io.github.quant4j.bench.workload.LayerFormat;
import io.github.quant4j.kernel.KernelOptions;
import io.github.quant4j.linalg.Compute;
import io.github.quant4j.linalg.HadamardMatrices;
import io.github.quant4j.linalg.HadamardRotation;
import io.github.quant4j.parallel.WorkerTeam;
import io.github.quant4j.tensor.FloatMatrix;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What online rotations cost: Hadamard and Kronecker products of tokens.
 *
 * <p>A call takes microseconds, so that only time tells when the compiler is done: the warm-up is
 * longer than that of kernels, which warm up by themselves.
 */
@Warmup(iterations = 16, time = 500, timeUnit = TimeUnit.MILLISECONDS)
public class TransformBenchmark extends KernelBenchmark {
  /** For JMH. */
  public TransformBenchmark() {}

  /** Tokens and what is done to them. */
  @State(Scope.Benchmark)
  public static class Tokens {
    /** Channels; 11008 and 14336 are no powers of two. */
    @Param({"4096", "11008", "14336"})
    public int n;

    /** Tokens. */
    @Param({"1", "16"})
    public int m;

    /** Threads in all. */
    @Param("1")
    public int threads;

    /** Which provider. */
    @Param({"auto", "scalar"})
    public String kernel = "";

    private Compute compute = KernelOptions.defaults().compute();
    private HadamardRotation rotation = HadamardRotation.of(1, 1, new float[] {1f});
    private FloatMatrix first = FloatMatrix.zeros(1, 1);
    private FloatMatrix second = FloatMatrix.zeros(1, 1);
    private float[] x = {};
    private float[] y = {};

    /** For JMH. */
    public Tokens() {}

    /** Makes the inputs. */
    @Setup(Level.Trial)
    public void start() {
      compute = new KernelOptions(kernel, WorkerTeam.ofThreads(threads)).compute();
      float[] signs = new float[n];
      Arrays.fill(signs, 1f);
      rotation = HadamardRotation.of(n, HadamardMatrices.largestBlock(n), signs);
      int rows = (int) Math.sqrt(n);
      while (n % rows != 0) {
        rows--;
      }
      int columns = n / rows;
      first = FloatMatrix.wrap(rows, rows, LayerFormat.gaussians((long) rows * rows));
      second = FloatMatrix.wrap(columns, columns, LayerFormat.gaussians((long) columns * columns));
      x = LayerFormat.gaussians((long) m * n);
      y = new float[m * n];
    }
  }

  /** Tokens for the loop that everything is compared with. */
  @State(Scope.Benchmark)
  public static class PlainTokens {
    /** Channels, a power of two. */
    @Param("4096")
    public int n;

    /** Tokens. */
    @Param({"1", "16"})
    public int m;

    private float[] x = {};
    private float[] y = {};

    /** For JMH. */
    public PlainTokens() {}

    /** Makes the inputs. */
    @Setup(Level.Trial)
    public void start() {
      x = LayerFormat.gaussians((long) m * n);
      y = new float[m * n];
    }
  }

  /**
   * A rotation by the largest Hadamard matrix there is.
   *
   * @param tokens the tokens
   * @return the rotated tokens
   */
  @Benchmark
  public float[] hadamard(Tokens tokens) {
    tokens
        .compute
        .algebra()
        .rotate(tokens.rotation, tokens.m, tokens.x, 0, tokens.y, 0, tokens.compute.team());
    return tokens.y;
  }

  /**
   * The textbook's loop, in place, without signs and factor.
   *
   * @param tokens the tokens
   * @return the transformed tokens
   */
  @Benchmark
  public float[] plainHadamardLoop(PlainTokens tokens) {
    float[] y = tokens.y;
    // From fresh inputs, or the values would grow beyond all bounds.
    System.arraycopy(tokens.x, 0, y, 0, y.length);
    for (int start = 0; start < y.length; start += tokens.n) {
      for (int half = 1; half < tokens.n; half *= 2) {
        for (int i = start; i < start + tokens.n; i += 2 * half) {
          for (int j = i; j < i + half; j++) {
            float a = y[j];
            float b = y[j + half];
            y[j] = a + b;
            y[j + half] = a - b;
          }
        }
      }
    }
    return y;
  }

  /**
   * A product with a Kronecker product of two matrices as equal in size as can be.
   *
   * @param tokens the tokens
   * @return the transformed tokens
   */
  @Benchmark
  public float[] kronecker(Tokens tokens) {
    tokens
        .compute
        .algebra()
        .multiplyKronecker(
            tokens.m, tokens.first, tokens.second, tokens.x, 0, tokens.y, 0, tokens.compute.team());
    return tokens.y;
  }
}
