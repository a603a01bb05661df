// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.decompose;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.linalg.Compute;
import io.github.quant4j.linear.ColumnTerm;
import io.github.quant4j.linear.LowRankTerm;
import io.github.quant4j.linear.QuantizedLinear;
import io.github.quant4j.linear.SparseTerm;
import io.github.quant4j.linear.WeightTerm;
import io.github.quant4j.matrix.SparseMatrix;
import io.github.quant4j.quantize.Quantizer;
import io.github.quant4j.recipe.Recipe;
import io.github.quant4j.recipe.RecipeException;
import io.github.quant4j.statistic.Gram;
import io.github.quant4j.statistic.InputStatistics;
import io.github.quant4j.statistic.StatisticNeed;
import io.github.quant4j.tensor.DType;
import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.testing.SeededRandom;
import java.util.BitSet;
import java.util.List;
import org.apache.commons.math3.linear.Array2DRowRealMatrix;
import org.apache.commons.math3.linear.EigenDecomposition;
import org.apache.commons.math3.linear.RealMatrix;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Outliers that are kept as they are, or chosen while the others are rounded. */
class OutlierTermsTest {
  private static final int ROWS = 32;
  private static final int COLUMNS = 64;

  private final SeededRandom random = new SeededRandom(41);
  private final FloatMatrix weights = weights();
  private final FloatMatrix inputs = inputs();

  private FloatMatrix weights() {
    FloatMatrix matrix = random.gaussianMatrix(ROWS, COLUMNS);
    for (int i = 0; i < 40; i++) {
      matrix.data()[random.nextInt(0, ROWS * COLUMNS)] *= 6;
    }
    return matrix;
  }

  private FloatMatrix inputs() {
    FloatMatrix x = random.gaussianMatrix(256, COLUMNS);
    for (int t = 0; t < x.rows(); t++) {
      float common = 2 * random.nextGaussian();
      for (int j = 0; j < COLUMNS; j++) {
        x.put(t, j, (x.get(t, j) + common) * (j % 9 == 4 ? 6 : 1));
      }
    }
    return x;
  }

  private Decomposition.Result fit(String recipe) {
    InputStatistics statistics = InputStatistics.withGram(COLUMNS);
    statistics.add(inputs, Compute.scalar());
    return Recipe.parse(recipe)
        .decomposition()
        .fit(
            weights,
            FitProblem.of(ROWS, COLUMNS, Compute.scalar()).withStatistics(statistics));
  }

  private static SparseMatrix sparse(Decomposition.Result result) {
    return result.terms().stream()
        .filter(SparseTerm.class::isInstance)
        .map(term -> ((SparseTerm) term).matrix())
        .findFirst()
        .orElseThrow();
  }

  /** On grids without a zero too, what is kept is the weight, not the weight and a level. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "codebook(8):channel rtn + sparse(0.02)",
        "codebook(8):channel rtn + sparse(0.02,sensitivity)",
        "binary:g32:sym mse rtn + sparse(0.05)",
        "levels(-3,-1,1,3):channel:sym mse rtn + sparse(2sigma)",
        "binary:g32:sym mse rtn + sparse(0.05,magnitude,f32)",
      })
  void keptWeightsAreKept(String recipe) {
    Decomposition.Result result = fit(recipe);
    SparseMatrix sparse = sparse(result);
    assertTrue(sparse.count() > 20, recipe);
    for (int row = 0; row < ROWS; row++) {
      for (int i = sparse.rowStart(row); i < sparse.rowStart(row + 1); i++) {
        float weight = weights.get(row, sparse.column(i));
        assertEquals(
            weight,
            result.weights().get(row, sparse.column(i)),
            2e-3 * Math.abs(weight) + 1e-4,
            () -> recipe + ", " + random);
      }
    }
  }

  /** The mask within the loop beats one that is chosen beforehand, at the same share. */
  @ParameterizedTest
  @CsvSource({
    "int3:g16:asym gptq, int3:g16:asym gptq",
    "int3:g16:asym gptq(act-order), int3:g16:asym gptq(act-order)",
    "int3:g16:asym gptq(current), int3:g16:asym gptq",
    "'int3:g16:asym gptq(act-order,current)', int3:g16:asym gptq(act-order)",
  })
  void theLoopChoosesBetter(String recipe, String before) {
    double loop = fit(recipe + " + sparse(0.02,loop)").error();
    double given = fit(before + " + sparse(0.02,rounding)").error();
    assertTrue(loop < 0.95 * given, () -> loop + " of " + given + ", " + random);
  }

