// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector.trellis;

import io.github.quant4j.format.TrellisCode;
import io.github.quant4j.kernel.KernelOptions;
import io.github.quant4j.kernel.PartitionedKernel;
import io.github.quant4j.kernel.PreparedInput;
import io.github.quant4j.kernels.vector.dense.PanelProduct;
import io.github.quant4j.kernels.vector.dense.TokenPanels;
import io.github.quant4j.kernels.vector.machine.Lanes;
import io.github.quant4j.matrix.TrellisMatrix;
import io.github.quant4j.parallel.ScratchPool;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Trellis-coded weights times float activations.
 *
 * <p>With vectors of 512 bits, sums of four activations are looked up for a few tokens, so that no
 * weight is ever decoded; otherwise, and for many tokens, panels of decoded weights are shared by
 * all of them. Error bounds: many tokens as for dense weights; few tokens {@code in / 4 + 12}
 * roundings of {@code s sum |x| sum_p magnitude_p}, where {@code s} is the row's scale.
 */
public final class TrellisFloatKernel extends PartitionedKernel {
  /** Multiply-adds below which it does not pay to wake a thread. */
  private static final long SEQUENTIAL_WORK = 1 << 20;

  private static final int LEAST_PLANES = 3;
  private static final int SUMS = 2 * TrellisTables.SIZE;

  private final TrellisMatrix matrix;
  private final @Nullable TrellisStreams streams;
  private final TrellisPanels panels;
  private final float[] scales;

  /** What planes count, for each loop over some of them. */
  private final float[][] counts;

  private final TrellisTables.Pool few;
  private final TokenPanels.Pool many;

  /**
   * Packs a matrix.
   *
   * @param matrix the weights
   * @param options threads and scratch memory
   */
  public TrellisFloatKernel(TrellisMatrix matrix, KernelOptions options) {
    super(matrix.columns(), matrix.rows(), options);
    this.matrix = matrix;
    this.streams = looksUp(matrix.code()) ? new TrellisStreams(matrix, options.team()) : null;
    this.panels = new TrellisPanels(matrix, streams, options.scratch());
    this.scales = matrix.scales();
    List<PlaneGroup> groups = PlaneGroup.of(matrix.code());
    this.counts = new float[groups.size()][];
    for (int g = 0; g < counts.length; g++) {
      counts[g] = new float[groups.get(g).planes()];
      for (int p = 0; p < counts[g].length; p++) {
        counts[g][p] = matrix.code().planes().get(groups.get(g).first() + p).magnitude();
      }
    }
    this.few = new TrellisTables.Pool(matrix.columns(), matrix.words(), options.scratch());
    this.many = new TokenPanels.Pool(options.scratch());
  }

  /** Whether there are loops that look signs up. */
  private static boolean looksUp(TrellisCode code) {
    int planes = code.planes().size();
    return Lanes.FLOATS == TrellisTables.SIZE
        && planes >= LEAST_PLANES
        && TrellisStreams.supports(code);
  }

  private record Kind(int inFeatures, boolean tables) {}

  @Override
  protected Object inputKind() {
    return new Kind(inFeatures(), streams != null);
  }

  @Override
  protected int batchSize() {
    return PanelProduct.BATCH;
  }

  private boolean isFew(int tokens) {
    return streams != null && tokens <= TrellisTables.MOST;
  }

  @Override
  protected PreparedInput bind(float[] x, int xOffset, int tokens) {
    return isFew(tokens)
        ? few.bind(x, xOffset, tokens)
        : many.bind(x, xOffset, tokens, inFeatures());
  }

  @Override
  protected int partCount(int tokens) {
    return (long) tokens * inFeatures() * outFeatures() < SEQUENTIAL_WORK ? 1 : units(tokens);
  }

  private int units(int tokens) {
    return isFew(tokens) ? matrix.panels() : PanelProduct.partCount(outFeatures());
  }

  @Override
  protected void multiplyPart(PreparedInput input, int tokens, int part, float[] y, int yOffset) {
    int to = partCount(tokens) == 1 ? units(tokens) : part + 1;
    ScratchPool scratch = options().scratch();
    for (int unit = part; unit < to; unit++) {
      if (input instanceof TokenPanels packed) {
        PanelProduct.multiplyPart(
            panels, inFeatures(), outFeatures(), packed, tokens, unit, y, yOffset, scratch);
      } else if (streams != null) {
        lookUp(streams, (TrellisTables) input, tokens, unit, y, yOffset, scratch);
      }
    }
  }

  private void lookUp(
      TrellisStreams packed,
      TrellisTables input,
      int tokens,
      int panel,
      float[] y,
      int yOffset,
      ScratchPool scratch) {
    float[] sums = scratch.floats(SUMS);
    for (int t = 0; t < tokens; t++) {
      for (int vector = 0; vector < TrellisStreams.VECTORS; vector++) {
        int to = yOffset + t * outFeatures();
        for (int group = 0; group < counts.length; group++) {
          lookUp(packed, panel, vector, group, input.tables(), input.at(t), sums);
          store(packed, panel, vector, group == 0, sums, y, to);
        }
      }
    }
    scratch.release(sums);
  }

  private void lookUp(
      TrellisStreams packed,
      int panel,
      int vector,
      int group,
      float[] tables,
      int table,
      float[] sums) {
    MemorySegment data = packed.data();
    long at = packed.at(panel);
    long step = TrellisStreams.WORD_BYTES;
    long[] taps = packed.tapsOf(vector, group);
    float[] weights = counts[group];
    int words = matrix.words();
    switch (weights.length) {
      case 3 -> FewPlaneLoops.three(data, at, step, taps, tables, table, words, weights, sums, 0);
      case 4 -> FewPlaneLoops.four(data, at, step, taps, tables, table, words, weights, sums, 0);
      case 5 -> ManyPlaneLoops.five(data, at, step, taps, tables, table, words, weights, sums, 0);
      default -> ManyPlaneLoops.six(data, at, step, taps, tables, table, words, weights, sums, 0);
    }
  }

  private void store(
      TrellisStreams packed,
      int panel,
      int vector,
      boolean isFirst,
      float[] sums,
      float[] y,
      int to) {
    int half = TrellisTables.SIZE;
    for (int lane = 0; lane < TrellisStreams.LANES; lane++) {
      int row = packed.row(panel, vector, lane);
      if (row >= 0 && row < scales.length) {
        float product = sums[lane % 2 * half + lane / 2] * scales[row];
        y[to + row] = isFirst ? product : y[to + row] + product;
      }
    }
  }

  @Override
  public String describe() {
    return "vector "
        + matrix
        + (streams == null ? " by decoded panels" : " by table lookup")
        + ", float activations, "
        + Lanes.BITS
        + "-bit vectors";
  }
}
