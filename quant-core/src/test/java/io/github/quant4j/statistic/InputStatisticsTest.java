// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.statistic;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.linalg.Compute;
import io.github.quant4j.parallel.WorkerTeam;
import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.testing.SeededRandom;
import org.apache.commons.math3.linear.Array2DRowRealMatrix;
import org.apache.commons.math3.linear.QRDecomposition;
import org.apache.commons.math3.linear.RealMatrix;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Accumulation, merging, bad tokens, and transforms against observing the transformed input. */
class InputStatisticsTest {
  private static final Compute COMPUTE = Compute.scalar();
  private static final WorkerTeam ALONE = WorkerTeam.sequential();

  /** The moment of weighted tokens in double. */
  static double[][] moment(FloatMatrix inputs, float[] weights) {
    int size = inputs.columns();
    double[][] moment = new double[size][size];
    for (int t = 0; t < inputs.rows(); t++) {
      for (int i = 0; i < size; i++) {
        for (int j = 0; j < size; j++) {
          moment[i][j] += (double) weights[t] * inputs.get(t, i) * inputs.get(t, j);
        }
      }
    }
    return moment;
  }

  static void assertMoment(double[][] expected, Gram actual, double tolerance, Object context) {
    double scale = 0;
    for (double[] row : expected) {
      for (double value : row) {
        scale = Math.max(scale, Math.abs(value));
      }
    }
    for (int i = 0; i < expected.length; i++) {
      for (int j = 0; j < expected.length; j++) {
        assertEquals(
            expected[i][j],
            actual.values()[i * expected.length + j],
            tolerance * scale,
            () -> context.toString());
      }
    }
  }

  private static float[] ones(int count) {
    float[] weights = new float[count];
    java.util.Arrays.fill(weights, 1);
    return weights;
  }

