// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.decompose;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.linalg.Compute;
import io.github.quant4j.linear.MixedTerm;
import io.github.quant4j.linear.QuantizedLinear;
import io.github.quant4j.linear.QuantizedTerm;
import io.github.quant4j.linear.WeightTerm;
import io.github.quant4j.quantize.Quantizer;
import io.github.quant4j.recipe.Recipe;
import io.github.quant4j.recipe.RecipeException;
import io.github.quant4j.statistic.Gram;
import io.github.quant4j.statistic.InputStatistics;
import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.testing.SeededRandom;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.commons.math3.linear.Array2DRowRealMatrix;
import org.apache.commons.math3.linear.CholeskyDecomposition;
import org.apache.commons.math3.linear.RealMatrix;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Widths within a layer, against choices made by brute force in doubles. */
class WidthsTest {

  /** Inputs that are correlated, and some of which are much larger than others. */
  private static FloatMatrix inputs(SeededRandom random, int tokens, int size) {
    FloatMatrix x = random.gaussianMatrix(tokens, size);
    for (int t = 0; t < tokens; t++) {
      for (int j = 1; j < size; j++) {
        float scale = j / 16 % 3 == 1 ? 3f : 0.7f;
        x.put(t, j, scale * x.get(t, j) + 0.5f * x.get(t, j - 1));
      }
    }
    return x;
  }

  private static FitProblem problem(FloatMatrix weights, FloatMatrix x) {
    InputStatistics statistics = InputStatistics.withGram(x.columns());
    statistics.add(x, Compute.scalar());
    return FitProblem.of(weights.rows(), weights.columns(), Compute.scalar())
        .withStatistics(statistics)
        .withSample(x);
  }

  private static FloatMatrix dense(WeightTerm term) {
    return QuantizedLinear.of(List.of(term)).toDense();
  }

  private static FloatMatrix rounded(String scheme, FloatMatrix weights) {
    return Quantizer.of(scheme + " rtn").quantize(weights, Compute.scalar()).dequantize();
  }

  /** {@code |X E^T|^2 / tokens} in double. */
  private static double outputError(FloatMatrix x, FloatMatrix weights, FloatMatrix changed) {
    double sum = 0;
    for (int t = 0; t < x.rows(); t++) {
      for (int r = 0; r < weights.rows(); r++) {
        double e = 0;
        for (int j = 0; j < x.columns(); j++) {
          e += x.get(t, j) * ((double) changed.get(r, j) - weights.get(r, j));
        }
        sum += e * e;
      }
    }
    return sum / x.rows();
  }