  /** Groups of columns in the order of rounding: the sum of the terms has them in place again. */
  @Test
  void orderedColumnsComeBack() {
    Decomposition.Result result = fit("int4:g16:asym gptq(act-order,current)");
    ColumnTerm term = (ColumnTerm) result.terms().getFirst();
    int[] order = term.sources();
    for (int i = 1; i < order.length; i++) {
      double power = power(order[i - 1]);
      assertTrue(power >= power(order[i]) * (1 - 1e-5), random::toString);
    }
    double error = 0;
    double all = 0;
    for (int i = 0; i < ROWS * COLUMNS; i++) {
      error += Math.pow(result.weights().data()[i] - weights.data()[i], 2);
      all += Math.pow(weights.data()[i], 2);
    }
    assertTrue(error < 0.05 * all, random::toString);
    assertTrue(result.error() < fit("int4:g16:asym gptq(act-order)").error(), random::toString);
  }

  private double power(int column) {
    double sum = 0;
    for (int t = 0; t < inputs.rows(); t++) {
      sum += inputs.get(t, column) * inputs.get(t, column);
    }
    return sum;
  }

  /** The outlier-aware variant of QuantEase: less error than either order of its halves. */
  @Test
  void thresholdingInTurnWithSweepsLowersTheError() {
    double alone = fit("int3:channel:asym rtn>cd(20)").error();
    double before = fit("int3:channel:asym rtn>cd(20) + sparse(0.02)").error();
    double after = fit("int3:channel:asym rtn>cd(20) + sparse(0.02,magnitude,last)").error();
    Decomposition.Result turns = fit("int3:channel:asym rtn>cd(20) + sparse(0.02,iht)");
    assertTrue(turns.error() < 0.99 * before, () -> turns.error() + " of " + before);
    assertTrue(turns.error() < after, () -> turns.error() + " of " + after);
    assertTrue(turns.error() < 0.9 * alone, () -> turns.error() + " of " + alone);
    assertEquals(Math.round(0.02 * ROWS * COLUMNS), sparse(turns).count());
  }

  /** Each turn falls: a step by the largest eigenvalue and sweeps cannot raise the error. */
  @Test
  void theLargestEigenvalueIsThatOfTheMoment() {
    Gram gram = Gram.of(inputs, Compute.scalar());
    RealMatrix moment = new Array2DRowRealMatrix(COLUMNS, COLUMNS);
    for (int i = 0; i < COLUMNS; i++) {
      for (int j = 0; j < COLUMNS; j++) {
        moment.setEntry(i, j, gram.values()[i * COLUMNS + j]);
      }
    }
    double expected = new EigenDecomposition(moment).getRealEigenvalues()[0];
    assertEquals(expected, HardThresholding.largestEigenvalue(gram), 1e-3 * expected);
  }

  /** Factors of signs: each pair lowers the error by its own part. */
  @Test
  void factorsOfSignsLowerTheErrorOneByOne() {
    double last = Double.POSITIVE_INFINITY;
    for (int rank : new int[] {1, 2, 4, 8, 16}) {
      String recipe = "int2:g32:sym rtn + lowrank(" + rank + ",int1)";
      Decomposition.Result result = fit(recipe);
      LowRankTerm term = (LowRankTerm) result.terms().getLast();
      float[] left = new float[term.rank()];
      term.left().addRow(3, left, 0);
      for (float value : left) {
        assertEquals(1, Math.abs(value), 1e-6, recipe);
      }
      double error = 0;
      for (int i = 0; i < ROWS * COLUMNS; i++) {
        error += Math.pow(result.weights().data()[i] - weights.data()[i], 2);
      }
      assertTrue(error < last, recipe + ": " + error + " of " + last);
      last = error;
      assertEquals(
          QuantizedLinear.of(result.terms()).storageBits(),
          Recipe.parse(recipe).storageBits(ROWS, COLUMNS));
    }
  }

