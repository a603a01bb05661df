// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.layer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.kernel.KernelOptions;
import io.github.quant4j.kernel.Kernels;
import io.github.quant4j.linalg.Compute;
import io.github.quant4j.linear.QuantizedLinear;
import io.github.quant4j.statistic.CrossMoment;
import io.github.quant4j.statistic.InputStatistics;
import io.github.quant4j.statistic.UpstreamError;
import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.testing.SeededRandom;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.apache.commons.math3.linear.Array2DRowRealMatrix;
import org.apache.commons.math3.linear.LUDecomposition;
import org.apache.commons.math3.linear.MatrixUtils;
import org.apache.commons.math3.linear.RealMatrix;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Targets against the formula in double, on random inputs. */
class RetargetingTest {
  private static final int IN = 24;
  private static final int OUT = 16;
  private static final int TOKENS = 200;
  private static final KernelOptions SCALAR = KernelOptions.defaults().withProvider("scalar");

  private final SeededRandom random = new SeededRandom(5);
  private final FloatMatrix weights = random.gaussianMatrix(OUT, IN);
  private FloatMatrix x = correlated(TOKENS);
  private FloatMatrix error = errors(x);
  private FloatMatrix residual = random.gaussianMatrix(TOKENS, OUT);
  private float[] tokenWeights = ones(TOKENS);
  private Optional<UpstreamError.Sample> heldOut = Optional.empty();

  private FloatMatrix correlated(int tokens) {
    FloatMatrix result = random.gaussianMatrix(tokens, IN);
    for (int t = 0; t < tokens; t++) {
      float common = random.nextGaussian();
      for (int j = 0; j < IN; j++) {
        result.put(t, j, (result.get(t, j) + common) * (j % 7 == 3 ? 20 : 1));
      }
    }
    return result;
  }

  /** A part that is linear in the input, and noise. */
  private FloatMatrix errors(FloatMatrix inputs) {
    FloatMatrix result = random.gaussianMatrix(inputs.rows(), IN);
    for (int t = 0; t < inputs.rows(); t++) {
      for (int j = 0; j < IN; j++) {
        result.put(t, j, 0.2f * result.get(t, j) + 0.1f * inputs.get(t, (j + 1) % IN));
      }
    }
    return result;
  }

  private static float[] ones(int count) {
    float[] result = new float[count];
    Arrays.fill(result, 1);
    return result;
  }

  private LayerInput input(Compute compute) {
    InputStatistics statistics = InputStatistics.withGram(IN);
    statistics.add(x, tokenWeights, compute);
    CrossMoment ofInput = CrossMoment.empty(IN, IN);
    ofInput.add(error, x, tokenWeights, compute);
    CrossMoment ofResidual = CrossMoment.empty(OUT, IN);
    ofResidual.add(residual, x, tokenWeights, compute);
    return LayerInput.of(statistics)
        .withUpstreamError(new UpstreamError(ofInput, Optional.of(ofResidual), heldOut));
  }

  private LinearQuantizationResult quantize(String recipe) {
    return LinearQuantizer.of(recipe)
        .withOptions(SCALAR)
        .quantize(weights, input(SCALAR.compute()));
  }

  private static RealMatrix real(FloatMatrix matrix) {
    RealMatrix result = new Array2DRowRealMatrix(matrix.rows(), matrix.columns());
    for (int i = 0; i < matrix.rows(); i++) {
      for (int j = 0; j < matrix.columns(); j++) {
        result.setEntry(i, j, matrix.get(i, j));
      }
    }
    return result;
  }

