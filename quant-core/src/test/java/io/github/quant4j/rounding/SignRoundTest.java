// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.rounding;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.format.IntegerFormat;
import io.github.quant4j.linalg.Compute;
import io.github.quant4j.matrix.Grid;
import io.github.quant4j.scheme.GroupParameters;
import io.github.quant4j.statistic.Gram;
import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.testing.SeededRandom;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.commons.math3.linear.Array2DRowRealMatrix;
import org.apache.commons.math3.linear.ArrayRealVector;
import org.apache.commons.math3.linear.RealMatrix;
import org.apache.commons.math3.linear.RealVector;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Steps against differences of the smooth loss in double, by Commons Math; errors in double. */
class SignRoundTest {
  private static final int ROWS = 5;
  private static final int COLUMNS = 32;

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

  /** What the loss of a row is a function of. */
  @SuppressWarnings("ArrayRecordComponent") // compared by nobody
  private record State(double[] offsets, double[] low, double[] high) {
    State {
      offsets = offsets.clone();
      low = low.clone();
      high = high.clone();
    }
  }

  /**
   * The output error of a row in double, as a smooth function of offsets and factors: what
   * roundings have added at some state stays added, and what is beyond the range there stays so.
   */
  private static final class SmoothLoss {
    final Grid grid;
    final RealMatrix moment;
    final FloatMatrix weights;
    final int row;
    final boolean zerosMove;
    final State at;
    final double[] storedScales;
    final double[] storedZeros;

    SmoothLoss(RoundingTask task, Gram gram, SignedSteps steps, int row, boolean zerosMove) {
      this.grid = task.grid();
      this.moment = matrix(gram);
      this.weights = task.weights();
      this.row = row;
      this.zerosMove = zerosMove;
      int tiles = grid.layout().scaleColumns();
      this.at =
          new State(
              IntStream.range(row * COLUMNS, (row + 1) * COLUMNS)
                  .mapToDouble(i -> steps.offsets[i])
                  .toArray(),
              Arrays.copyOfRange(steps.low, row * tiles, (row + 1) * tiles),
              Arrays.copyOfRange(steps.high, row * tiles, (row + 1) * tiles));
      this.storedScales = new double[tiles];
      this.storedZeros = new double[tiles];
      for (int tile = 0; tile < tiles; tile++) {
        storedScales[tile] = steps.scales[row * tiles + tile];
        storedZeros[tile] = steps.zeros[row * tiles + tile];
      }
    }

    double least() {
      return grid.scheme().format().minimum();
    }

    double most() {
      return grid.scheme().format().maximum();
    }

    /** The end of the range of a tile in the grid. */
    double end(int tile, double level) {
      int place = row * storedScales.length + tile;
      return grid.scale(place) * (level - grid.zeroPoint(place));
    }

    double exactScale(State state, int tile) {
      if (!zerosMove) {
        return state.high()[tile] * grid.scale(row * storedScales.length + tile);
      }
      double range =
          state.high()[tile] * end(tile, most()) - state.low()[tile] * end(tile, least());
      return range / (most() - least());
    }

    double scale(State state, int tile) {
      return storedScales[tile] + exactScale(state, tile) - exactScale(at, tile);
    }

    double exactZero(State state, int tile) {
      return least() - state.low()[tile] * end(tile, least()) / scale(state, tile);
    }

    double zero(State state, int tile) {
      return zerosMove
          ? storedZeros[tile] + exactZero(state, tile) - exactZero(at, tile)
          : storedZeros[tile];
    }

    double position(State state, int column) {
      int tile = column / grid.layout().blockColumns();
      return weights.get(row, column) / scale(state, tile)
          + zero(state, tile)
          + state.offsets()[column];
    }

    double value(State state, int column) {
      int tile = column / grid.layout().blockColumns();
      double before = Math.rint(position(at, column));
      double level = Math.clamp(before, least(), most());
      if (level == before) {
        level = position(state, column) + before - position(at, column);
      }
      return scale(state, tile) * (level - zero(state, tile));
    }

    boolean isNearEdge(int column) {
      double position = position(at, column);
      return Math.abs(Math.abs(position - Math.rint(position)) - 0.5) < 1e-4;
    }

    double of(State state) {
      RealVector change = new ArrayRealVector(COLUMNS);
      for (int column = 0; column < COLUMNS; column++) {
        change.setEntry(column, value(state, column) - weights.get(row, column));
      }
      return change.dotProduct(moment.operate(change));
    }

