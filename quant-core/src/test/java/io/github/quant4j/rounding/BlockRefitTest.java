// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.rounding;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.block.BlockFormat;
import io.github.quant4j.linalg.Compute;
import io.github.quant4j.matrix.BlockGrid;
import io.github.quant4j.matrix.Grid;
import io.github.quant4j.matrix.QuantizedMatrix;
import io.github.quant4j.scheme.BlockScaleCodec;
import io.github.quant4j.scheme.BlockScales;
import io.github.quant4j.statistic.Gram;
import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.testing.SeededRandom;
import java.util.List;
import java.util.Locale;
import org.apache.commons.math3.linear.Array2DRowRealMatrix;
import org.apache.commons.math3.linear.ArrayRealVector;
import org.apache.commons.math3.linear.LUDecomposition;
import org.apache.commons.math3.linear.RealMatrix;
import org.apache.commons.math3.linear.RealVector;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Scales of blocks that are fitted to codes; errors in double, of the blocks as they decode. */
class BlockRefitTest {
  private static final int ROWS = 3;

  static List<BlockFormat> formats() {
    return BlockScaleCodec.formats();
  }

  private static Gram gram(SeededRandom random, int columns) {
    return Gram.of(RoundingProblem.inputs(random, 2 * columns, columns), Compute.scalar());
  }

  private static RoundingTask task(BlockFormat format, FloatMatrix weights, Gram gram) {
    return RoundingProblem.task(weights, format.name().toLowerCase(Locale.ROOT), gram, 1);
  }

  private static FloatMatrix decoded(Grid grid, byte[] codes) {
    return BlockGrid.pack(QuantizedMatrix.of(grid, codes)).dequantize();
  }

  private static double error(FloatMatrix weights, Grid grid, byte[] codes, Gram gram) {
    return RoundingProblem.error(weights, decoded(grid, codes), gram);
  }

  @ParameterizedTest
  @MethodSource("formats")
  void theErrorNeverRises(BlockFormat format) {
    SeededRandom random = new SeededRandom(700 + format.blockBytes());
    FloatMatrix weights = random.gaussianMatrix(ROWS, 256);
    Gram gram = gram(random, 256);
    RoundingTask task = task(format, weights, gram);
    RoundingResult result = GptqRounding.defaults().round(task, null);
    result = CoordinateDescent.of(4).round(task, result.codes());
    double start = error(weights, result.grid(), result.codes(), gram);
    double least = start;
    for (ScaleRefit refit : List.of(new ScaleRefit(1, 1, 0), new ScaleRefit(2, 4, 0))) {
      result = refit.round(task.withGrid(result.grid()), result.codes());
      double error = error(weights, result.grid(), result.codes(), gram);
      assertTrue(error <= least * (1 + 1e-5), () -> refit.label() + " " + format + ", " + random);
      RoundingReport.Descent report = (RoundingReport.Descent) result.report();
      assertEquals(least, report.errorBefore(), 1e-3 * least, format + ", " + random);
      assertEquals(error, report.errorAfter(), 1e-3 * error, format + ", " + random);
      least = error;
    }
    double last = least;
    assertTrue(last < 0.97 * start, () -> format + " " + last / start + ", " + random);
  }

  /** No integer of a tile, and no neighbour in binary16 of what a block has, does better. */
  @ParameterizedTest
  @EnumSource(names = {"Q2_K", "Q3_K", "Q4_K", "Q5_K", "Q6_K", "IQ4_XS", "Q4_0", "Q5_1", "TQ2_0"})
  void fittedScalesHaveNoBetterNeighbours(BlockFormat format) {
    SeededRandom random = new SeededRandom(720 + format.blockBytes());
    FloatMatrix weights = random.gaussianMatrix(1, 256);
    for (int i = 0; i < 256; i++) {
      weights.data()[i] += 0.3f;
    }
    Gram gram = gram(random, 256);
    RoundingTask task = task(format, weights, gram);
    byte[] codes = GptqRounding.defaults().round(task, null).codes();
    Grid fitted = new ScaleFitting(task, gram.values(), codes).fit();
    double before = error(weights, task.grid(), codes, gram);
    double found = error(weights, fitted, codes, gram);
    assertTrue(found < before, () -> format + " " + found / before + ", " + random);
    BlockScales scales = BlockGrid.scales(fitted);
    BlockScaleCodec codec = scales.codec();
    int tried = 0;
    for (int tile = 0; tile < scales.scaleCodes().length; tile++) {
      for (int move = -1; move <= 1; move++) {
        for (int shift = -1; shift <= 1; shift++) {
          byte[] scaleCodes = scales.scaleCodes().clone();
          byte[] offsetCodes = scales.offsetCodes().clone();
          scaleCodes[tile] = (byte) (scaleCodes[tile] + move);
          if (codec.hasOffsets()) {
            offsetCodes[tile] = (byte) (offsetCodes[tile] + shift);
          }
          boolean isSame = move == 0 && (shift == 0 || !codec.hasOffsets());
          boolean isTurned = scaleCodes[tile] * scales.scaleCodes()[tile] < 0;
          if (isSame || isTurned || !isStorable(codec, scaleCodes[tile], offsetCodes, tile)) {
            continue;
          }
          Grid other =
              BlockGrid.of(
                  new BlockScales(
                      codec,
                      scales.layout(),
                      scales.blockScales(),
                      scales.blockLeasts(),
                      scaleCodes,
                      offsetCodes));
          double error = error(weights, other, codes, gram);
          assertTrue(error >= found * (1 - 1e-4), () -> format + " " + error / found);
          tried++;
        }
      }
    }
    assertTrue(tried > 20 || codec.mostScale() == 1, format::name);
  }