  /** {@code [H^-1]_jj} with a ten-thousandth of the mean diagonal added, as terms are fitted. */
  private static double[] inverseDiagonal(FloatMatrix x) {
    int n = x.columns();
    RealMatrix h = new Array2DRowRealMatrix(n, n);
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < n; j++) {
        double sum = 0;
        for (int t = 0; t < x.rows(); t++) {
          sum += (double) x.get(t, i) * x.get(t, j);
        }
        h.setEntry(i, j, sum / x.rows());
      }
    }
    double mean = h.getTrace() / n;
    for (int i = 0; i < n; i++) {
      h.addToEntry(i, i, 1e-4 * mean);
    }
    RealMatrix inverse = new CholeskyDecomposition(h, 1e-8, 0).getSolver().getInverse();
    double[] diagonal = new double[n];
    Arrays.setAll(diagonal, i -> inverse.getEntry(i, i));
    return diagonal;
  }

  private static Integer[] bySalience(FloatMatrix weights, FloatMatrix x, int size) {
    double[] inverse = inverseDiagonal(x);
    double[] salience = new double[weights.columns() / size];
    for (int r = 0; r < weights.rows(); r++) {
      for (int j = 0; j < weights.columns(); j++) {
        salience[j / size] += Math.pow(weights.get(r, j) / inverse[j], 2);
      }
    }
    return IntStream.range(0, salience.length)
        .boxed()
        .sorted(Comparator.comparingDouble(g -> salience[g]))
        .toArray(Integer[]::new);
  }

  private static double[] softmax(FloatMatrix x, int token, FloatMatrix weights) {
    double[] values = new double[weights.rows()];
    double total = 0;
    for (int r = 0; r < values.length; r++) {
      double y = 0;
      for (int j = 0; j < x.columns(); j++) {
        y += (double) x.get(token, j) * weights.get(r, j);
      }
      values[r] = y;
    }
    double largest = Arrays.stream(values).max().orElseThrow();
    for (int r = 0; r < values.length; r++) {
      values[r] = Math.exp(values[r] - largest);
      total += values[r];
    }
    for (int r = 0; r < values.length; r++) {
      values[r] /= total;
    }
    return values;
  }

  private static double divergence(FloatMatrix x, FloatMatrix weights, FloatMatrix changed) {
    double sum = 0;
    for (int t = 0; t < x.rows(); t++) {
      double[] p = softmax(x, t, weights);
      double[] q = softmax(x, t, changed);
      for (int r = 0; r < p.length; r++) {
        sum += p[r] > 0 ? p[r] * Math.log(p[r] / q[r]) : 0;
      }
    }
    return sum;
  }

  @ParameterizedTest
  @CsvSource({"1, kl", "2, kl", "3, kl", "4, error", "5, error", "6, kl"})
  void groupsAreWidenedToTheLeastDivergence(long seed, String measure) {
    SeededRandom random = new SeededRandom(seed);
    int groups = random.nextInt(3, 8);
    FloatMatrix weights = random.gaussianMatrix(32, 32 * groups);
    for (int i = 0; i < weights.data().length; i++) {
      weights.data()[i] *= i % weights.columns() / 32 == groups - 1 ? 0.8f : 0.2f;
    }
    FloatMatrix x = inputs(random, 60, 32 * groups);
    Integer[] order = bySalience(weights, x, 32);
    FloatMatrix[] trials = {
      rounded("int2:g32:asym", weights),
      rounded("int3:g32:asym", weights),
      rounded("int4:g32:asym", weights)
    };
    int[] best = new int[0];
    double least = Double.POSITIVE_INFINITY;
    double error = 0;
    for (int p = 0; p <= groups / 2; p++) {
      int[] index = new int[groups];
      for (int i = 0; i < groups; i++) {
        index[order[i]] = i < p ? 0 : i >= groups - p ? 2 : 1;
      }
      FloatMatrix mixed = FloatMatrix.zeros(32, 32 * groups);
      for (int i = 0; i < mixed.data().length; i++) {
        mixed.data()[i] = trials[index[i % mixed.columns() / 32]].data()[i];
      }
      double found =
          measure.equals("kl") ? divergence(x, weights, mixed) : outputError(x, weights, mixed);
      if (found < least) {
        least = found;
        best = index;
        error = outputError(x, weights, mixed);
      }
    }
    TermSpec spec =
        Recipe.parse("int3:g32:asym rtn + widths(" + measure + ")")
            .decomposition()
            .terms()
            .getFirst();
    WeightTerm term = spec.fit(weights, problem(weights, x)).getFirst();
    long wide = Arrays.stream(best).filter(part -> part == 2).count();
    assertEquals(wide, Arrays.stream(best).filter(part -> part == 0).count());
    if (wide == 0 || error > outputError(x, weights, trials[1])) {
      assertTrue(term instanceof QuantizedTerm, random.toString());
      return;
    }
    int[] index = ((MixedTerm) term).index();
    int[] expected = best;
    int[] present = Arrays.stream(best).distinct().sorted().toArray();
    assertArrayEquals(
        Arrays.stream(expected).map(part -> Arrays.binarySearch(present, part)).toArray(),
        index,
        random.toString());
    // Without feedback each group is rounded by itself.
    FloatMatrix found = dense(term);
    for (int i = 0; i < found.data().length; i++) {
      int group = i % found.columns() / 32;
      assertEquals(trials[expected[group]].data()[i], found.data()[i], random.toString());
    }
    if (wide * 2 < groups && groups > 2) {
      assertEquals(spec.storageBits(32, 32 * groups), term.storageBits(), random.toString());
    }
    assertEquals(
        3 * 32L * 32 * groups,
        ((MixedTerm) term)
            .parts().stream()
                .mapToLong(part -> ((QuantizedTerm) part).matrix().codes().storageBits())
                .sum());
  }

  /** Sets of columns one after the other are GPTQ on all of them in that order. */
  @ParameterizedTest
  @ValueSource(longs = {11, 12, 13, 14})
  void feedbackGoesFromPartToPart(long seed) {
    SeededRandom random = new SeededRandom(seed);
    FloatMatrix weights = random.gaussianMatrix(20, 64);
    FloatMatrix x = inputs(random, 200, 64);
    FitProblem problem = problem(weights, x);
    Quantizer gptq = Quantizer.of("int3:g16:asym gptq");
    int[] index = {1, 0, 1, 0};
    WeightTerm term = ColumnParts.fit(weights, problem, 16, List.of(gptq, gptq), index);
    double found = outputError(x, weights, dense(term));

    int[] order =
        IntStream.concat(
                IntStream.range(0, 64).filter(j -> index[j / 16] == 1),
                IntStream.range(0, 64).filter(j -> index[j / 16] == 0))
            .toArray();
    FloatMatrix permuted = FloatMatrix.zeros(20, 64);
    FloatMatrix inputs = FloatMatrix.zeros(200, 64);
    for (int i = 0; i < 64; i++) {
      for (int r = 0; r < 20; r++) {
        permuted.put(r, i, weights.get(r, order[i]));
      }
      for (int t = 0; t < 200; t++) {
        inputs.put(t, i, x.get(t, order[i]));
      }
    }
    Compute compute = Compute.scalar();
    FloatMatrix whole = gptq.quantize(permuted, Gram.of(inputs, compute), compute).dequantize();
    double expected = outputError(inputs, permuted, whole);
    // They are damped by themselves.
    assertEquals(expected, found, 0.1 * expected, random.toString());
    // Parts that do not know of each other do far worse.
    double apart =
        outputError(
            x,
            weights,
            dense(
                ColumnParts.fit(
                    weights,
                    problem,
                    16,
                    List.of(Quantizer.of("int3:g16:asym rtn"), Quantizer.of("int3:g16:asym rtn")),
                    index)));
    assertTrue(found < 0.9 * apart, () -> random + ": " + found + " of " + apart);
  }

  @ParameterizedTest
  @ValueSource(longs = {21, 22, 23})
  void groupsOfTheLargestRangeAreWide(long seed) {
    SeededRandom random = new SeededRandom(seed);
    FloatMatrix weights = random.gaussianMatrix(9, 128);
    double[] ranges = new double[8];
    for (int r = 0; r < 9; r++) {
      for (int g = 0; g < 8; g++) {
        int row = r;
        int group = g;
        double most =
            IntStream.range(0, 16)
                .mapToDouble(j -> weights.get(row, 16 * group + j))
                .max()
                .orElseThrow();
        double least =
            IntStream.range(0, 16)
                .mapToDouble(j -> weights.get(row, 16 * group + j))
                .min()
                .orElseThrow();
        ranges[g] += most - least;
      }
    }
    int[] expected = new int[8];
    IntStream.range(0, 8)
        .boxed()
        .sorted(Comparator.comparingDouble(g -> -ranges[g]))
        .limit(3)
        .forEach(g -> expected[g] = 1);
    TermSpec spec =
        Recipe.parse("int2:g16:asym rtn + groups(0.3,int4:g8:asym rtn)")
            .decomposition()
            .terms()
            .getFirst();
    MixedTerm term = (MixedTerm) spec.fit(weights, FitProblem.of(9, 128, Compute.scalar())).get(0);
    assertArrayEquals(expected, term.index(), random.toString());
    assertEquals(spec.storageBits(9, 128), term.storageBits());
    FloatMatrix x = inputs(random, 100, 128);
    MixedTerm salient =
        (MixedTerm)
            Recipe.parse("int2:g16:asym rtn + groups(0.3,int4:g8:asym rtn,salience)")
                .decomposition()
                .terms()
                .getFirst()
                .fit(weights, problem(weights, x))
                .get(0);
    Integer[] order = bySalience(weights, x, 16);
    int[] wide = new int[8];
    for (int i = 5; i < 8; i++) {
      wide[order[i]] = 1;
    }
    assertArrayEquals(wide, salient.index(), random.toString());
  }

  @ParameterizedTest
  @ValueSource(longs = {31, 32, 33})
  void rowsOfTheLargestErrorAreWide(long seed) {
    SeededRandom random = new SeededRandom(seed);
    FloatMatrix weights = random.gaussianMatrix(20, 48);
    FloatMatrix x = inputs(random, 100, 48);
    FloatMatrix rounded = rounded("int3:g16:asym", weights);
    double[] errors = new double[20];
    for (int t = 0; t < x.rows(); t++) {
      for (int r = 0; r < 20; r++) {
        double e = 0;
        for (int j = 0; j < 48; j++) {
          e += x.get(t, j) * ((double) rounded.get(r, j) - weights.get(r, j));
        }
        errors[r] += e * e / x.rows();
      }
    }
    RowsSpec spec =
        (RowsSpec)
            Recipe.parse("int3:g16:asym gptq + rows(0.25,int8:channel:sym rtn)")
                .decomposition()
                .terms()
                .getFirst();
    double[] found = spec.sensitivities(weights, problem(weights, x));
    for (int r = 0; r < 20; r++) {
      assertEquals(errors[r], found[r], 1e-3 * errors[r], random.toString());
    }
    int[] expected = new int[20];
    IntStream.range(0, 20)
        .boxed()
        .sorted(Comparator.comparingDouble(r -> -errors[r]))
        .limit(5)
        .forEach(r -> expected[r] = 1);
    MixedTerm term = (MixedTerm) spec.fit(weights, problem(weights, x)).get(0);
    assertArrayEquals(expected, term.index(), random.toString());
    assertEquals(spec.storageBits(20, 48), term.storageBits());
    // Rows do not know of each other: each is what its quantizer makes of it.
    Gram gram = Gram.of(x, Compute.scalar());
    FloatMatrix narrow =
        Quantizer.of("int3:g16:asym gptq").quantize(weights, gram, Compute.scalar()).dequantize();
    FloatMatrix wide = rounded("int8:channel:sym", weights);
    FloatMatrix dense = dense(term);
    for (int r = 0; r < 20; r++) {
      for (int j = 0; j < 48; j++) {
        float wanted = (expected[r] == 1 ? wide : narrow).get(r, j);
        assertEquals(wanted, dense.get(r, j), 1e-6, random.toString());
      }
    }
    // Shares that come to no row or all of them leave one matrix.
    assertEquals("int3:g16:asym gptq", spec.withRows(0, 20).label());
    assertEquals("int8:channel:sym rtn", spec.withRows(20, 20).label());
    assertEquals(7, countOfWideRows(spec.withRows(7, 20), weights, x));
  }

  private static long countOfWideRows(TermSpec spec, FloatMatrix weights, FloatMatrix x) {
    MixedTerm term = (MixedTerm) spec.fit(weights, problem(weights, x)).get(0);
    return Arrays.stream(term.index()).filter(part -> part == 1).count();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "int2:channel:asym rtn + widths; groups of inputs",
        "int8:g64:asym rtn + widths; int2 to int7",
        "nf4:g64:sym rtn + widths; int2 to int7",
        "int2:g64:asym rtn + widths(much); much",
        "int2:g64:asym rtn + groups(0.5); QUANTIZER",
        "int2:g64:asym rtn + groups(0.5,int4:g48:asym rtn); divides 64",
        "int2:g64:asym rtn + groups(1,int4:g64:asym rtn); below 1",
        "int2:g64:asym rtn + rows(0,int4:g64:asym rtn); above 0",
        "int2:g64:asym rtn + rows(0.1,int4:g64:asym rtn,all); all",
        "int2:g64:asym rtn + rows(0.1,int8:g64 rtn) + widths; one quantized matrix",
      })
  void recipesThatMakeNoSenseAreRefused(String recipe, String message) {
    RecipeException error = assertThrows(RecipeException.class, () -> Recipe.parse(recipe));
    assertTrue(String.valueOf(error.getMessage()).contains(message), error::getMessage);
  }
}