    double slope(double[] parameters, int index, State state) {
      double step = 1e-5;
      double value = parameters[index];
      parameters[index] = value + step;
      double after = of(state);
      parameters[index] = value - step;
      double before = of(state);
      parameters[index] = value;
      return (after - before) / (2 * step);
    }

    double[] slopes(double[] parameters, State state) {
      return IntStream.range(0, parameters.length)
          .mapToDouble(i -> slope(parameters, i, state))
          .toArray();
    }

    State slopes() {
      State moved = new State(at.offsets(), at.low(), at.high());
      double[] high = slopes(moved.high(), moved);
      return new State(
          slopes(moved.offsets(), moved), zerosMove ? slopes(moved.low(), moved) : high, high);
    }
  }

  private static double largest(double[] values) {
    return Arrays.stream(values).map(Math::abs).max().orElseThrow();
  }

  private static void assertStep(
      double rate, double before, double slope, double scale, double after, String message) {
    if (Math.abs(slope) > 1e-3 * scale) {
      double expected = before - rate * Math.signum(slope);
      assertEquals(expected, after, 1e-6, message);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "int3:g8:asym:f32",
        "int2:g8:asym:f16",
        "int4:channel:asym:f32",
        "int1:g8:asym:f16",
        "int4:g8:sym:f32",
        "int2:g8:sym:f16",
        "int3:g8:asym:second-order"
      })
  void stepsGoAgainstTheSlopesOfTheSmoothLoss(String scheme) {
    SeededRandom random = new SeededRandom(401);
    FloatMatrix weights = random.gaussianMatrix(ROWS, COLUMNS);
    Gram gram = gram(random, COLUMNS);
    RoundingTask task = RoundingProblem.task(weights, scheme, gram, 1);
    boolean zerosMove = SignRound.defaults().learnsZeros(task.grid());
    LearnedSlab slab = new LearnedSlab(task, gram, 0, NearestRounding.codes(task, null));
    SignedSteps steps = new SignedSteps(slab, FittedScales.of(task.grid(), zerosMove));
    int tiles = task.grid().layout().scaleColumns();
    int width = task.grid().layout().blockColumns();
    // To somewhere: both ends come nearer, offsets go either way.
    for (int i = 0; i < steps.offsets.length; i++) {
      steps.offsets[i] = (float) (0.3 * (random.nextDouble() - 0.5));
    }
    for (int i = 0; i < steps.low.length; i++) {
      steps.low[i] = 0.6 + 0.2 * random.nextDouble();
      steps.high[i] = zerosMove ? 0.6 + 0.2 * random.nextDouble() : steps.low[i];
    }
    for (int row = 0; row < ROWS; row++) {
      steps.step(row, 0);
    }
    slab.updateGradient();
    int outside = 0;
    for (int row = 0; row < ROWS; row++) {
      String message = scheme + ", row " + row + ", " + random;
      SmoothLoss loss = new SmoothLoss(task, gram, steps, row, zerosMove);
      State slopes = loss.slopes();
      double offsetScale = largest(slopes.offsets());
      for (int column = 0; column < COLUMNS; column++) {
        if (!loss.isNearEdge(column)) {
          double found = 2 * steps.offsetGradient(row, column);
          assertEquals(slopes.offsets()[column], found, 1e-4 * offsetScale, message);
          outside += found == 0 ? 1 : 0;
        }
      }
      double clipScale = Math.max(largest(slopes.low()), largest(slopes.high()));
      for (int tile = 0; tile < tiles; tile++) {
        SignedSteps.ClipGradient found = steps.clipGradient(row, tile);
        boolean isSafe =
            IntStream.range(tile * width, Math.min(COLUMNS, (tile + 1) * width))
                .noneMatch(loss::isNearEdge);
        if (isSafe) {
          assertEquals(slopes.low()[tile], 2 * found.low(), 1e-4 * clipScale, message);
          assertEquals(slopes.high()[tile], 2 * found.high(), 1e-4 * clipScale, message);
        }
      }
      double rate = 0.01;
      steps.step(row, rate);
      for (int column = 0; column < COLUMNS; column++) {
        if (!loss.isNearEdge(column)) {
          assertStep(
              rate,
              loss.at.offsets()[column],
              slopes.offsets()[column],
              offsetScale,
              steps.offsets[row * COLUMNS + column],
              message);
        }
      }
      for (int tile = 0; tile < tiles; tile++) {
        int at = row * tiles + tile;
        assertStep(
            rate, loss.at.low()[tile], slopes.low()[tile], clipScale, steps.low[at], message);
        assertStep(
            rate, loss.at.high()[tile], slopes.high()[tile], clipScale, steps.high[at], message);
      }
    }
    assertTrue(outside > 0, () -> scheme + ", " + random);
  }

