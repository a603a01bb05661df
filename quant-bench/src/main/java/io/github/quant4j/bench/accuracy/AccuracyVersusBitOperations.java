// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.bench.accuracy;

import io.github.quant4j.generate.DecodingSession;
import io.github.quant4j.generate.Sampling;
import io.github.quant4j.generate.TokenSampler;
import io.github.quant4j.study.PredictionEvaluator;
import io.github.quant4j.study.RecipeStudy;
import java.io.IOException;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.infra.IterationParams;
import org.openjdk.jmh.runner.IterationType;

/**
 * What a recipe does to a language model: measured milliseconds of a decoded token and of a prefill
 * as primary results, and as secondary ones its perplexity, KL from the original and top-1
 * agreement on a text, its bits per weight, bit operations and traffic of a token, and bytes.
 *
 * <p>{@link AccuracyReport} makes a table and pictures of the result file ({@code -rf json}).
 * Quantized models and what was measured of them are kept, so that each recipe is quantized once.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 2, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
    value = 1,
    jvmArgsAppend = {
      "--add-modules",
      "jdk.incubator.vector",
      "--enable-native-access=ALL-UNNAMED",
      "-Xmx4g"
    })
public class AccuracyVersusBitOperations {
  private static final int TOKENS = 64;

  /** For JMH. */
  public AccuracyVersusBitOperations() {}

  /** A model that was quantized. */
  @State(Scope.Benchmark)
  public static class Quantized {
    private static final Duration WARM_UP = Duration.ofSeconds(30);

    /**
     * A recipe, the name of a published one, {@code original}, or a line of a file, such as {@code
     * docs/recipes.txt:12}.
     */
    @Param({
      RecipeParameter.ORIGINAL,
      "int8:channel:sym rtn",
      "smooth(0.5) | int8:channel:sym rtn @ int8:token:sym",
      "int4:g64:sym rtn",
      "int4:g64:asym gptq(act-order)",
      "hadamard | int4:g64:sym gptq @ int8:token:sym",
      "mxfp4 rtn",
      "nvfp4 gptq",
      "int3:g64:asym rtn",
      "int3:g64:asym gptq(act-order)>cd(6)",
      "int2:g64:asym gptq(act-order)>cd(6)"
    })
    public String recipe = "";

    /** A model directory; the bundled model if it is empty. */
    @Param("")
    public String model = "";

    /** A text file; the bundled text if it is empty. */
    @Param("")
    public String text = "";

    /** Tokens of a window of the text. */
    @Param("256")
    public int context;

    /** Windows of calibration text, which the model writes itself. */
    @Param("64")
    public int samples;

    /** Tokens of a prefill, and those before the first that is decoded. */
    @Param("128")
    public int prompt;

    /** Threads in all. */
    @Param("1")
    public int threads;

    /** Where quantized models are kept; in the repository's target folder if it is empty. */
    @Param("")
    public String cache = "";

    private @Nullable QuantizedTrial trial;
    private int[][] prefix = {};

    /** For JMH. */
    public Quantized() {}

    /**
     * Quantizes, or finds what was quantized before.
     *
     * @throws IOException if a file cannot be read or written
     */
    @Setup(Level.Trial)
    public void open() throws IOException {
      QuantizedTrial prepared =
          QuantizedTrial.prepare(
              RecipeParameter.recipe(recipe),
              RepositoryFiles.model(model),
              RepositoryFiles.text(text),
              context,
              samples,
              threads,
              RepositoryFiles.cache(cache));
      trial = prepared;
      int positions = prepared.model().maximumPositions();
      if (prompt < 1 || prompt + TOKENS > positions) {
        throw new IllegalArgumentException(
            "prompt: "
                + prompt
                + " tokens, expected 1 to "
                + (positions - TOKENS)
                + ", the model's positions less those that are decoded");
      }
      prefix = new int[][] {prepared.prompt(prompt)};
      if (!prepared.model().warmUp(WARM_UP)) {
        System.out.println("# not compiled after " + WARM_UP);
      }
    }

    QuantizedTrial trial() {
      return Objects.requireNonNull(trial);
    }

    DecodingSession begin() {
      return trial().model().decode(1, prompt + TOKENS);
    }

    /** Closes the model. */
    @TearDown(Level.Trial)
    public void close() {
      if (trial != null) {
        trial.close();
      }
    }
  }

  /** A text that is being written. */
  @State(Scope.Thread)
  public static class Writing {
    private final TokenSampler sampler = new TokenSampler(Sampling.random(TOKENS, 1));
    private final int[][] next = {new int[1]};
    private @Nullable DecodingSession session;
    private float[] logits = {};

    /** For JMH. */
    public Writing() {}

    /**
     * Reads the prompt, so that all calls attend to as much.
     *
     * @param quantized the model
     */
    @Setup(Level.Invocation)
    public void begin(Quantized quantized) {
      DecodingSession begun = quantized.begin();
      logits = begun.append(quantized.prefix);
      session = begun;
    }

    float[] write() {
      DecodingSession writing = Objects.requireNonNull(session);
      for (int i = 0; i < TOKENS; i++) {
        next[0][0] = sampler.next(logits, 0, logits.length);
        logits = writing.append(next);
      }
      return logits;
    }
  }

  /**
   * What does not change from one call to the next. JMH adds the counters of a run's iterations,
   * forks and threads up, so that each number is given once and 0 otherwise.
   */
  @State(Scope.Thread)
  @AuxCounters(AuxCounters.Type.EVENTS)
  public static class Quality {
    private RecipeStudy.@Nullable Row row;
    private boolean isGiven;
    private double share;

    /** For JMH. */
    public Quality() {}

    /**
     * Gives the numbers with the first measured iteration.
     *
     * @param quantized the model
     * @param run of how many forks and threads
     * @param iteration whether it is measured
     */
    @Setup(Level.Iteration)
    public void take(Quantized quantized, BenchmarkParams run, IterationParams iteration) {
      row = quantized.trial().row();
      boolean isFirst = iteration.getType() == IterationType.MEASUREMENT && !isGiven;
      isGiven |= isFirst;
      share = isFirst ? 1.0 / ((double) Math.max(1, run.getForks()) * run.getThreads()) : 0;
    }

    private RecipeStudy.Row row() {
      return Objects.requireNonNull(row);
    }

    /**
     * Perplexity of the text.
     *
     * @return as {@code ./quant eval} gives it
     */
    public double perplexity() {
      return share * row().value(PredictionEvaluator.PERPLEXITY);
    }

    /**
     * Mean KL from the original's predictions.
     *
     * @return in nats
     */
    public double kl() {
      return share * row().value(PredictionEvaluator.KL);
    }

    /**
     * Share of positions with the same likeliest token as the original.
     *
     * @return from 0 to 1
     */
    public double top1() {
      return share * row().value(PredictionEvaluator.TOP_1);
    }

    /**
     * Effective width of the quantized layers.
     *
     * @return bits
     */
    public double bitsPerWeight() {
      return share * row().bitsPerWeight();
    }

    /**
     * Multiply-adds of a token times the widths of weights and activations.
     *
     * @return of all layers within blocks
     */
    public double bitOperations() {
      return share * row().operations().product();
    }

    /**
     * The form that counts adders too (Baskin et al., arXiv:1804.10969).
     *
     * @return of all layers within blocks
     */
    public double bitOperationsWithAdders() {
      return share * row().operations().withAdders();
    }

    /**
     * What a token after 255 others moves between memory and processor, of everything.
     *
     * @return bytes
     */
    public double trafficBytes() {
      return share * row().trafficBytes();
    }

    /**
     * Size of the model's files.
     *
     * @return bytes
     */
    public double modelBytes() {
      return share * (double) row().bytes();
    }
  }

  /**
   * Writes tokens after a prompt.
   *
   * @param quantized the model
   * @param writing the text
   * @param quality gives the secondary results
   * @return the last prediction
   */
  @Benchmark
  @OperationsPerInvocation(TOKENS)
  public float[] decode(Quantized quantized, Writing writing, Quality quality) {
    return writing.write();
  }

  /**
   * Reads a prompt.
   *
   * @param quantized the model
   * @param quality gives the secondary results
   * @return the prediction after it
   */
  @Benchmark
  public float[] prefill(Quantized quantized, Quality quality) {
    return quantized.begin().append(quantized.prefix);
  }
}
