// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.search;

import io.github.quant4j.matrix.BlockGrid;
import io.github.quant4j.matrix.Grid;
import io.github.quant4j.scheme.BlockScaleCodec;
import io.github.quant4j.scheme.BlockScales;
import io.github.quant4j.scheme.ScaleLayout;
import io.github.quant4j.statistic.Gram;
import java.util.Arrays;
import java.util.List;

/**
 * Fits the scales and offsets of blocks of ggml, whatever the search: {@code minmax} covers the
 * range of each tile, {@code mse} minimises the squared error of the weights and {@code clip} that
 * error weighted by the power of the inputs.
 *
 * <p>The last two try ranges as they do for other grids, fit scale and offset of a tile to the
 * levels by least squares, and settle the scale and the least value of a block and the integers of
 * its tiles in turn. Cost: some 20 roundings of a weight for each candidate range.
 */
final class BlockFitting {
  private static final int ROWS_IN_PART = 4;

  /** The part of its mean that is added to the power of each input. */
  private static final double DAMPING = 0.01;

  private final FitTask task;
  private final BlockScaleCodec codec;
  private final ScaleLayout layout;
  private final List<Shrink> candidates;
  private final boolean fits;
  private final double[] power;
  private final float[] scales;
  private final float[] leasts;
  private final byte[] scaleCodes;
  private final byte[] offsetCodes;

  private BlockFitting(
      FitTask task, BlockScaleCodec codec, List<Shrink> candidates, boolean fits, double[] power) {
    this.task = task;
    this.codec = codec;
    this.layout = codec.layout(task.weights().rows(), task.weights().columns());
    this.candidates = candidates;
    this.fits = fits;
    this.power = power;
    int tiles = layout.count();
    int blocks = tiles / codec.tilesInBlock();
    this.scales = new float[blocks];
    this.leasts = new float[codec.hasOffsets() ? blocks : 0];
    this.scaleCodes = new byte[tiles];
    this.offsetCodes = new byte[codec.hasOffsets() ? tiles : 0];
  }

  static Grid fit(ScaleSearch search, FitTask task, BlockScaleCodec codec) {
    double[] even = new double[task.weights().columns()];
    Arrays.fill(even, 1);
    BlockFitting fitting =
        switch (search) {
          case MinMaxSearch _ ->
              new BlockFitting(task, codec, List.of(new Shrink(1, 1)), false, even);
          case MeanSquaredErrorSearch(double exponent, int steps, double shrink)
              when exponent == 2 ->
              new BlockFitting(task, codec, Shrink.both(steps, shrink), true, even);
          case ClipSearch clip ->
              new BlockFitting(task, codec, candidates(clip, codec), true, power(clip, task, even));
          default ->
              throw new IllegalArgumentException(
                  search.label()
                      + ": expected minmax, mse or clip to fit the scales of "
                      + codec.label());
        };
    return fitting.fit();
  }

  private static List<Shrink> candidates(ClipSearch clip, BlockScaleCodec codec) {
    return clip.asymmetric() && codec.hasOffsets()
        ? Shrink.each(clip.steps(), clip.shrink())
        : Shrink.both(clip.steps(), clip.shrink());
  }

  /** The power of inputs, or the same for all where it is not known. */
  private static double[] power(ClipSearch clip, FitTask task, double[] even) {
    Gram gram = FormatFitting.usable(task.requireGram(clip.label()));
    if (gram == null) {
      return even;
    }
    float[] diagonal = gram.diagonal();
    double[] power = new double[diagonal.length];
    double mean = 0;
    for (float value : diagonal) {
      mean += value / (double) diagonal.length;
    }
    for (int i = 0; i < power.length; i++) {
      power[i] = (diagonal[i] + DAMPING * mean) / mean;
    }
    return power;
  }

  private Grid fit() {
    task.compute()
        .team()
        .run(
            Math.ceilDiv(layout.rows(), ROWS_IN_PART),
            part -> {
              BlockSearch search = new BlockSearch(codec, candidates, fits);
              int end = Math.min(layout.rows(), (part + 1) * ROWS_IN_PART);
              for (int row = part * ROWS_IN_PART; row < end; row++) {
                fitRow(row, search);
              }
            });
    return BlockGrid.of(new BlockScales(codec, layout, scales, leasts, scaleCodes, offsetCodes));
  }

  private void fitRow(int row, BlockSearch search) {
    int columns = layout.columns();
    int size = codec.blocks().blockSize();
    int tiles = codec.tilesInBlock();
    for (int from = 0; from < columns; from += size) {
      for (int i = 0; i < size; i++) {
        int at = row * columns + from + i;
        boolean counts = !task.removed().get(at);
        search.put(i, counts ? task.weights().data()[at] : 0, counts ? power[from + i] : 0);
      }
      search.run();
      int block = (row * columns + from) / size;
      scales[block] = search.scale();
      for (int t = 0; t < tiles; t++) {
        scaleCodes[block * tiles + t] = (byte) search.scaleCode(t);
      }
      if (leasts.length > 0) {
        leasts[block] = search.least();
        for (int t = 0; t < tiles; t++) {
          offsetCodes[block * tiles + t] = (byte) search.offsetCode(t);
        }
      }
    }
  }
}