  private static Stream<String> schemes() {
    Stream<String> widths =
        IntStream.rangeClosed(1, 8)
            .boxed()
            .flatMap(
                bits -> Stream.of("int" + bits + ":g8:sym:f16", "int" + bits + ":g8:asym:f16"));
    return Stream.concat(
        widths,
        Stream.of(
            "int2:channel:asym:f32",
            "int3:g16:asym:bf16",
            "int4:block(3x8):asym:f16",
            "int4:column:sym:f16",
            "int3:tensor:sym:f16",
            "int4:g8:asym:second-order",
            "int4:g8:sym:i8row",
            "int4:g8:sym:e8m0ceil",
            "mxint8"));
  }

  @ParameterizedTest
  @MethodSource("schemes")
  void noRowBecomesWorse(String scheme) {
    SeededRandom random = new SeededRandom(402);
    FloatMatrix weights = random.gaussianMatrix(12, COLUMNS);
    Gram gram = gram(random, COLUMNS);
    RoundingTask task = RoundingProblem.task(weights, scheme, gram, 1);
    FloatMatrix nearest = RoundingProblem.dense(task.grid(), NearestRounding.codes(task, null));
    RoundingResult result = SignRound.defaults().round(task, null);
    FloatMatrix dense = RoundingProblem.dense(result.grid(), result.codes());
    IntegerFormat format = (IntegerFormat) result.grid().scheme().format();
    for (byte code : result.codes()) {
      assertTrue((code & 0xff) < 1 << format.bits(), scheme);
    }
    for (int row = 0; row < 12; row++) {
      double start = RoundingProblem.error(weights, nearest, gram, row);
      double end = RoundingProblem.error(weights, dense, gram, row);
      assertTrue(end <= start * (1 + 1e-5), scheme + ", row " + row + ", " + random);
    }
    double before = RoundingProblem.error(weights, nearest, gram);
    double after = RoundingProblem.error(weights, dense, gram);
    RoundingReport.Descent report = assertInstanceOf(RoundingReport.Descent.class, result.report());
    assertEquals(before, report.errorBefore(), 1e-3 * before, scheme);
    assertEquals(after, report.errorAfter(), 1e-3 * before, scheme);
    assertTrue(after < 0.9 * before, () -> scheme + " " + after / before + ", " + random);
    assertStored(result.grid());
  }

  /** Scales and zero points are those that are read back. */
  private static void assertStored(Grid grid) {
    GroupParameters scales = grid.scales();
    assertArrayEquals(
        scales.values(), grid.scheme().scaleCodec().decode(scales.parts(), grid.layout()).values());
    grid.zeroPoints()
        .ifPresent(
            zeros -> {
              IntegerFormat format = (IntegerFormat) grid.scheme().format();
              float[] decoded =
                  grid.scheme()
                      .scaleCodec()
                      .decodeZeroPoints(zeros.parts(), grid.layout(), format)
                      .values();
              // Zero may be negative as long as it was not stored.
              assertArrayEquals(decoded, zeros.values(), 1e-9f);
            });
  }

  @Test
  void rangesOfGroupsChange() {
    SeededRandom random = new SeededRandom(403);
    FloatMatrix weights = random.gaussianMatrix(12, COLUMNS);
    Gram gram = gram(random, COLUMNS);
    RoundingTask task = RoundingProblem.task(weights, "int5:g8:asym", gram, 1);
    Grid grid = SignRound.defaults().round(task, null).grid();
    int scales = 0;
    int zeros = 0;
    for (int tile = 0; tile < grid.layout().count(); tile++) {
      assertTrue(grid.scale(tile) <= task.grid().scale(tile), random::toString);
      scales += grid.scale(tile) < task.grid().scale(tile) ? 1 : 0;
      zeros += Math.abs(grid.zeroPoint(tile) - task.grid().zeroPoint(tile)) > 0.5 ? 1 : 0;
    }
    assertTrue(scales > grid.layout().count() / 2, scales + ", " + random);
    assertTrue(zeros > 0, zeros + ", " + random);
  }

