// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.rounding;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.format.IntegerFormat;
import io.github.quant4j.format.NumberFormat;
import io.github.quant4j.linalg.Compute;
import io.github.quant4j.matrix.Grid;
import io.github.quant4j.scheme.GroupParameters;
import io.github.quant4j.scheme.ScaleLayout;
import io.github.quant4j.statistic.Gram;
import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.testing.SeededRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.apache.commons.math3.linear.Array2DRowRealMatrix;
import org.apache.commons.math3.linear.ArrayRealVector;
import org.apache.commons.math3.linear.LUDecomposition;
import org.apache.commons.math3.linear.RealMatrix;
import org.apache.commons.math3.linear.RealVector;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Fitted scales and levels against the normal equations by Commons Math, errors in double. */
class ScaleRefitTest {
  private static final int ROWS = 6;
  private static final int COLUMNS = 32;

  @SuppressWarnings("unused") // by name
  private static final List<String> SCHEMES =
      Stream.concat(
              Arrays.stream(RoundingProblem.SCHEMES),
              Stream.of(
                  "int2:g8:asym:f16",
                  "int1:g8:sym:bf16",
                  "int2:g8:asym:second-order(2,8)",
                  "e2m1:g16:sym:e8m0round",
                  "e2m1:g16:sym:e8m0ceil",
                  "int4:g8:sym:po2rownear",
                  "int3:g4:sym:e4m3"))
          .toList();

  private static Gram gram(SeededRandom random, int columns) {
    return Gram.of(RoundingProblem.inputs(random, 4 * columns, columns), Compute.scalar());
  }

  private static RealMatrix matrix(Gram gram) {
    RealMatrix matrix = new Array2DRowRealMatrix(gram.size(), gram.size());
    for (int i = 0; i < gram.size(); i++) {
      for (int j = 0; j < gram.size(); j++) {
        matrix.setEntry(i, j, gram.values()[i * gram.size() + j]);
      }
    }
    return matrix;
  }

  /** The least-squares solution under H of {@code sum_rows |w - A x|^2}. */
  private static double[] leastSquares(
      RealMatrix moment, List<RealMatrix> designs, List<double[]> targets) {
    int unknowns = designs.getFirst().getColumnDimension();
    RealMatrix products = new Array2DRowRealMatrix(unknowns, unknowns);
    RealVector right = new ArrayRealVector(unknowns);
    for (int i = 0; i < designs.size(); i++) {
      RealMatrix weighted = designs.get(i).transpose().multiply(moment);
      products = products.add(weighted.multiply(designs.get(i)));
      right = right.add(weighted.operate(new ArrayRealVector(targets.get(i))));
    }
    return new LUDecomposition(products).getSolver().solve(right).toArray();
  }

