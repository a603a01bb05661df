// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.rounding;

import io.github.quant4j.format.IntegerFormat;
import io.github.quant4j.matrix.Grid;
import io.github.quant4j.scheme.GroupParameters;
import io.github.quant4j.scheme.ScaleFrame;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Scales and zero points of a grid while they are fitted to codes, and what they may become. */
final class FittedScales implements TileScales {
  final Grid grid;
  final ScaleFrame frame;

  /** Whether the frame gives the scales of the grid, so that they may stay as they are. */
  final boolean isOwnFrame;

  /** What zero points may be, or null if they stay. */
  final @Nullable IntegerFormat zeroFormat;

  final double[] scales;
  final double[] zeros;

  /** The best scales regardless of how they are stored. */
  final double[] wanted;

  private FittedScales(
      Grid grid,
      ScaleFrame frame,
      boolean isOwnFrame,
      @Nullable IntegerFormat zeroFormat,
      double[] wanted) {
    this.grid = grid;
    this.frame = frame;
    this.isOwnFrame = isOwnFrame;
    this.zeroFormat = zeroFormat;
    this.wanted = wanted;
    this.scales = new double[grid.layout().count()];
    this.zeros = new double[scales.length];
    Arrays.setAll(scales, grid::scale);
    Arrays.setAll(zeros, grid::zeroPoint);
  }

  /** What the scales of a grid share in their codec stays. */
  static FittedScales of(Grid grid, boolean zerosMove) {
    boolean isInteger = grid.scheme().format() instanceof IntegerFormat;
    IntegerFormat zeroFormat =
        zerosMove && isInteger && grid.zeroPoints().isPresent()
            ? (IntegerFormat) grid.scheme().format()
            : null;
    ScaleFrame own =
        grid.scheme()
            .scaleCodec()
            .frameOf(grid.scales(), grid.layout(), grid.palette().formats().getFirst());
    return new FittedScales(
        grid, own, /* isOwnFrame= */ true, zeroFormat, new double[grid.layout().count()]);
  }

  /** What scales share is chosen for those that were wanted. */
  FittedScales withNewFrame() {
    ScaleFrame changed =
        grid.scheme()
            .scaleCodec()
            .frame(wanted, grid.layout(), grid.palette().formats().getFirst());
    return new FittedScales(grid, changed, /* isOwnFrame= */ false, zeroFormat, wanted.clone());
  }

  /** Whether a scale or zero point is another than that of the grid. */
  boolean isChanged() {
    for (int tile = 0; tile < scales.length; tile++) {
      if (scales[tile] != grid.scale(tile) || zeros[tile] != grid.zeroPoint(tile)) {
        return true;
      }
    }
    return false;
  }

  /** Whether zero points are stored as they are. */
  boolean areZerosStorable() {
    return zeroFormat == null || Arrays.equals(stored(zeroFormat).values(), zeroValues());
  }

  private float[] zeroValues() {
    float[] values = new float[zeros.length];
    for (int i = 0; i < values.length; i++) {
      // Adding zero makes negative zero positive, as it is once it was stored.
      values[i] = (float) zeros[i] + 0f;
    }
    return values;
  }

  private GroupParameters stored(IntegerFormat format) {
    return grid.scheme().scaleCodec().encodeZeroPoints(zeroValues(), grid.layout(), format);
  }

  @Override
  public double scale(int tile) {
    return scales[tile];
  }

  @Override
  public double zero(int tile) {
    return zeros[tile];
  }

  @Override
  public double fit(ScaleSystem system, int first, double least) {
    return system.fit(this, first, least);
  }

  /** The grid of the fitted scales and zero points. */
  @Override
  public Grid fitted() {
    return new Grid(
        grid.scheme(),
        grid.layout(),
        grid.palette(),
        frame.encode(scales),
        zeroFormat == null ? grid.zeroPoints().orElse(null) : stored(zeroFormat));
  }
}