  /** A mantissa of 15 bits in two planes with exponents of the tensor. */
  @Test
  void twoPlanesMakeSharedExponentsOfSixteenBits() {
    Decomposition.Result result =
        fit("int8:tensor:sym:e8m0 rtn + plane(int8:tensor:sym:e8m0 rtn)");
    float largest = 0;
    for (float weight : weights.data()) {
      largest = Math.max(largest, Math.abs(weight));
    }
    for (int i = 0; i < ROWS * COLUMNS; i++) {
      assertEquals(weights.data()[i], result.weights().data()[i], 0x1p-14 * largest);
    }
  }

  /** Where a format or an axis is chosen, it is chosen by the output, so calibration is needed. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "int4:g64:asym rtn or int4:column(64):asym rtn",
        "e?m?(4):channel:sym mse rtn @ fp4e2m1:token:sym",
        "best(int8,e4m3):channel rtn",
      })
  void choicesAskForTheSecondMoment(String recipe) {
    assertTrue(Recipe.parse(recipe).needs().contains(StatisticNeed.GRAM), recipe);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "int4:g64 rtn + sparse(0.01,loop);gptq",
        "int4:g64 gptq + sparse(0.01,iht);cd(",
        "int4:g64 gptq + sparse(0.01,loop,last);while the others",
        "int4:g64 gptq>cd(2) + sparse(0.01,loop) + sparse(0.01,iht);besides",
        "ternary2:g64 + sparse(0.01,loop);one quantized matrix",
        "int4:g64 + plane(int2:g64 gptq(act-order,current));plane",
        "int4:g64 gptq(act-order,current) or int4:g32 rtn;leave out act-order",
        "int4:g64 gptq(act-order,current) + columns(0.1);leave out act-order",
        "int4:g64 gptq + sparse(2sigma,loop);not sigmas",
      })
  void whatDoesNotGoTogetherIsRefusedInThePlan(String recipe, String words) {
    RecipeException error = assertThrows(RecipeException.class, () -> Recipe.parse(recipe));
    assertTrue(String.valueOf(error.getMessage()).contains(words), error.getMessage());
  }

  @Test
  void channelScalesOfActivationsNeedColumnsInPlace() {
    Recipe recipe = Recipe.parse("int4:g64 gptq(act-order,current) @ int8:channel");
    assertThrows(IllegalArgumentException.class, () -> recipe.storageBits(64, 64));
    WeightTerm term = fit("int4:g16:asym gptq(act-order,current)").terms().getFirst();
    QuantizedLinear linear = QuantizedLinear.of(List.of(term));
    var quantizer =
        io.github.quant4j.activation.ActivationQuantizer.fixed(
            io.github.quant4j.activation.ActivationScheme.parse("int8:channel"),
            ones(COLUMNS),
            new float[COLUMNS]);
    assertThrows(IllegalArgumentException.class, () -> linear.withActivations(quantizer));
  }

  private static float[] ones(int count) {
    float[] ones = new float[count];
    java.util.Arrays.fill(ones, 1);
    return ones;
  }

  /** A quantizer of its own knows which weights have no say. */
  @Test
  void removedWeightsDoNotStretchACodebook() {
    BitSet removed = new BitSet();
    removed.set(5);
    FloatMatrix changed = weights.copy();
    changed.data()[5] = 100;
    var with =
        Quantizer.of("codebook(4):channel rtn")
            .run(changed, java.util.Optional.empty(), removed, Compute.scalar());
    float[] levels = with.matrix().grid().palette().format(0).levels();
    assertTrue(levels[levels.length - 1] < 50, random::toString);
    assertEquals(DType.F16, with.matrix().grid().palette().levelType());
  }
}
