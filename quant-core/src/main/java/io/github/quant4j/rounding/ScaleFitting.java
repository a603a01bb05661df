// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.rounding;

import io.github.quant4j.matrix.Grid;
import io.github.quant4j.scheme.ScaleLayout;
import java.util.Arrays;

/**
 * Fits scales and zero points to codes: the exact minimum of the output error over all scales of a
 * row, as they can be stored.
 *
 * <p>For a slab of rows the products of levels with H are one matrix product for each column of
 * tiles. From these come the coefficients of a {@link ScaleSystem} for each band of rows that share
 * scales.
 */
final class ScaleFitting {
  private static final int ROWS_IN_SLAB = 2048;

  /** Tiles of a row whose scales are fitted together; more of them go one run after the other. */
  private static final int TILES_IN_RUN = 64;

  private static final long BYTES_OF_SYSTEMS = 1L << 26;

  /** The part of a band's error that rounding errors of its coefficients may make up. */
  private static final double NOISE = 0x1p-22;

  private final RoundingTask task;
  private final float[] moment;
  private final ScaleLayout layout;
  private final byte[] codes;
  private final boolean hasZeros;
  private double errorBefore;

  ScaleFitting(RoundingTask task, float[] moment, byte[] codes) {
    this.task = task;
    this.moment = moment;
    this.layout = task.grid().layout();
    this.codes = codes;
    this.hasZeros = task.grid().zeroPoints().isPresent();
  }

  /** {@code tr(E H E^T)} before anything was fitted. */
  double errorBefore() {
    return errorBefore;
  }

  /** The grid with the best scales that were found; the same one if there are no better ones. */
  Grid fit() {
    if (task.grid().scheme().blocks().isPresent()) {
      FittedBlocks blocks = FittedBlocks.of(task.grid());
      return fit(blocks) > 0 ? blocks.fitted() : task.grid();
    }
    FittedScales best = FittedScales.of(task.grid(), /* zerosMove= */ true);
    double decrease = fit(best);
    if (!best.areZerosStorable()) {
      best = FittedScales.of(task.grid(), /* zerosMove= */ false);
      decrease = fit(best);
    }
    if (!task.grid().scheme().scaleCodec().isIndependent()) {
      FittedScales other = best.withNewFrame();
      double otherDecrease = fit(other);
      if (otherDecrease > decrease && other.areZerosStorable()) {
        best = other;
        decrease = otherDecrease;
      }
    }
    return decrease > 0 ? best.fitted() : task.grid();
  }

  private double fit(TileScales scales) {
    int tiles = Math.min(TILES_IN_RUN, layout.scaleColumns());
    int bandRows = layout.blockRows();
    long bands = Math.max(1, BYTES_OF_SYSTEMS / ScaleSystem.bytes(tiles, hasZeros));
    int rows = (int) Math.min(bands, Math.max(1, ROWS_IN_SLAB / bandRows)) * bandRows;
    double decrease = 0;
    errorBefore = 0;
    for (int first = 0; first < layout.rows(); first += rows) {
      int count = Math.min(rows, layout.rows() - first);
      RefitSlab slab = new RefitSlab(task, moment, first, count, codes);
      double[] errors = slab.errors();
      errorBefore += Arrays.stream(errors).sum();
      for (int tile = 0; tile < layout.scaleColumns(); tile += TILES_IN_RUN) {
        int end = Math.min(layout.scaleColumns(), tile + TILES_IN_RUN);
        decrease += new Run(slab, tile, end).fit(scales, errors);
      }
    }
    return decrease;
  }

  /** Some consecutive tiles of each row of a slab. */
  private final class Run {
    final RefitSlab slab;
    final int firstTile;
    final int tiles;
    final int width;
    final int from;
    final int to;
    final ScaleSystem[] systems;

    Run(RefitSlab slab, int firstTile, int endTile) {
      this.slab = slab;
      this.firstTile = firstTile;
      this.tiles = endTile - firstTile;
      this.width = layout.blockColumns();
      this.from = firstTile * width;
      this.to = Math.min(layout.columns(), endTile * width);
      this.systems = new ScaleSystem[slab.bands()];
      Arrays.setAll(systems, band -> new ScaleSystem(tiles, hasZeros));
    }

    int left(int tile) {
      return from + tile * width;
    }

    int right(int tile) {
      return Math.min(to, left(tile) + width);
    }