  /** {@code W + a W E^T R X (X^T R X + l I)^-1 + r S^T R X (...)^-1}. */
  private RealMatrix oracle(double strength, double ofResidual) {
    RealMatrix inputs = real(x);
    double[] shares = new double[tokenWeights.length];
    for (int t = 0; t < shares.length; t++) {
      shares[t] = tokenWeights[t];
    }
    RealMatrix weighted = MatrixUtils.createRealDiagonalMatrix(shares).multiply(inputs);
    RealMatrix moment = inputs.transpose().multiply(weighted);
    double damping = 0.01 * moment.getTrace() / IN;
    for (int j = 0; j < IN; j++) {
      moment.addToEntry(j, j, damping);
    }
    RealMatrix inverse = new LUDecomposition(moment).getSolver().getInverse();
    RealMatrix wanted =
        real(weights).multiply(real(error).transpose().multiply(weighted)).scalarMultiply(strength);
    wanted = wanted.add(real(residual).transpose().multiply(weighted).scalarMultiply(ofResidual));
    return real(weights).add(wanted.multiply(inverse));
  }

  private void assertTarget(RealMatrix expected, FloatMatrix actual) {
    assertTarget(expected, actual, 2e-4);
  }

  private void assertTarget(RealMatrix expected, FloatMatrix actual, double tolerance) {
    assertTrue(actual.isFinite(), random.toString());
    for (int i = 0; i < OUT; i++) {
      for (int j = 0; j < IN; j++) {
        assertEquals(
            expected.getEntry(i, j), actual.get(i, j), tolerance, i + ", " + j + ", " + random);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "retarget(1), 1, 1",
    "'retarget(0.5,residual=0.25)', 0.5, 0.25",
    "'retarget(1,residual=0)', 1, 0",
    "'retarget(0,residual=1)', 0, 1",
  })
  void targetsAreThoseOfTheFormula(String word, double strength, double ofResidual) {
    assertTarget(oracle(strength, ofResidual), quantize(word + " | f32").linear().toDense());
  }

  @Test
  void tokensCountByTheirWeights() {
    for (int t = 0; t < TOKENS; t++) {
      tokenWeights[t] = t % 5 == 0 ? 0 : t % 3 + 0.5f;
    }
    assertTarget(oracle(0.8, 0.8), quantize("retarget(0.8) | f32").linear().toDense());
  }

  @Test
  void deadInputsAndOneTokenAreNoProblem() {
    for (int t = 0; t < TOKENS; t++) {
      x.put(t, 4, 0);
    }
    assertTarget(oracle(1, 1), quantize("retarget(1) | f32").linear().toDense());
    Arrays.fill(tokenWeights, 0);
    tokenWeights[7] = 1;
    // A moment of rank one has a condition of 100 for each input.
    assertTarget(oracle(1, 1), quantize("retarget(1) | f32").linear().toDense(), 4e-3);
  }

  /** Transforms that run with the model change what the target is written in, not what it does. */
  @ParameterizedTest
  @ValueSource(strings = {"hadamard(online)", "smooth(0.5)", "shift", "shift | hadamard(block=8)"})
  void transformsLeaveTheTargetAsItIs(String transforms) {
    FloatMatrix expected = FloatMatrix.zeros(OUT, IN);
    RealMatrix target = oracle(0.5, 0.5);
    for (int i = 0; i < OUT; i++) {
      for (int j = 0; j < IN; j++) {
        expected.put(i, j, (float) target.getEntry(i, j));
      }
    }
    QuantizedLinear linear = quantize("retarget(0.5) | " + transforms + " | f32").linear();
    float[] actual = new float[TOKENS * OUT];
    Kernels.forLinear(linear, SCALAR).multiply(x.data(), 0, TOKENS, actual, 0);
    assertArrayEquals(
        OutputSearch.product(x, expected, SCALAR.compute()).data(), actual, 2e-2f, transforms);
  }

  /** Whatever unit the input is in, the target computes the same. */
  @ParameterizedTest
  @ValueSource(floats = {0x1p-40f, 0x1p30f})
  void scaledInputsGiveTheScaledTarget(float factor) {
    FloatMatrix plain = quantize("retarget(0.5) | f32").linear().toDense();
    for (FloatMatrix matrix : List.of(x, error)) {
      for (int i = 0; i < matrix.data().length; i++) {
        matrix.data()[i] *= factor;
      }
    }
    for (int i = 0; i < weights.data().length; i++) {
      weights.data()[i] /= factor;
    }
    FloatMatrix scaled = quantize("retarget(0.5) | f32").linear().toDense();
    for (int i = 0; i < plain.data().length; i++) {
      assertEquals(plain.data()[i], scaled.data()[i] * factor, 1e-4, random.toString());
    }
  }

  /**
   * What an input of little power could make up for is not worth a weight that stretches scales.
   */
  @Test
  void inputsOfLittlePowerKeepTheirWeights() {
    for (int t = 0; t < TOKENS; t++) {
      x.put(t, 4, 1e-3f * residual.get(t, 3));
    }
    FloatMatrix target = quantize("retarget(1) | f32").linear().toDense();
    for (int i = 0; i < OUT; i++) {
      assertEquals(weights.get(i, 4), target.get(i, 4), 0.1, random.toString());
    }
  }

  @Test
  void noStrengthIsNoChange() {
    LinearQuantizationResult without = quantize("int3:g8:asym gptq");
    FloatMatrix plain = without.linear().toDense();
    LinearQuantizationResult idle = quantize("retarget(0) | int3:g8:asym gptq");
    assertArrayEquals(plain.data(), idle.linear().toDense().data());
    assertEquals(without.report(), idle.report());
    // Nothing is wrong with the input, and a strength of any size makes up for nothing.
    error = FloatMatrix.zeros(TOKENS, IN);
    residual = FloatMatrix.zeros(TOKENS, OUT);
    assertArrayEquals(
        plain.data(), quantize("retarget(1) | int3:g8:asym gptq").linear().toDense().data());
  }

  private void assertKept(String reason) {
    LinearQuantizationResult result = quantize("retarget(1) | int3:g8:asym rtn");
    FloatMatrix plain = LinearQuantizer.of("int3:g8:asym rtn").quantize(weights).linear().toDense();
    assertArrayEquals(plain.data(), result.linear().toDense().data());
    assertTrue(result.report().notes().toString().contains(reason), result.report()::toString);
  }

  @Test
  void whatCannotBeUsedIsNotedAndNotUsed() {
    FloatMatrix healthy = x;
    x = FloatMatrix.zeros(TOKENS, IN);
    assertKept("retarget: not done, as the second moment of the input could not be used");
    x = healthy;
    Arrays.fill(residual.data(), 1e16f);
    for (int i = 0; i < weights.data().length; i++) {
      weights.data()[i] = 1e30f * (i % 3 + 1);
    }
    Arrays.fill(error.data(), 1e16f);
    for (int i = 0; i < x.data().length; i++) {
      x.data()[i] *= 1e-15f;
    }
    assertKept("retarget: not done, as the ");
  }

  /** Tokens that are not numbers are left out, and do not count in either moment. */
  @Test
  void brokenTokensAreLeftOut() {
    error.put(3, 5, Float.NaN);
    residual.put(3, 5, Float.POSITIVE_INFINITY);
    x.put(9, 0, Float.NaN);
    CrossMoment moment = CrossMoment.empty(IN, IN);
    moment.add(error, x, tokenWeights, SCALAR.compute());
    assertEquals(TOKENS - 2, moment.tokens());
    assertTrue(moment.sum().isFinite());
    assertTrue(quantize("retarget(1) | f32").linear().toDense().isFinite());
  }

  private void holdOut(FloatMatrix inputs, FloatMatrix inputErrors, FloatMatrix residualErrors) {
    heldOut =
        Optional.of(new UpstreamError.Sample(inputs, inputErrors, Optional.of(residualErrors)));
  }

  /** The error of the output on held-out tokens is that of the formula, and decides. */
  @Test
  void theStrengthIsThatOfTheLeastErrorOnHeldOutTokens() {
    FloatMatrix inputs = correlated(40);
    residual = FloatMatrix.zeros(TOKENS, OUT);
    FloatMatrix none = FloatMatrix.zeros(40, OUT);
    for (double truth : new double[] {0, 0.3, 0.5, 0.7, 1.2}) {
      // On these tokens so much of the error that the moments have seen is there.
      FloatMatrix left = FloatMatrix.zeros(40, IN);
      for (int t = 0; t < 40; t++) {
        for (int j = 0; j < IN; j++) {
          left.put(t, j, (float) (truth * 0.1 * inputs.get(t, (j + 1) % IN)));
        }
      }
      holdOut(inputs, left, none);
      double best = 0;
      double least = Double.POSITIVE_INFINITY;
      for (double candidate : new double[] {0, 0.25, 0.5, 0.75, 1}) {
        RealMatrix change = oracle(candidate, 0).subtract(real(weights));
        double missing =
            real(left)
                .multiply(real(weights).transpose())
                .subtract(real(inputs).multiply(change.transpose()))
                .getFrobeniusNorm();
        if (missing < least) {
          least = missing;
          best = candidate;
        }
      }
      LinearQuantizationResult result = quantize("retarget(auto) | f32");
      assertTarget(oracle(best, best), result.linear().toDense());
      assertEquals(
          List.of("retarget: strength " + best + ", " + best + " for the residual stream"),
          result.report().notes());
      double power =
          real(inputs).add(real(left)).multiply(real(weights).transpose()).getFrobeniusNorm();
      double expected = least / power;
      assertEquals(
          expected * expected, result.report().sampleError().orElseThrow(), 1e-3 * expected);
    }
    heldOut = Optional.empty();
    assertTrue(
        quantize("retarget(auto) | f32")
            .report()
            .notes()
            .toString()
            .contains("no held-out tokens"));
  }

  @Test
  void errorsOfAnotherShapeAreRefused() {
    CrossMoment wide = CrossMoment.empty(IN + 1, IN + 1);
    LayerInput other =
        input(SCALAR.compute())
            .withUpstreamError(new UpstreamError(wide, Optional.empty(), Optional.empty()));
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class,
            () -> LinearQuantizer.of("retarget(1) | f32").quantize(weights, other));
    assertTrue(String.valueOf(e.getMessage()).contains("upstreamError"), e::getMessage);
    CrossMoment square = CrossMoment.empty(IN, IN);
    Optional<CrossMoment> tall = Optional.of(CrossMoment.empty(OUT, IN));
    FloatMatrix inputs = FloatMatrix.zeros(3, IN);
    for (Optional<FloatMatrix> errors :
        List.of(Optional.<FloatMatrix>empty(), Optional.of(FloatMatrix.zeros(3, OUT + 1)))) {
      UpstreamError.Sample sample = new UpstreamError.Sample(inputs, inputs, errors);
      assertThrows(
          IllegalArgumentException.class,
          () -> new UpstreamError(square, tall, Optional.of(sample)));
    }
    UpstreamError.Sample sample =
        new UpstreamError.Sample(inputs, inputs, Optional.of(FloatMatrix.zeros(3, OUT)));
    assertThrows(
        IllegalArgumentException.class,
        () -> new UpstreamError(square, Optional.empty(), Optional.of(sample)));
  }

  @Test
  void moreIsNeededThanTheInput() {
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class,
            () ->
                LinearQuantizer.of("retarget(0.5) | int4:g8:sym rtn")
                    .quantize(weights, LayerInput.observe(x)));
    assertTrue(e.getMessage().contains("CROSS_MOMENT"), e.getMessage());
    assertThrows(IllegalArgumentException.class, () -> CrossMoment.empty(0, 3));
    CrossMoment moment = CrossMoment.empty(IN, IN);
    assertThrows(
        IllegalArgumentException.class,
        () -> moment.add(residual, x, tokenWeights, SCALAR.compute()));
    assertThrows(
        IllegalArgumentException.class, () -> moment.add(error, x, ones(3), SCALAR.compute()));
  }
}
