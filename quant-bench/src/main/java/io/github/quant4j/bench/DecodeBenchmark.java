// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.bench;

import io.github.quant4j.generate.DecodingSession;
import io.github.quant4j.generate.Sampling;
import io.github.quant4j.generate.TokenSampler;
import io.github.quant4j.kernel.KernelOptions;
import io.github.quant4j.model.LanguageModel;
import io.github.quant4j.model.config.ModelOptions;
import io.github.quant4j.model.config.WeightPlacement;
import io.github.quant4j.parallel.WorkerTeam;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
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
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Tokens per second of a model that writes one text, end to end: embedding, all layers, attention
 * over what was written, the head, and a draw of the next token.
 *
 * <p>The model is larger than the caches in every format, so that weights come from memory as those
 * of a real model do.
 */
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 10, time = 1)
@Fork(
    value = 1,
    jvmArgsAppend = {
      "--add-modules",
      "jdk.incubator.vector",
      "--enable-native-access=ALL-UNNAMED",
      "-Xmx6g"
    })
public class DecodeBenchmark {
  /** For JMH. */
  public DecodeBenchmark() {}

  /** A text that is being written. */
  @State(Scope.Benchmark)
  public static class Writing {
    private static final int CAPACITY = 1024;
    private static final Duration WARM_UP = Duration.ofSeconds(60);

    /** Weights, and after an {@code @} the activations. */
    @Param({
      SyntheticModel.FULL_PRECISION,
      "int8:g128:sym @ int8:token",
      "int4:g128:sym @ int8:token",
      "int4:g128:sym",
      "int2:g128:sym @ int8:token"
    })
    public String format = "";

    /** Decoder blocks. */
    @Param("4")
    public int layers;

    /** Tokens that are there when an iteration begins. */
    @Param("128")
    public int context;

    /** Threads in all. */
    @Param({"1", "2"})
    public int threads;

    /** Which provider. */
    @Param("auto")
    public String kernel = "";

    private final TokenSampler sampler = new TokenSampler(Sampling.random(CAPACITY, 1));
    private final int[][] next = {new int[1]};
    private @Nullable LanguageModel model;
    private @Nullable DecodingSession session;
    private float[] logits = {};

    /** For JMH. */
    public Writing() {}

    /** Makes the model. */
    @Setup(Level.Trial)
    public void open() {
      KernelOptions kernels = new KernelOptions(kernel, WorkerTeam.ofThreads(threads));
      LanguageModel opened =
          SyntheticModel.open(format, layers, new ModelOptions(kernels, WeightPlacement.HEAP));
      if (!opened.warmUp(WARM_UP)) {
        System.out.println("# not compiled after " + WARM_UP);
      }
      model = opened;
    }

    /** Begins a text, so that all iterations attend to as much. */
    @Setup(Level.Iteration)
    public void begin() {
      DecodingSession begun = Objects.requireNonNull(model).decode(1, CAPACITY);
      logits = begun.append(new int[][] {new int[context]});
      session = begun;
    }

    float[] step() {
      if (Objects.requireNonNull(session).length(0) == CAPACITY) {
        begin();
      }
      next[0][0] = sampler.next(logits, 0, logits.length);
      logits = Objects.requireNonNull(session).append(next);
      return logits;
    }

    /** Closes the model. */
    @TearDown(Level.Trial)
    public void close() {
      Objects.requireNonNull(model).close();
    }
  }

  /**
   * Draws a token and predicts the next one.
   *
   * @param writing the text
   * @return the prediction
   */
  @Benchmark
  public float[] write(Writing writing) {
    return writing.step();
  }
}