  private static double[] row(FloatMatrix weights, int row) {
    double[] values = new double[weights.columns()];
    Arrays.setAll(values, column -> weights.get(row, column));
    return values;
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "int4:g8:sym:f32",
        "int2:g8:sym:f32",
        "int4:channel:sym:f32",
        "nf4:g8:sym:f32",
        "fp4e2m1:g16:sym:f32",
        "int4:block(3x8):sym:f32",
        "int4:column:sym:f32",
        "int3:tensor:sym:f32",
        "bitmod3:g8:sym:f32"
      })
  void scalesSolveTheNormalEquations(String scheme) {
    SeededRandom random = new SeededRandom(301);
    FloatMatrix weights = random.gaussianMatrix(ROWS, COLUMNS);
    Gram gram = gram(random, COLUMNS);
    RoundingTask task = RoundingProblem.task(weights, scheme, gram, 1);
    byte[] codes = GptqRounding.defaults().round(task, null).codes();
    Grid fitted = new ScaleFitting(task, gram.values(), codes).fit();
    ScaleLayout layout = task.grid().layout();
    for (int band = 0; band < layout.scaleRows(); band++) {
      int first = band * layout.blockRows();
      int end = Math.min(ROWS, first + layout.blockRows());
      List<RealMatrix> designs = new ArrayList<>();
      List<double[]> targets = new ArrayList<>();
      for (int r = first; r < end; r++) {
        RealMatrix design = new Array2DRowRealMatrix(COLUMNS, layout.scaleColumns());
        for (int j = 0; j < COLUMNS; j++) {
          NumberFormat format = task.grid().palette().format(layout.index(r, j));
          design.setEntry(
              j, j / layout.blockColumns(), format.decode(codes[r * COLUMNS + j] & 0xff));
        }
        designs.add(design);
        targets.add(row(weights, r));
      }
      double[] expected = leastSquares(matrix(gram), designs, targets);
      for (int tile = 0; tile < expected.length; tile++) {
        double found = fitted.scale(band * layout.scaleColumns() + tile);
        assertEquals(expected[tile], found, 2e-5 * expected[tile], scheme + ", " + random);
      }
    }
  }

  @Test
  void zeroPointsHaveNoBetterNeighbours() {
    SeededRandom random = new SeededRandom(302);
    FloatMatrix weights = random.gaussianMatrix(40, COLUMNS);
    for (int i = 0; i < weights.data().length; i++) {
      weights.data()[i] += 0.4f;
    }
    Gram gram = gram(random, COLUMNS);
    RoundingTask task = RoundingProblem.task(weights, "int3:channel:asym:f32", gram, 1);
    byte[] codes = NearestRounding.codes(task, null);
    task = task.withGrid(withOtherZeros(task.grid()));
    Grid fitted = new ScaleFitting(task, gram.values(), codes).fit();
    FloatMatrix values = RoundingProblem.dense(fitted, codes);
    int moved = 0;
    for (int row = 0; row < 40; row++) {
      double error = RoundingProblem.error(weights, values, gram, row);
      double zero = fitted.zeroPoint(row);
      moved += zero == task.grid().zeroPoint(row) ? 0 : 1;
      for (double other = Math.max(-4, zero - 1); other <= Math.min(3, zero + 1); other++) {
        RealMatrix design = new Array2DRowRealMatrix(COLUMNS, 1);
        for (int j = 0; j < COLUMNS; j++) {
          design.setEntry(j, 0, (codes[row * COLUMNS + j] & 0xff) - 4 - other);
        }
        double[] scale = leastSquares(matrix(gram), List.of(design), List.of(row(weights, row)));
        FloatMatrix changed = FloatMatrix.zeros(40, COLUMNS);
        for (int j = 0; j < COLUMNS; j++) {
          changed.put(row, j, (float) (scale[0] * design.getEntry(j, 0)));
        }
        double best = RoundingProblem.error(weights, changed, gram, row);
        assertTrue(error <= best * (1 + 1e-4), random::toString);
        if (other == zero) {
          assertEquals(best, error, 1e-4 * best, random::toString);
        }
      }
    }
    assertTrue(moved > 0, random::toString);
  }

  /** Every second zero point one further up. */
  private static Grid withOtherZeros(Grid grid) {
    float[] zeros = grid.zeroPoints().orElseThrow().values().clone();
    for (int i = 0; i < zeros.length; i += 2) {
      zeros[i] = Math.min(3, zeros[i] + 1);
    }
    return new Grid(
        grid.scheme(),
        grid.layout(),
        grid.palette(),
        grid.scales(),
        grid.scheme()
            .scaleCodec()
            .encodeZeroPoints(zeros, grid.layout(), (IntegerFormat) grid.scheme().format()));
  }

  @ParameterizedTest
  @ValueSource(strings = {"codebook(4):channel", "codebook(3):block(2x32)"})
  void levelsSolveTheNormalEquations(String scheme) {
    SeededRandom random = new SeededRandom(303);
    FloatMatrix weights = random.gaussianMatrix(ROWS, COLUMNS);
    Gram gram = gram(random, COLUMNS);
    RoundingTask task = RoundingProblem.task(weights, scheme, gram, 1);
    byte[] codes = NearestRounding.codes(task, null);
    byte[] given = codes.clone();
    Grid fitted = new LevelFitting(task, gram.values(), codes).fit();
    int bandRows = task.grid().layout().blockRows();
    for (int first = 0; first < ROWS; first += bandRows) {
      int tile = first / bandRows;
      int size = task.grid().palette().format(tile).levels().length;
      List<RealMatrix> designs = new ArrayList<>();
      List<double[]> targets = new ArrayList<>();
      for (int r = first; r < first + bandRows; r++) {
        RealMatrix design = new Array2DRowRealMatrix(COLUMNS, size);
        for (int j = 0; j < COLUMNS; j++) {
          design.setEntry(j, given[r * COLUMNS + j] & 0xff, 1);
        }
        designs.add(design);
        targets.add(row(weights, r));
      }
      double[] expected = leastSquares(matrix(gram), designs, targets);
      for (int r = first; r < first + bandRows; r++) {
        for (int j = 0; j < COLUMNS; j++) {
          int at = r * COLUMNS + j;
          // Levels are stored as binary16.
          assertEquals(
              expected[given[at] & 0xff],
              fitted.decode(r, j, codes[at] & 0xff),
              2e-3,
              scheme + ", " + random);
        }
      }
    }
  }

  @ParameterizedTest
  @FieldSource("SCHEMES")
  void errorsNeverRiseAndScalesAreStored(String scheme) {
    SeededRandom random = new SeededRandom(304);
    FloatMatrix weights = random.gaussianMatrix(ROWS, 64);
    Gram gram = gram(random, 64);
    RoundingTask task = RoundingProblem.task(weights, scheme, gram, 1);
    RoundingResult result = GptqRounding.defaults().round(task, null);
    result = CoordinateDescent.of(6).round(task, result.codes());
    FloatMatrix before = RoundingProblem.dense(task.grid(), result.codes());
    double least = RoundingProblem.error(weights, before, gram);
    for (ScaleRefit refit :
        List.of(new ScaleRefit(1, 4, 0), new ScaleRefit(2, 1, 0), new ScaleRefit(2, 4, 0))) {
      result = refit.round(task.withGrid(result.grid()), result.codes());
      FloatMatrix values = RoundingProblem.dense(result.grid(), result.codes());
      double error = RoundingProblem.error(weights, values, gram);
      assertTrue(error <= least * (1 + 1e-5), () -> refit.label() + " " + scheme + ", " + random);
      RoundingReport.Descent report = (RoundingReport.Descent) result.report();
      assertEquals(least, report.errorBefore(), 1e-4 * least, scheme + ", " + random);
      assertEquals(error, report.errorAfter(), 1e-4 * error, scheme + ", " + random);
      least = error;
      requireStored(result.grid());
    }
  }

  /** Scales and zero points are those that their stored parts decode to. */
  private static void requireStored(Grid grid) {
    GroupParameters scales = grid.scales();
    assertArrayEquals(
        grid.scheme().scaleCodec().decode(scales.parts(), grid.layout()).values(), scales.values());
    GroupParameters zeros = grid.zeroPoints().orElse(null);
    if (zeros != null) {
      IntegerFormat format = (IntegerFormat) grid.scheme().format();
      float[] decoded =
          grid.scheme()
              .scaleCodec()
              .decodeZeroPoints(zeros.parts(), grid.layout(), format)
              .values();
      for (int i = 0; i < decoded.length; i++) {
        assertEquals(decoded[i], zeros.values()[i], 1e-9);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"int2:g64:asym", "int3:g64:sym", "codebook(4):channel"})
  void lowersTheErrorByAFewPercent(String scheme) {
    SeededRandom random = new SeededRandom(305);
    FloatMatrix weights = random.gaussianMatrix(20, 128);
    Gram gram = gram(random, 128);
    RoundingTask task = RoundingProblem.task(weights, scheme, gram, 1);
    byte[] codes = CoordinateDescent.of(20).round(task, null).codes();
    double before = RoundingProblem.error(weights, RoundingProblem.dense(task.grid(), codes), gram);
    RoundingResult result = ScaleRefit.of(2).round(task, codes);
    double after =
        RoundingProblem.error(weights, RoundingProblem.dense(result.grid(), result.codes()), gram);
    assertTrue(after < 0.98 * before, () -> scheme + " " + after / before + ", " + random);
  }

  /** Powers of two that are twice too large. */
  @ParameterizedTest
  @ValueSource(strings = {"mxfp4", "int3:g16:sym:e8m0near", "int4:g8:sym:po2rownear"})
  void coarseScalesAreTriedWithNewCodes(String scheme) {
    SeededRandom random = new SeededRandom(310);
    FloatMatrix weights = random.gaussianMatrix(20, 64);
    Gram gram = gram(random, 64);
    RoundingTask task = RoundingProblem.task(weights, scheme, gram, 1);
    double[] doubled = new double[task.grid().scales().values().length];
    Arrays.setAll(doubled, tile -> 2 * task.grid().scale(tile));
    Grid coarse =
        new Grid(
            task.grid().scheme(),
            task.grid().layout(),
            task.grid().palette(),
            task.grid()
                .scheme()
                .scaleCodec()
                .frameOf(task.grid().scales(), task.grid().layout(), task.grid().scheme().format())
                .encode(doubled),
            null);
    RoundingTask start = task.withGrid(coarse);
    byte[] codes = NearestRounding.codes(start, null);
    double before = RoundingProblem.error(weights, RoundingProblem.dense(coarse, codes), gram);
    Grid found = new ScaleDescent(start, gram.values(), 1).improve(codes);
    double after = RoundingProblem.error(weights, RoundingProblem.dense(found, codes), gram);
    assertTrue(after < 0.6 * before, () -> scheme + " " + after / before + ", " + random);
  }

  /** More tiles in a row than are fitted at once. */
  @ParameterizedTest
  @ValueSource(strings = {"int3:g2:sym:f32", "int3:g2:asym:f32"})
  void longRowsAreFittedRunAfterRun(String scheme) {
    SeededRandom random = new SeededRandom(306);
    FloatMatrix weights = random.gaussianMatrix(4, 300);
    Gram gram = gram(random, 300);
    RoundingTask task = RoundingProblem.task(weights, scheme, gram, 1);
    byte[] codes = NearestRounding.codes(task, null);
    ScaleFitting fitting = new ScaleFitting(task, gram.values(), codes);
    Grid grid = fitting.fit();
    FloatMatrix before = RoundingProblem.dense(task.grid(), codes);
    FloatMatrix after = RoundingProblem.dense(grid, codes);
    for (int row = 0; row < 4; row++) {
      double change =
          RoundingProblem.error(weights, after, gram, row)
              / RoundingProblem.error(weights, before, gram, row);
      assertTrue(change < 0.8, () -> change + ", " + random);
    }
    double start = RoundingProblem.error(weights, before, gram);
    assertEquals(start, fitting.errorBefore(), 1e-5 * start, random::toString);
  }

  @Test
  void threadsDoNotMatter() {
    SeededRandom random = new SeededRandom(307);
    FloatMatrix weights = random.gaussianMatrix(300, 96);
    Gram gram = gram(random, 96);
    for (String scheme :
        List.of("int3:g32:asym", "nvfp4", "codebook(4):channel", "int4:block(7x32):sym")) {
      RoundingResult alone =
          ScaleRefit.of(2).round(RoundingProblem.task(weights, scheme, gram, 1), null);
      RoundingResult team =
          ScaleRefit.of(2).round(RoundingProblem.task(weights, scheme, gram, 3), null);
      assertArrayEquals(alone.codes(), team.codes(), scheme);
      assertArrayEquals(
          RoundingProblem.dense(alone.grid(), alone.codes()).data(),
          RoundingProblem.dense(team.grid(), team.codes()).data(),
          scheme);
    }
  }

  @Test
  void aMomentOfZerosChangesNothing() {
    FloatMatrix weights = new SeededRandom(308).gaussianMatrix(3, 16);
    Gram gram = Gram.of(FloatMatrix.zeros(5, 16), Compute.scalar());
    RoundingTask task = RoundingProblem.task(weights, "int4:g8:asym", gram, 1);
    byte[] codes = NearestRounding.codes(task, null);
    RoundingResult result = ScaleRefit.of(2).round(task, codes.clone());
    assertSame(task.grid(), result.grid());
    assertArrayEquals(codes, result.codes());
    assertEquals(new RoundingReport.Descent("refit(2)", 0, 0, 0, 0), result.report());
  }

  @Test
  void tilesWithoutInputKeepTheirScales() {
    SeededRandom random = new SeededRandom(309);
    FloatMatrix inputs = RoundingProblem.inputs(random, 100, 24);
    for (int t = 0; t < 100; t++) {
      for (int j = 8; j < 16; j++) {
        inputs.put(t, j, 0);
      }
    }
    FloatMatrix weights = random.gaussianMatrix(3, 24);
    Gram gram = Gram.of(inputs, Compute.scalar());
    RoundingTask task = RoundingProblem.task(weights, "int3:g8:asym", gram, 1);
    Grid grid = ScaleRefit.of(2).round(task, null).grid();
    for (int row = 0; row < 3; row++) {
      assertEquals(task.grid().scale(3 * row + 1), grid.scale(3 * row + 1), random::toString);
      assertEquals(
          task.grid().zeroPoint(3 * row + 1), grid.zeroPoint(3 * row + 1), 1e-9, random + "");
    }
  }

  @Test
  void numbersOutOfRangeAreRefused() {
    assertThrows(IllegalArgumentException.class, () -> ScaleRefit.of(0));
    assertThrows(IllegalArgumentException.class, () -> ScaleRefit.of(101));
    assertThrows(IllegalArgumentException.class, () -> new ScaleRefit(1, 0, 0));
    assertThrows(IllegalArgumentException.class, () -> new ScaleRefit(1, 1001, 0));
    assertThrows(IllegalArgumentException.class, () -> new ScaleRefit(1, 1, -0.1));
    assertThrows(IllegalArgumentException.class, () -> new ScaleRefit(1, 1, Double.NaN));
  }
}
