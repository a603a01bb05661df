// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.decompose;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.linalg.Compute;
import io.github.quant4j.linear.ColumnTerm;
import io.github.quant4j.linear.DenseTerm;
import io.github.quant4j.linear.LowRankTerm;
import io.github.quant4j.linear.QuantizedLinear;
import io.github.quant4j.linear.WeightTerm;
import io.github.quant4j.matrix.SparseMatrix;
import io.github.quant4j.quantize.Quantizer;
import io.github.quant4j.rounding.GptqRounding;
import io.github.quant4j.scheme.QuantScheme;
import io.github.quant4j.search.MinMaxSearch;
import io.github.quant4j.statistic.InputStatistics;
import io.github.quant4j.tensor.DType;
import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.tensor.Tensor;
import io.github.quant4j.testing.SeededRandom;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import org.apache.commons.math3.linear.Array2DRowRealMatrix;
import org.apache.commons.math3.linear.CholeskyDecomposition;
import org.apache.commons.math3.linear.RealMatrix;
import org.apache.commons.math3.linear.SingularValueDecomposition;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DecompositionTest {
  private static final QuantizedSpec W3 =
      new QuantizedSpec(Quantizer.of("int3:g16:asym rtn"), false);

  private static FloatMatrix correlated(SeededRandom random, int tokens, int size) {
    FloatMatrix x = random.gaussianMatrix(tokens, size);
    for (int t = 0; t < tokens; t++) {
      float common = 2 * random.nextGaussian();
      for (int j = 0; j < size; j++) {
        x.data()[t * size + j] = (x.data()[t * size + j] + common) * (j % 9 == 4 ? 6 : 1);
      }
    }
    return x;
  }

  private static InputStatistics statistics(FloatMatrix x) {
    InputStatistics statistics = InputStatistics.withGram(x.columns());
    statistics.add(x, Compute.scalar());
    return statistics;
  }

  private static FitProblem problem(FloatMatrix weights, FloatMatrix x) {
    return FitProblem.of(weights.rows(), weights.columns(), Compute.scalar())
        .withStatistics(statistics(x));
  }

  /** {@code |X E^T|^2 / tokens} in double. */
  private static double outputError(FloatMatrix x, FloatMatrix weights, FloatMatrix approximation) {
    double sum = 0;
    for (int t = 0; t < x.rows(); t++) {
      for (int r = 0; r < weights.rows(); r++) {
        double e = 0;
        for (int j = 0; j < x.columns(); j++) {
          e += x.get(t, j) * ((double) approximation.get(r, j) - weights.get(r, j));
        }
        sum += e * e;
      }
    }
    return sum / x.rows();
  }

  private static Decomposition.Result fit(
      FloatMatrix weights, FitProblem problem, int loops, TermSpec... terms) {
    return new Decomposition(List.of(terms), loops).fit(weights, problem);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6})
  void moreTermsAndMoreLoopsNeverDoWorse(long seed) {
    SeededRandom random = new SeededRandom(seed);
    FloatMatrix weights = random.gaussianMatrix(24, 48);
    FloatMatrix x = correlated(random, 90, 48);
    FitProblem problem = problem(weights, x);
    double alone = fit(weights, problem, 1, W3).error();
    TermSpec lowRank =
        new LowRankSpec(4, LowRankSpec.Weighting.WEIGHTED, LowRankSpec.Factors.F32, false);
    double once = fit(weights, problem, 1, W3, lowRank).error();
    Decomposition.Result looped = fit(weights, problem, 8, W3, lowRank);
    assertTrue(once < alone, () -> random + ": low rank " + once + " of " + alone);
    assertTrue(looped.error() <= once, () -> random + ": " + looped.errors() + " after " + once);
    assertEquals(once, looped.errors().getFirst(), 1e-6 * once);
    for (OutlierCriterion criterion :
        new OutlierCriterion[] {
          OutlierCriterion.MAGNITUDE,
          OutlierCriterion.SALIENCY,
          OutlierCriterion.ROUNDING,
          OutlierCriterion.SENSITIVITY
        }) {
      TermSpec sparse = new SparseSpec(0.05, 0, criterion, DType.F32, false);
      double kept = fit(weights, problem, 1, W3, sparse).error();
      assertTrue(kept < alone, () -> random + ", " + criterion + ": " + kept + " of " + alone);
      double more = fit(weights, problem, 5, W3, sparse).error();
      assertTrue(more <= kept, () -> random + ", " + criterion + ": " + more + " of " + kept);
    }
    double planes =
        fit(weights, problem, 1, W3, new QuantizedSpec(Quantizer.of("int3:g16:asym rtn"), true))
            .error();
    assertTrue(planes < 0.1 * alone, () -> random + ": two planes " + planes + " of " + alone);
  }

  /** With error feedback outliers leave the grid and make up for the errors of the others. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4})
  void outliersHelpErrorFeedback(long seed) {
    SeededRandom random = new SeededRandom(seed);
    FloatMatrix weights = random.gaussianMatrix(32, 64);
    for (int i = 0; i < 40; i++) {
      weights.data()[random.nextInt(0, 32 * 64)] *= 8;
    }
    FloatMatrix x = correlated(random, 200, 64);
    FitProblem problem = problem(weights, x);
    TermSpec gptq =
        new QuantizedSpec(
            Quantizer.of(
                QuantScheme.parse("int3:g16:asym"),
                new MinMaxSearch(),
                List.of(GptqRounding.defaults())),
            false);
    double nearest = fit(weights, problem, 1, W3).error();
    double alone = fit(weights, problem, 1, gptq).error();
    TermSpec sparse = new SparseSpec(0.02, 0, OutlierCriterion.ROUNDING, DType.F16, false);
    double kept = fit(weights, problem, 1, gptq, sparse).error();
    assertTrue(alone < nearest, () -> random + ": gptq " + alone + " of " + nearest);
    assertTrue(kept < 0.7 * alone, () -> random + ": outliers " + kept + " of " + alone);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void theReportedErrorIsThatOfTheOutputs(long seed) {
    SeededRandom random = new SeededRandom(seed);
    FloatMatrix weights = random.gaussianMatrix(10, 32);
    FloatMatrix x = correlated(random, 40, 32);
    Decomposition.Result result =
        fit(
            weights,
            problem(weights, x),
            3,
            W3,
            new SparseSpec(0.02, 0, OutlierCriterion.SALIENCY, DType.F16, false),
            new LowRankSpec(2, LowRankSpec.Weighting.SCALED, LowRankSpec.Factors.F16, false));
    FloatMatrix sum = QuantizedLinear.of(result.terms()).toDense();
    assertArrayEquals(sum.data(), result.weights().data(), 1e-6f);
    double expected = outputError(x, weights, sum);
    assertEquals(expected, result.error(), 1e-3 * expected, random::toString);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4})
  void weightedLowRankIsTheBestOfItsRank(long seed) {
    SeededRandom random = new SeededRandom(seed);
    int size = 24;
    FloatMatrix weights = random.gaussianMatrix(16, size);
    FloatMatrix x = correlated(random, 200, size);
    FitProblem problem = problem(weights, x);
    LowRankTerm term =
        (LowRankTerm)
            new LowRankSpec(5, LowRankSpec.Weighting.WEIGHTED, LowRankSpec.Factors.F32, true)
                .fit(weights, problem)
                .getFirst();
    FloatMatrix fitted = Matrices.dense(16, size, List.of(term));
    double error = outputError(x, weights, fitted);
    // Eckart and Young: the rest of the spectrum of W R, with R the root of the moment.
    RealMatrix moment = new Array2DRowRealMatrix(size, size);
    for (int t = 0; t < x.rows(); t++) {
      for (int i = 0; i < size; i++) {
        for (int j = 0; j < size; j++) {
          moment.addToEntry(i, j, (double) x.get(t, i) * x.get(t, j) / x.rows());
        }
      }
    }
    RealMatrix root = new CholeskyDecomposition(moment).getL();
    RealMatrix w = new Array2DRowRealMatrix(16, size);
    for (int i = 0; i < 16 * size; i++) {
      w.setEntry(i / size, i % size, weights.data()[i]);
    }
    double[] values = new SingularValueDecomposition(w.multiply(root)).getSingularValues();
    double best = 0;
    for (int k = 5; k < values.length; k++) {
      best += values[k] * values[k];
    }
    double optimum = best;
    assertTrue(
        error >= optimum * (1 - 1e-4) && error <= optimum * 1.01,
        () -> random + ": " + error + ", optimum " + optimum);
    WeightTerm plain =
        new LowRankSpec(5, LowRankSpec.Weighting.PLAIN, LowRankSpec.Factors.F32, true)
            .fit(weights, problem)
            .getFirst();
    double other = outputError(x, weights, Matrices.dense(16, size, List.of(plain)));
    assertTrue(error < other, () -> random + ": weighted " + error + ", plain " + other);
  }

  @Test
  void plainLowRankOfALowRankMatrixIsExact() {
    SeededRandom random = new SeededRandom(9);
    LowRankTerm made =
        new LowRankTerm(
            new DenseTerm(random.gaussianMatrix(12, 3), DType.F32),
            new DenseTerm(random.gaussianMatrix(3, 20), DType.F32));
    FloatMatrix weights = Matrices.dense(12, 20, List.of(made));
    WeightTerm fitted =
        new LowRankSpec(3, LowRankSpec.Weighting.PLAIN, LowRankSpec.Factors.F32, false)
            .fit(weights, FitProblem.of(12, 20, Compute.scalar()))
            .getFirst();
    assertArrayEquals(weights.data(), Matrices.dense(12, 20, List.of(fitted)).data(), 1e-4f);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void ternaryPlanesReachTheKnownErrorOfNormalWeights(long seed) {
    SeededRandom random = new SeededRandom(seed);
    FloatMatrix weights = random.gaussianMatrix(32, 256);
    PlanesSpec spec =
        new PlanesSpec(QuantScheme.parse("ternary:g128:sym"), PlanesSpec.DEFAULT_ITERATIONS, false);
    List<WeightTerm> planes = spec.fit(weights, FitProblem.of(32, 256, Compute.scalar()));
    assertEquals(2, planes.size());
    FloatMatrix sum = Matrices.dense(32, 256, planes);
    double error = 0;
    for (int i = 0; i < sum.data().length; i++) {
      double e = (double) sum.data()[i] - weights.data()[i];
      error += e * e / sum.data().length;
    }
    // Nine levels placed freely reach 0.0279 for a normal distribution (Max, 1960), eight evenly
    // spaced ones 0.0374.
    double measured = error;
    assertTrue(error > 0.026 && error < 0.0295, () -> random + ": " + measured);
    // Two bits for each ternary value and a binary16 scale for 128 of them, twice.
    assertEquals(2 * (2 + 16.0 / 128), QuantizedLinear.of(planes).bitsPerWeight(), 1e-9);
  }

  @Test
  void ternaryPlanesOfZerosAreZero() {
    FloatMatrix zeros = FloatMatrix.zeros(4, 32);
    PlanesSpec spec = new PlanesSpec(QuantScheme.parse("ternary:g16:sym"), 5, false);
    FloatMatrix sum =
        Matrices.dense(4, 32, spec.fit(zeros, FitProblem.of(4, 32, Compute.scalar())));
    assertArrayEquals(new float[4 * 32], sum.data());
  }

  @Test
  void splitPartsAreDisjointAndAddUp() {
    SeededRandom random = new SeededRandom(4);
    FloatMatrix weights = random.gaussianMatrix(8, 64);
    Quantizer quantizer = Quantizer.of("int2:channel:asym rtn");
    FitProblem problem = FitProblem.of(8, 64, Compute.scalar());
    double split = fit(weights, problem, 1, new SplitSpec(quantizer, 3)).error();
    double alone = fit(weights, problem, 1, new QuantizedSpec(quantizer, false)).error();
    assertTrue(split < 0.5 * alone, () -> split + " of " + alone);
  }

  @Test
  void columnsAreSplitByTheMagnitudeOfTheirInput() {
    SeededRandom random = new SeededRandom(5);
    FloatMatrix weights = random.gaussianMatrix(8, 64);
    FloatMatrix x = random.gaussianMatrix(50, 64);
    for (int t = 0; t < 50; t++) {
      for (int j : new int[] {3, 17, 40, 63}) {
        x.put(t, j, 50 * x.get(t, j));
      }
    }
    ColumnsSpec spec =
        new ColumnsSpec(Quantizer.of("int4:channel:sym rtn"), 4.0 / 64, Optional.empty());
    List<WeightTerm> terms = spec.fit(weights, problem(weights, x));
    ColumnTerm wide = (ColumnTerm) terms.get(1);
    assertArrayEquals(new int[] {3, 17, 40, 63}, wide.sources());
    assertEquals(60, ((ColumnTerm) terms.get(0)).sources().length);
    assertTrue(!wide.hasQuantizedInput());
    // Groups of sixteen leave a multiple of sixteen to the narrow columns.
    ColumnsSpec grouped = new ColumnsSpec(Quantizer.of("int4:g16:sym rtn"), 0.01, Optional.empty());
    assertEquals(
        48, ((ColumnTerm) grouped.fit(weights, problem(weights, x)).get(0)).sources().length);
    assertThrows(
        IllegalArgumentException.class,
        () ->
            new ColumnsSpec(Quantizer.of("int4:g64:sym rtn"), 0.01, Optional.empty())
                .fit(weights, problem(weights, x)));
  }

  @Test
  void outliersAreChosenByTheirScore() {
    float[] scores = {1, 5, 2, 5, 0, 3, 0, 0};
    BitSet chosen = OutlierSelection.highest(scores, 3.0 / 8);
    assertEquals(BitSet.valueOf(new long[] {0b101010}), chosen);
    assertEquals(1, OutlierSelection.highest(scores, 1.0 / 8).nextSetBit(0), "the first of equals");
    assertEquals(5, OutlierSelection.highest(scores, 0.99).cardinality(), "zeros do not count");
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4})
  void sparseMatricesStoreWhatTheyCount(long seed) {
    SeededRandom random = new SeededRandom(seed);
    int rows = random.nextInt(1, 30);
    int columns = random.nextInt(1, 50);
    FloatMatrix dense = random.gaussianMatrix(rows, columns);
    BitSet kept = new BitSet();
    for (int i = 0; i < rows * columns; i++) {
      kept.set(i, random.nextDouble() < 0.1);
    }
    for (DType dtype : new DType[] {DType.F16, DType.F32}) {
      SparseMatrix matrix = SparseMatrix.of(dense, kept, dtype);
      long bits = matrix.parts().values().stream().mapToLong(Tensor::byteSize).sum() * 8;
      assertEquals(bits, matrix.storageBits(), random::toString);
      SparseMatrix read = SparseMatrix.read(rows, columns, matrix.parts());
      float[] row = new float[columns];
      float[] other = new float[columns];
      for (int r = 0; r < rows; r++) {
        java.util.Arrays.fill(row, 0);
        java.util.Arrays.fill(other, 0);
        matrix.addRow(r, row, 0);
        read.addRow(r, other, 0);
        assertArrayEquals(row, other);
        for (int c = 0; c < columns; c++) {
          float expected = kept.get(r * columns + c) ? dense.get(r, c) : 0;
          assertEquals(expected, row[c], dtype == DType.F32 ? 0 : 1e-3 * Math.abs(expected));
        }
      }
    }
    FloatMatrix huge = FloatMatrix.wrap(1, 2, new float[] {1e6f, 1});
    BitSet both = new BitSet();
    both.set(0, 2);
    assertEquals(DType.F32, SparseMatrix.of(huge, both, DType.F16).valueType());
  }

  @Test
  void badSparsePartsAreRefused() {
    BitSet kept = new BitSet();
    kept.set(0, 6);
    SparseMatrix matrix =
        SparseMatrix.of(new SeededRandom(1).gaussianMatrix(2, 3), kept, DType.F32);
    assertThrows(IllegalArgumentException.class, () -> SparseMatrix.read(3, 3, matrix.parts()));
    assertThrows(IllegalArgumentException.class, () -> SparseMatrix.read(2, 2, matrix.parts()));
    var missing = new java.util.HashMap<>(matrix.parts());
    missing.remove("columns");
    assertThrows(IllegalArgumentException.class, () -> SparseMatrix.read(2, 3, missing));
  }

  @Test
  void oneMainTermIsExpected() {
    assertThrows(IllegalArgumentException.class, () -> new Decomposition(List.of(), 1));
    assertThrows(IllegalArgumentException.class, () -> new Decomposition(List.of(W3, W3), 1));
    assertThrows(IllegalArgumentException.class, () -> new Decomposition(List.of(W3), 0));
  }
}