    double fit(TileScales scales, double[] errors) {
      addProducts();
      if (hasZeros) {
        addOffsets();
      }
      slab.forLanes(this::addResiduals);
      double[] decreases = new double[systems.length];
      slab.forLanes(
          (lane, lanes) -> {
            int end = Math.ceilDiv(lane + lanes, slab.bandRows);
            for (int band = lane / slab.bandRows; band < end; band++) {
              int tile = (slab.first / slab.bandRows + band) * layout.scaleColumns() + firstTile;
              decreases[band] = scales.fit(systems[band], tile, NOISE * errors[band]);
            }
          });
      if (to < layout.columns()) {
        follow(scales);
      }
      return Arrays.stream(decreases).sum();
    }

    /** {@code c_a^T H c_b} of all pairs of tiles. */
    void addProducts() {
      float[] product = new float[slab.columns * slab.rows];
      for (int tile = 0; tile < tiles; tile++) {
        int b = tile;
        Arrays.fill(product, left(b) * slab.rows, to * slab.rows, 0f);
        slab.addProduct(left(b), to, left(b), right(b), slab.levels, 0, product);
        slab.forLanes(
            (lane, lanes) -> {
              for (int a = b; a < tiles; a++) {
                double[] sums = new double[lanes];
                for (int column = left(a); column < right(a); column++) {
                  addDots(slab.levels, product, column * slab.rows + lane, sums);
                }
                for (int r = 0; r < lanes; r++) {
                  systems[(lane + r) / slab.bandRows].addProduct(a, b, sums[r]);
                }
              }
            });
      }
    }

    /** {@code 1_a^T H c_b} and {@code 1_a^T H 1_b}. */
    void addOffsets() {
      double[][] sums = new double[tiles][layout.columns()];
      for (int a = 0; a < tiles; a++) {
        for (int k = left(a); k < right(a); k++) {
          for (int column = 0; column < layout.columns(); column++) {
            sums[a][column] += moment[k * layout.columns() + column];
          }
        }
      }
      slab.forLanes(
          (lane, lanes) -> {
            for (int b = 0; b < tiles; b++) {
              for (int a = 0; a < tiles; a++) {
                addOffset(lane, lanes, a, b, sums[a]);
              }
            }
          });
    }

    private void addOffset(int lane, int lanes, int a, int b, double[] factors) {
      double[] sums = new double[lanes];
      double ones = 0;
      for (int column = left(b); column < right(b); column++) {
        addScaled(factors[column], slab.levels, column * slab.rows + lane, sums);
        ones += factors[column];
      }
      for (int r = 0; r < lanes; r++) {
        ScaleSystem system = systems[(lane + r) / slab.bandRows];
        system.addProduct(system.offset(a), b, sums[r]);
        if (a <= b) {
          system.addProduct(system.offset(a), system.offset(b), ones);
        }
      }
    }

    void addResiduals(int lane, int lanes) {
      for (int a = 0; a < tiles; a++) {
        double[] ofLevels = new double[lanes];
        double[] ofOnes = new double[lanes];
        for (int column = left(a); column < right(a); column++) {
          int at = column * slab.rows + lane;
          addDots(slab.levels, slab.gradient, at, ofLevels);
          addScaled(1, slab.gradient, at, ofOnes);
        }
        for (int r = 0; r < lanes; r++) {
          ScaleSystem system = systems[(lane + r) / slab.bandRows];
          system.addResidual(a, -ofLevels[r]);
          if (hasZeros) {
            system.addResidual(system.offset(a), -ofOnes[r]);
          }
        }
      }
    }

    /** The gradient follows what the run has changed. */
    void follow(TileScales scales) {
      float[] steps = new float[(to - from) * slab.rows];
      slab.forLanes(
          (lane, lanes) -> {
            for (int r = lane; r < lane + lanes; r++) {
              for (int column = from; column < to; column++) {
                int tile = layout.index(slab.first + r, column);
                int at = column * slab.rows + r;
                double level = slab.levels[at];
                double before = task.grid().scale(tile) * (level - task.grid().zeroPoint(tile));
                double after = scales.scale(tile) * (level - scales.zero(tile));
                steps[(column - from) * slab.rows + r] = (float) (after - before);
              }
            }
          });
      slab.addProduct(0, layout.columns(), from, to, steps, from, slab.gradient);
    }
  }

  private static void addDots(float[] a, float[] b, int at, double[] sums) {
    for (int r = 0; r < sums.length; r++) {
      sums[r] += (double) a[at + r] * b[at + r];
    }
  }

  private static void addScaled(double factor, float[] values, int at, double[] sums) {
    for (int r = 0; r < sums.length; r++) {
      sums[r] += factor * values[at + r];
    }
  }
}
