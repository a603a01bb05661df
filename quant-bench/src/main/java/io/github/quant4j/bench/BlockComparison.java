// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.bench;

import io.github.quant4j.bench.workload.LayerFormat;
import io.github.quant4j.bench.workload.Residence;
import io.github.quant4j.block.BlockFormat;
import io.github.quant4j.kernel.KernelOptions;
import io.github.quant4j.kernel.Kernels;
import io.github.quant4j.kernel.LinearKernel;
import io.github.quant4j.matrix.BlockMatrix;
import io.github.quant4j.matrix.BlockQuantizer;
import io.github.quant4j.matrix.QuantizedMatrix;
import io.github.quant4j.parallel.WorkerTeam;
import io.github.quant4j.tensor.FloatMatrix;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * Times products with blocks of ggml against those with the library's own form of the same width,
 * call by call in turns, since the ratio of calls that follow each other is steady where speeds are
 * not.
 */
public final class BlockComparison {
  private static final int OPTIONS = 5;
  private static final int ROUNDS = 301;
  private static final double MICRO = 1e3;

  private BlockComparison() {}

  /**
   * Prints a Markdown table.
   *
   * @param args tokens, outputs, inputs, threads, {@code CACHE} or {@code MEMORY}, and pairs such
   *     as {@code Q4_0=int4:g32:sym}
   */
  public static void main(String[] args) {
    if (args.length <= OPTIONS) {
      throw new IllegalArgumentException(
          "expected TOKENS ROWS COLUMNS THREADS CACHE|MEMORY FORMAT=OWN..., found "
              + String.join(" ", args));
    }
    int tokens = Integer.parseInt(args[0]);
    int rows = Integer.parseInt(args[1]);
    int columns = Integer.parseInt(args[2]);
    WorkerTeam team = WorkerTeam.ofThreads(Integer.parseInt(args[3]));
    Residence residence = Residence.valueOf(args[4]);
    KernelOptions options = KernelOptions.defaults().withTeam(team);
    FloatMatrix weights =
        FloatMatrix.wrap(rows, columns, LayerFormat.gaussians((long) rows * columns));
    System.out.println("| blocks | own form | blocks, us | own, us | speed of blocks |");
    System.out.println("|---|---|---:|---:|---:|");
    for (String pair : Arrays.asList(args).subList(OPTIONS, args.length)) {
      String[] names = pair.split("=", 2);
      BlockFormat format = BlockFormat.find(names[0]).orElseThrow();
      BlockMatrix blocks = BlockQuantizer.quantize(format, weights, null, options.compute());
      LayerFormat own = LayerFormat.parse(names[1]);
      QuantizedMatrix matrix = own.randomMatrix(rows, columns);
      int count = residence.matrices(blocks.storageBits() / Byte.SIZE);
      Call first = new Call(count, () -> Kernels.forBlocks(blocks, options), tokens);
      Call second = new Call(count, () -> own.kernel(matrix, options), tokens);
      System.out.println(compare(pair, first, second));
    }
  }

  private static String compare(String pair, Call blocks, Call own) {
    double[] blockTimes = new double[ROUNDS];
    double[] ownTimes = new double[ROUNDS];
    double[] ratios = new double[ROUNDS];
    for (int r = -ROUNDS; r < ROUNDS; r++) {
      int round = Math.max(0, r);
      blockTimes[round] = blocks.micros();
      ownTimes[round] = own.micros();
      ratios[round] = ownTimes[round] / blockTimes[round];
    }
    return String.format(
        Locale.ROOT,
        "| %s | %.0f | %.0f | %.3f |",
        pair.replace("=", " | "),
        median(blockTimes),
        median(ownTimes),
        median(ratios));
  }

  private static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return sorted[sorted.length / 2];
  }

  /** Kernels that take turns. */
  private static final class Call {
    private final List<LinearKernel> kernels;
    private final float[] x;
    private final float[] y;
    private final int tokens;
    private int next;

    Call(int count, Supplier<LinearKernel> maker, int tokens) {
      this.kernels = Stream.generate(maker).limit(count).toList();
      LinearKernel first = kernels.getFirst();
      this.tokens = tokens;
      this.x = LayerFormat.gaussians((long) tokens * first.inFeatures());
      this.y = new float[tokens * first.outFeatures()];
      Kernels.warmUp(kernels.subList(0, 1), Duration.ofSeconds(30));
      System.out.println("<!-- " + count + " x " + first.describe() + " -->");
    }

    double micros() {
      LinearKernel kernel = kernels.get(next);
      next = (next + 1) % kernels.size();
      long begin = System.nanoTime();
      kernel.multiply(x, 0, tokens, y, 0);
      return (System.nanoTime() - begin) / MICRO;
    }
  }
}