  private static boolean isStorable(
      BlockScaleCodec codec, int scaleCode, byte[] offsetCodes, int tile) {
    int offset = offsetCodes.length == 0 ? 0 : offsetCodes[tile];
    return scaleCode != 0
        && scaleCode >= codec.leastScale()
        && scaleCode <= codec.mostScale()
        && offset >= 0
        && offset <= codec.mostOffset();
  }

  /** Scale and least value of single blocks against the normal equations by Commons Math. */
  @ParameterizedTest
  @MethodSource("formats")
  void whatBlocksHaveSolvesTheNormalEquations(BlockFormat format) {
    SeededRandom random = new SeededRandom(740 + format.blockBytes());
    int columns = format.blockSize();
    FloatMatrix weights = random.gaussianMatrix(ROWS, columns);
    Gram gram = gram(random, columns);
    RoundingTask task = task(format, weights, gram);
    byte[] codes = NearestRounding.codes(task, null);
    Grid fitted = new ScaleFitting(task, gram.values(), codes).fit();
    BlockScales scales = BlockGrid.scales(fitted);
    RealMatrix moment = new Array2DRowRealMatrix(columns, columns);
    for (int i = 0; i < columns * columns; i++) {
      moment.setEntry(i / columns, i % columns, gram.values()[i]);
    }
    int tiles = columns / scales.codec().tileColumns();
    boolean hasOffsets = scales.codec().hasOffsets();
    for (int row = 0; row < ROWS; row++) {
      RealMatrix design = new Array2DRowRealMatrix(columns, hasOffsets ? 2 : 1);
      double[] target = new double[columns];
      for (int j = 0; j < columns; j++) {
        int tile = row * tiles + j / scales.codec().tileColumns();
        // What blocks have is all that is left once integers of tiles and codes are settled.
        double level = Math.abs(scales.scaleCodes()[tile]) * level(fitted, tile, codes, row, j);
        design.setEntry(j, 0, level);
        if (hasOffsets) {
          design.setEntry(j, 1, -scales.offsetCodes()[tile]);
        }
        target[j] = weights.get(row, j);
      }
      RealMatrix weighted = design.transpose().multiply(moment);
      RealVector best =
          new LUDecomposition(weighted.multiply(design))
              .getSolver()
              .solve(weighted.operate(new ArrayRealVector(target)));
      assertEquals(
          best.getEntry(0),
          scales.blockScales()[row],
          4e-3 * best.getEntry(0),
          format + ", " + random);
      if (hasOffsets) {
        assertEquals(
            best.getEntry(1),
            scales.blockLeasts()[row],
            4e-3 * Math.abs(best.getEntry(1)) + 4e-3 * best.getEntry(0),
            format + ", " + random);
      }
    }
  }

  /** The level of a code: from 0 with offsets, and counted from the other end where turned. */
  private static double level(Grid grid, int tile, byte[] codes, int row, int column) {
    BlockScales scales = BlockGrid.scales(grid);
    int code = codes[row * grid.layout().columns() + column] & 0xff;
    if (scales.codec().hasOffsets()) {
      return code;
    }
    double value = grid.palette().format(tile).decode(code);
    return value - grid.zeroPoint(tile);
  }

  /** More tiles in a row than are fitted at once. */
  @ParameterizedTest
  @EnumSource(names = {"Q2_K", "Q6_K", "Q4_1"})
  void longRowsAreFittedRunAfterRun(BlockFormat format) {
    SeededRandom random = new SeededRandom(760 + format.blockBytes());
    int columns = format == BlockFormat.Q4_1 ? 2112 : 1280;
    FloatMatrix weights = random.gaussianMatrix(2, columns);
    Gram gram = Gram.of(RoundingProblem.inputs(random, 200, columns), Compute.scalar());
    RoundingTask task = task(format, weights, gram);
    byte[] codes = NearestRounding.codes(task, null);
    Grid fitted = new ScaleFitting(task, gram.values(), codes).fit();
    double before = error(weights, task.grid(), codes, gram);
    double after = error(weights, fitted, codes, gram);
    assertTrue(after < 0.99 * before, () -> format + " " + after / before + ", " + random);
  }
}