  private static FloatMatrix skewed(SeededRandom random, int tokens, int size) {
    FloatMatrix inputs = random.gaussianMatrix(tokens, size);
    for (int t = 0; t < tokens; t++) {
      for (int j = 0; j < size; j++) {
        inputs.put(t, j, inputs.get(t, j) * (1 + j % 5) + j * 0.1f);
      }
    }
    return inputs;
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void followsItsDefinition(long seed) {
    SeededRandom random = new SeededRandom(seed);
    int size = random.nextInt(1, 40);
    FloatMatrix inputs = skewed(random, random.nextInt(1, 1300), size);
    float[] weights = new float[inputs.rows()];
    for (int t = 0; t < weights.length; t++) {
      weights[t] = t % 7 == 3 ? 0 : (float) random.nextDouble() * 3;
    }
    InputStatistics statistics = InputStatistics.withGram(size);
    statistics.add(inputs, weights, COMPUTE);

    assertMoment(moment(inputs, weights), statistics.gram().orElseThrow(), 1e-5, random);
    double total = 0;
    int used = 0;
    for (float weight : weights) {
      total += weight;
      used += weight > 0 ? 1 : 0;
    }
    assertEquals(total, statistics.weight(), 1e-9 * total, random::toString);
    assertEquals(used, statistics.tokens(), random::toString);
    ChannelRanges ranges = statistics.ranges().orElseThrow();
    for (int j = 0; j < size; j++) {
      double mean = 0;
      double magnitude = 0;
      float least = Float.POSITIVE_INFINITY;
      float most = Float.NEGATIVE_INFINITY;
      for (int t = 0; t < weights.length; t++) {
        if (weights[t] > 0) {
          mean += weights[t] * inputs.get(t, j) / total;
          magnitude += weights[t] * Math.abs(inputs.get(t, j)) / total;
          least = Math.min(least, inputs.get(t, j));
          most = Math.max(most, inputs.get(t, j));
        }
      }
      assertEquals(mean, statistics.mean()[j], 1e-5, random::toString);
      assertEquals(magnitude, statistics.meanAbsolute().orElseThrow()[j], 1e-5, random::toString);
      assertEquals(least, ranges.minimum()[j], random::toString);
      assertEquals(most, ranges.maximum()[j], random::toString);
      assertEquals(
          Math.max(Math.abs(least), Math.abs(most)), ranges.absoluteMaximum()[j], random::toString);
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {4, 5, 6})
  void mergedPartsEqualTheWhole(long seed) {
    SeededRandom random = new SeededRandom(seed);
    int size = random.nextInt(2, 50);
    FloatMatrix inputs = skewed(random, 300, size);
    int cut = random.nextInt(1, 299);
    InputStatistics whole = InputStatistics.withGram(size);
    whole.add(inputs, COMPUTE);
    InputStatistics left = InputStatistics.withGram(size);
    left.add(inputs.rowRange(0, cut), COMPUTE);
    InputStatistics right = InputStatistics.withGram(size);
    right.add(inputs.rowRange(cut, 300), COMPUTE);
    left.merge(right);

    assertMoment(moment(inputs, ones(300)), left.gram().orElseThrow(), 1e-5, random);
    assertArrayEquals(whole.mean(), left.mean(), 1e-12, random::toString);
    assertArrayEquals(whole.meanAbsolute().orElseThrow(), left.meanAbsolute().orElseThrow(), 1e-12);
    assertArrayEquals(
        whole.ranges().orElseThrow().minimum(), left.ranges().orElseThrow().minimum());
    assertArrayEquals(
        whole.ranges().orElseThrow().maximum(), left.ranges().orElseThrow().maximum());
    assertEquals(300, left.tokens());
    assertEquals(300, left.weight());
    assertThrows(
        IllegalArgumentException.class, () -> left.merge(InputStatistics.ofChannels(size)));
  }

  @Test
  void threadsDoNotShow() {
    SeededRandom random = new SeededRandom(7);
    FloatMatrix inputs = skewed(random, 700, 300);
    inputs.put(13, 5, Float.NaN);
    float[] weights = new float[700];
    for (int t = 0; t < 700; t++) {
      weights[t] = (float) random.nextDouble();
    }
    InputStatistics one = InputStatistics.withGram(300);
    one.add(inputs, weights, COMPUTE);
    InputStatistics three = InputStatistics.withGram(300);
    three.add(inputs, weights, COMPUTE.withTeam(WorkerTeam.ofThreads(3)));
    assertArrayEquals(one.gram().orElseThrow().values(), three.gram().orElseThrow().values());
    assertArrayEquals(one.mean(), three.mean());
    assertArrayEquals(one.meanAbsolute().orElseThrow(), three.meanAbsolute().orElseThrow());
    assertEquals(1, three.skippedTokens());
  }

  @Test
  void badTokensAreLeftOutAndCounted() {
    SeededRandom random = new SeededRandom(8);
    FloatMatrix clean = skewed(random, 1100, 9);
    FloatMatrix dirty = FloatMatrix.zeros(1104, 9);
    float[] bad = {
      Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY, 2 * InputStatistics.LARGEST
    };
    int[] at = {0, 77, 600, 1103};
    int from = 0;
    int next = 0;
    for (int t = 0; t < 1104; t++) {
      if (next < 4 && at[next] == t) {
        dirty.put(t, next, bad[next]);
        next++;
      } else {
        System.arraycopy(clean.data(), from * 9, dirty.data(), t * 9, 9);
        from++;
      }
    }
    InputStatistics expected = InputStatistics.withGram(9);
    expected.add(clean, COMPUTE);
    InputStatistics actual = InputStatistics.withGram(9);
    actual.add(dirty, COMPUTE);
    assertEquals(4, actual.skippedTokens());
    assertEquals(1100, actual.tokens());
    assertArrayEquals(expected.mean(), actual.mean());
    assertMoment(moment(clean, ones(1100)), actual.gram().orElseThrow(), 1e-5, random);
    assertTrue(actual.toString().contains("4 skipped"), actual::toString);
  }

  @Test
  void nothingButBadTokens() {
    InputStatistics statistics = InputStatistics.withGram(3);
    statistics.add(FloatMatrix.wrap(1, 3, new float[] {1, Float.NaN, 2}), COMPUTE);
    assertEquals(0, statistics.tokens());
    assertEquals(1, statistics.skippedTokens());
    assertTrue(statistics.ranges().isEmpty());
    assertTrue(statistics.meanAbsolute().isEmpty());
    assertArrayEquals(new double[3], statistics.mean());
    assertArrayEquals(new float[9], statistics.gram().orElseThrow().values());
  }

  @Test
  void transformsEqualObservingTheTransformedInput() {
    SeededRandom random = new SeededRandom(9);
    int size = 12;
    FloatMatrix inputs = skewed(random, 200, size);
    InputStatistics statistics = InputStatistics.withGram(size);
    statistics.add(inputs, COMPUTE);
    float[] factors = random.gaussians(size);
    float[] shift = random.gaussians(size);
    int[] order = {3, 1, 0, 2, 11, 10, 4, 9, 5, 8, 7, 6};
    double[][] rotation = rotation(random, size);

    check(inputs, statistics.scaled(factors), (x, j) -> x[j] * factors[j], true, true);
    check(inputs, statistics.shifted(shift), (x, j) -> x[j] - shift[j], true, false);
    check(inputs, statistics.permuted(order), (x, j) -> x[order[j]], true, true);
    check(
        inputs,
        statistics.mapped(
            (data, offset) -> {
              float[] x = java.util.Arrays.copyOfRange(data, offset, offset + size);
              for (int j = 0; j < size; j++) {
                data[offset + j] = product(x, rotation, j);
              }
            },
            ALONE),
        (x, j) -> product(x, rotation, j),
        false,
        false);
  }

  private static float product(float[] x, double[][] matrix, int column) {
    double sum = 0;
    for (int i = 0; i < x.length; i++) {
      sum += x[i] * matrix[i][column];
    }
    return (float) sum;
  }

  private static double[][] rotation(SeededRandom random, int size) {
    RealMatrix draws = new Array2DRowRealMatrix(size, size);
    for (int i = 0; i < size; i++) {
      for (int j = 0; j < size; j++) {
        draws.setEntry(i, j, random.nextGaussian());
      }
    }
    return new QRDecomposition(draws).getQ().getData();
  }

  private interface Transform {
    float apply(float[] x, int channel);
  }

  private static void check(
      FloatMatrix inputs,
      InputStatistics actual,
      Transform transform,
      boolean knowsRanges,
      boolean knowsMagnitudes) {
    int size = inputs.columns();
    FloatMatrix changed = FloatMatrix.zeros(inputs.rows(), size);
    for (int t = 0; t < inputs.rows(); t++) {
      float[] x = java.util.Arrays.copyOfRange(inputs.data(), t * size, (t + 1) * size);
      for (int j = 0; j < size; j++) {
        changed.put(t, j, transform.apply(x, j));
      }
    }
    InputStatistics expected = InputStatistics.withGram(size);
    expected.add(changed, COMPUTE);
    assertMoment(moment(changed, ones(inputs.rows())), actual.gram().orElseThrow(), 1e-5, "moment");
    assertArrayEquals(expected.mean(), actual.mean(), 1e-5);
    assertEquals(expected.tokens(), actual.tokens());
    assertEquals(knowsRanges, actual.ranges().isPresent());
    assertEquals(knowsMagnitudes, actual.meanAbsolute().isPresent());
    if (knowsRanges) {
      ChannelRanges ranges = expected.ranges().orElseThrow();
      assertArrayEquals(ranges.minimum(), actual.ranges().orElseThrow().minimum(), 1e-6f);
      assertArrayEquals(ranges.maximum(), actual.ranges().orElseThrow().maximum(), 1e-6f);
    }
    if (knowsMagnitudes) {
      assertArrayEquals(
          expected.meanAbsolute().orElseThrow(), actual.meanAbsolute().orElseThrow(), 1e-5);
    } else {
      assertThrows(IllegalStateException.class, () -> actual.add(inputs, COMPUTE));
    }
  }

  @Test
  void outputErrorIsThatOfTheOutputs() {
    SeededRandom random = new SeededRandom(10);
    FloatMatrix inputs = skewed(random, 90, 21);
    FloatMatrix change = random.gaussianMatrix(600, 21);
    double[] errors = OutputError.perRow(change, Gram.of(inputs, COMPUTE), COMPUTE);
    double total = 0;
    for (int row = 0; row < 600; row++) {
      double expected = 0;
      for (int t = 0; t < 90; t++) {
        double y = 0;
        for (int j = 0; j < 21; j++) {
          y += (double) inputs.get(t, j) * change.get(row, j);
        }
        expected += y * y;
      }
      assertEquals(expected, errors[row], 1e-4 * expected, random::toString);
      total += errors[row];
    }
    assertEquals(
        total, OutputError.total(change, Gram.of(inputs, Compute.scalar()), COMPUTE), 1e-5 * total);
  }

  @Test
  void refusesWhatDoesNotFit() {
    InputStatistics statistics = InputStatistics.ofChannels(4);
    assertThrows(
        IllegalArgumentException.class, () -> statistics.add(FloatMatrix.zeros(2, 3), COMPUTE));
    assertThrows(
        IllegalArgumentException.class,
        () -> statistics.add(FloatMatrix.zeros(2, 4), new float[1], COMPUTE));
    assertThrows(
        IllegalArgumentException.class,
        () -> statistics.add(FloatMatrix.zeros(1, 4), new float[] {-1}, COMPUTE));
    assertThrows(IllegalArgumentException.class, () -> statistics.permuted(new int[] {0, 1, 2, 2}));
    assertThrows(IllegalArgumentException.class, () -> statistics.scaled(new float[3]));
    assertThrows(IllegalArgumentException.class, () -> InputStatistics.ofChannels(0));
    assertFalse(statistics.gram().isPresent());
  }
}