  /** Whatever came before, the codes of the start are those of its offsets. */
  @ParameterizedTest
  @ValueSource(strings = {"int2:g8:asym", "int3:g8:sym", "int1:channel:asym", "int8:g8:asym"})
  void startsFromTheChain(String scheme) {
    SeededRandom random = new SeededRandom(404);
    FloatMatrix weights = random.gaussianMatrix(8, COLUMNS);
    Gram gram = gram(random, COLUMNS);
    RoundingTask task = RoundingProblem.task(weights, scheme, gram, 1);
    byte[] start =
        CoordinateDescent.of(6)
            .round(task, GptqRounding.defaults().round(task, null).codes())
            .codes();
    LearnedSlab slab = new LearnedSlab(task, gram, 0, start.clone());
    float[] change = slab.change.clone();
    SignedSteps steps = new SignedSteps(slab, FittedScales.of(task.grid(), true));
    for (int row = 0; row < 8; row++) {
      steps.step(row, 0);
    }
    assertArrayEquals(change, slab.change, random::toString);
    double before = RoundingProblem.error(weights, RoundingProblem.dense(task.grid(), start), gram);
    RoundingResult result = SignRound.defaults().round(task, start);
    double after =
        RoundingProblem.error(weights, RoundingProblem.dense(result.grid(), result.codes()), gram);
    assertTrue(after <= before * (1 + 1e-5), () -> after / before + ", " + random);
  }

  /** More rows than are learned at once, on any number of threads. */
  @Test
  void threadsAndSlabsDoNotMatter() {
    SeededRandom random = new SeededRandom(405);
    FloatMatrix weights = random.gaussianMatrix(LearnedSlab.ROWS + 7, 16);
    Gram gram = gram(random, 16);
    for (String scheme : List.of("int3:g8:asym", "int2:channel:sym", "int4:block(3x8):asym")) {
      RoundingTask alone = RoundingProblem.task(weights, scheme, gram, 1);
      RoundingTask team = RoundingProblem.task(weights, scheme, gram, 3);
      RoundingResult first = SignRound.of(20).round(alone, null);
      RoundingResult second = SignRound.of(20).round(team, null);
      assertArrayEquals(first.codes(), second.codes(), scheme);
      assertArrayEquals(
          RoundingProblem.dense(first.grid(), first.codes()).data(),
          RoundingProblem.dense(second.grid(), second.codes()).data(),
          scheme);
    }
  }

  @Test
  void aMomentOfZerosChangesNothing() {
    FloatMatrix weights = new SeededRandom(406).gaussianMatrix(3, 16);
    Gram gram = Gram.of(FloatMatrix.zeros(5, 16), Compute.scalar());
    RoundingTask task = RoundingProblem.task(weights, "int4:g8:asym", gram, 1);
    byte[] codes = NearestRounding.codes(task, null);
    RoundingResult result = SignRound.defaults().round(task, codes.clone());
    assertSame(task.grid(), result.grid());
    assertArrayEquals(codes, result.codes());
    assertEquals(new RoundingReport.Descent("signround", 0, 0, 0, 0), result.report());
  }

  @ParameterizedTest
  @ValueSource(strings = {"nf4:g8:sym", "fp4e2m1:channel:sym", "codebook(8):channel", "bitmod4:g8"})
  void otherFormatsAreRefused(String scheme) {
    SeededRandom random = new SeededRandom(407);
    FloatMatrix weights = random.gaussianMatrix(4, 16);
    RoundingTask task = RoundingProblem.task(weights, scheme, gram(random, 16), 1);
    IllegalArgumentException refusal =
        assertThrows(IllegalArgumentException.class, () -> SignRound.defaults().round(task, null));
    assertTrue(refusal.getMessage().contains("integers"), refusal::getMessage);
  }

  @Test
  void parametersAreChecked() {
    assertEquals(0.005, SignRound.defaults().rate(), 1e-12);
    assertThrows(IllegalArgumentException.class, () -> SignRound.of(0));
    assertThrows(IllegalArgumentException.class, () -> new SignRound(10, 0));
    assertThrows(IllegalArgumentException.class, () -> new SignRound(10, Double.NaN));
    assertThrows(IllegalArgumentException.class, () -> new SignRound(10, 1.5));
  }
}
