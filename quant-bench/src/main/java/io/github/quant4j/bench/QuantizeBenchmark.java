// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.bench;

import io.github.quant4j.bench.workload.LayerFormat;
import io.github.quant4j.kernel.KernelOptions;
import io.github.quant4j.linalg.Compute;
import io.github.quant4j.linalg.LdlFactorization;
import io.github.quant4j.linalg.MatrixView;
import io.github.quant4j.matrix.Grid;
import io.github.quant4j.parallel.WorkerTeam;
import io.github.quant4j.rounding.GptqRounding;
import io.github.quant4j.rounding.RoundingResult;
import io.github.quant4j.rounding.RoundingTask;
import io.github.quant4j.scheme.QuantScheme;
import io.github.quant4j.search.FitTask;
import io.github.quant4j.search.MinMaxSearch;
import io.github.quant4j.statistic.Gram;
import io.github.quant4j.tensor.FloatMatrix;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** What GPTQ of one layer costs, whole and in its parts. */
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 3)
@Measurement(iterations = 7)
@Fork(
    value = 1,
    jvmArgsAppend = {"--add-modules", "jdk.incubator.vector", "-Xmx6g"})
public class QuantizeBenchmark {
  /** Columns of a block of GPTQ, as its defaults have it. */
  private static final int BLOCK = 128;

  /** Rows that share the memory for the feedback. */
  private static final int SLAB = 2048;

  /** For JMH. */
  public QuantizeBenchmark() {}

  /** A layer with the second moment of its inputs. */
  @State(Scope.Benchmark)
  public static class Layer {
    /** Weights. */
    @Param("int4:g128:sym")
    public String format = "";

    /** Outputs and inputs. */
    @Param("4096")
    public int n;

    /** Threads in all. */
    @Param({"1", "2"})
    public int threads;

    /** Which provider. */
    @Param({"auto", "scalar"})
    public String kernel = "";

    private Compute compute = KernelOptions.defaults().compute();
    private FloatMatrix inputs = FloatMatrix.zeros(1, 1);
    private FloatMatrix damped = FloatMatrix.zeros(1, 1);
    private float[] moment = {};
    private float[] factor = {};
    private float[] feedback = {};
    private float[] errors = {};
    private RoundingTask task =
        new RoundingTask(
            damped, grid(damped, "int4:channel:sym", compute), null, new MinMaxSearch(), compute);

    /** For JMH. */
    public Layer() {}

    private static Grid grid(FloatMatrix weights, String scheme, Compute compute) {
      QuantScheme parsed = QuantScheme.parse(scheme);
      return new MinMaxSearch().fit(new FitTask(weights, parsed, null, compute), parsed.format());
    }

    /** Makes the layer. */
    @Setup(Level.Trial)
    public void start() {
      compute = new KernelOptions(kernel, WorkerTeam.ofThreads(threads)).compute();
      System.out.println("# " + compute.algebra().name());
      inputs = FloatMatrix.wrap(2 * n, n, LayerFormat.gaussians(2L * n * n));
      moment = new float[n * n];
      FloatMatrix weights = FloatMatrix.wrap(n, n, LayerFormat.gaussians((long) n * n));
      Gram gram = Gram.of(inputs, compute);
      damped = FloatMatrix.wrap(n, n, gram.values().clone());
      for (int i = 0; i < n; i++) {
        damped.data()[i * n + i] *= 1.01f;
      }
      factor = LdlFactorization.of(damped, compute).orElseThrow().transposedFactor();
      feedback = new float[n * Math.min(SLAB, n)];
      errors = new float[BLOCK * Math.min(SLAB, n)];
      Grid grid = grid(weights, format, compute);
      task = new RoundingTask(weights, grid, gram, new MinMaxSearch(), compute);
    }
  }

  /**
   * The second moment of twice as many tokens as there are inputs.
   *
   * @param layer the layer
   * @return the moment
   */
  @Benchmark
  public float[] gram(Layer layer) {
    layer.compute.addGram(
        MatrixView.of(layer.inputs), MatrixView.dense(layer.moment, layer.n, layer.n));
    return layer.moment;
  }

  /**
   * The factor of the second moment.
   *
   * @param layer the layer
   * @return the factor
   */
  @Benchmark
  public LdlFactorization factorization(Layer layer) {
    return LdlFactorization.of(layer.damped, layer.compute).orElseThrow();
  }

  /**
   * The matrix products that carry errors from block to block.
   *
   * @param layer the layer
   * @return the feedback
   */
  @Benchmark
  public float[] trailingUpdates(Layer layer) {
    int n = layer.n;
    int rows = Math.min(SLAB, n);
    for (int first = 0; first < n; first += rows) {
      for (int low = n - BLOCK; low > 0; low -= BLOCK) {
        layer.compute.multiplyAdd(
            1,
            new MatrixView(layer.factor, low, low, BLOCK, n),
            MatrixView.dense(layer.errors, BLOCK, rows),
            MatrixView.dense(layer.feedback, low, rows));
      }
    }
    return layer.feedback;
  }

  /**
   * GPTQ with its defaults, given the second moment: factorisation, rounding and updates.
   *
   * @param layer the layer
   * @return the codes
   */
  @Benchmark
  public RoundingResult gptq(Layer layer) {
    return GptqRounding.defaults().round(layer.task, null);
  }
}
