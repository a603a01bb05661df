// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.transform.rule;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.activation.ActivationScheme;
import io.github.quant4j.linalg.Compute;
import io.github.quant4j.quantize.Quantizer;
import io.github.quant4j.statistic.InputStatistics;
import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.testing.SeededRandom;
import io.github.quant4j.transform.DiagonalTransform;
import io.github.quant4j.transform.HadamardTransform;
import io.github.quant4j.transform.HeadStructure;
import io.github.quant4j.transform.InputTransform;
import io.github.quant4j.transform.TransformChain;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.apache.commons.math3.linear.Array2DRowRealMatrix;
import org.apache.commons.math3.linear.EigenDecomposition;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TransformRuleTest {
  private static final QuantizationTrial W4 =
      QuantizationTrial.of(Quantizer.of("int4:g16:sym rtn"), Optional.empty());
  private static final QuantizationTrial W4A8 =
      QuantizationTrial.of(
          Quantizer.of("int4:g16:sym rtn"), Optional.of(ActivationScheme.parse("int8:token")));

  /** Inputs with a few large channels, and two layers that read them. */
  static LayerGroup group(SeededRandom random, int size, boolean sample) {
    FloatMatrix x = inputs(random, 80, size);
    InputStatistics statistics = InputStatistics.withGram(size);
    statistics.add(x, Compute.scalar());
    LayerGroup group =
        LayerGroup.of(
                List.of(random.gaussianMatrix(24, size), random.gaussianMatrix(8, size)),
                Compute.scalar())
            .withStatistics(statistics);
    return sample ? group.withSample(x) : group;
  }

  static FloatMatrix inputs(SeededRandom random, int tokens, int size) {
    FloatMatrix x = random.gaussianMatrix(tokens, size);
    for (int i = 0; i < x.data().length; i++) {
      int j = i % size;
      x.data()[i] *= j % 11 == 3 ? 30 : 1;
      x.data()[i] += j % 7 == 2 ? 5 : 0;
    }
    return x;
  }

  @Test
  void smoothingFollowsItsFormula() {
    SeededRandom random = new SeededRandom(1);
    LayerGroup group = group(random, 32, false);
    DiagonalTransform transform = (DiagonalTransform) new SmoothRule(0.3, false).fit(group, W4);
    float[] largest = group.statistics().orElseThrow().ranges().orElseThrow().absoluteMaximum();
    for (int j = 0; j < 32; j++) {
      double weight = 0;
      for (FloatMatrix matrix : group.weights()) {
        for (int r = 0; r < matrix.rows(); r++) {
          weight = Math.max(weight, Math.abs(matrix.get(r, j)));
        }
      }
      double expected = Math.pow(largest[j], 0.3) / Math.pow(weight, 0.7);
      assertEquals(expected, transform.scales()[j], 1e-5 * expected);
    }
    // With exponent 1 every channel of the transformed input has range 1 (OutlierTune).
    LayerGroup flat = group.after(new SmoothRule(1, false).fit(group, W4));
    for (float magnitude :
        flat.statistics().orElseThrow().ranges().orElseThrow().absoluteMaximum()) {
      assertEquals(1, magnitude, 1e-5);
    }
    for (float scale : ((DiagonalTransform) new SmoothRule(0.5, true).fit(group, W4)).scales()) {
      assertEquals(scale, Math.scalb(1f, Math.getExponent(scale)));
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5})
  void searchesAreNeverWorseThanNoTransform(long seed) {
    SeededRandom random = new SeededRandom(seed);
    LayerGroup group = group(random, 48, true);
    InputTransform none = TransformChain.identity(48);
    for (QuantizationTrial trial : List.of(W4, W4A8)) {
      for (TransformRule rule :
          List.of(
              new AutoSmoothRule(false),
              new AutoSmoothRule(true),
              new AwqRule(20, false),
              new NoiseRule(0, 0))) {
        double before = trial.error(group, none);
        double after = trial.error(group, rule.fit(group, trial));
        assertTrue(
            after <= before * (1 + 1e-6),
            () -> random + ", " + rule.label() + ": " + after + " after " + before);
      }
    }
    double before = W4A8.error(group, none);
    double after = W4A8.error(group, new AutoSmoothRule(false).fit(group, W4A8));
    assertTrue(after < 0.5 * before, () -> random + ": smoothing " + after + " of " + before);
    QuantizationTrial a4 =
        QuantizationTrial.of(
            Quantizer.of("int8:g16:sym rtn"), Optional.of(ActivationScheme.parse("int4:token")));
    double plain = a4.error(group, none);
    double rotated = a4.error(group, new HadamardRule(0, 1, false).fit(group, a4));
    assertTrue(rotated < plain, () -> random + ": rotation " + rotated + " of " + plain);
  }

  @Test
  void theErrorInClosedFormIsThatOfTheSample() {
    SeededRandom random = new SeededRandom(3);
    LayerGroup group = group(random, 32, true);
    InputTransform transform = new SmoothRule(0.5, false).fit(group, W4);
    LayerGroup changed = group.after(transform);
    FloatMatrix x = group.sample().orElseThrow();
    double expected = 0;
    for (int i = 0; i < 2; i++) {
      FloatMatrix original = group.weights().get(i);
      FloatMatrix rounded =
          Quantizer.of("int4:g16:sym rtn")
              .quantize(changed.weights().get(i), Compute.scalar())
              .dequantize();
      FloatMatrix scaled = transform.apply(x, Compute.scalar());
      for (int t = 0; t < x.rows(); t++) {
        for (int r = 0; r < original.rows(); r++) {
          double e = 0;
          for (int j = 0; j < 32; j++) {
            e +=
                (double) scaled.get(t, j) * rounded.get(r, j)
                    - (double) x.get(t, j) * original.get(r, j);
          }
          expected += e * e / x.rows();
        }
      }
    }
    assertEquals(expected, W4.error(group, transform), 1e-3 * expected);
  }

  @Test
  void outlierScalingTouchesOutliersOnly() {
    SeededRandom random = new SeededRandom(5);
    LayerGroup group = group(random, 44, false);
    float[] scales = ((DiagonalTransform) new PercentileRule(0.1).fit(group, W4)).scales();
    int above = 0;
    for (float scale : scales) {
      assertTrue(scale >= 1);
      above += scale > 1 ? 1 : 0;
    }
    assertEquals((int) (0.1 * 44 + 1.5) - 1, above);
  }

  @Test
  void equalizationMakesBothSidesEqual() {
    SeededRandom random = new SeededRandom(6);
    LayerGroup group = group(random, 24, false).withProducer(random.gaussianMatrix(24, 10));
    InputTransform transform = new EqualizeRule().fit(group, W4);
    FloatMatrix producer = transform.foldIntoRows(group.producer().orElseThrow(), Compute.scalar());
    double[] consumers = ChannelScales.weightMaximum(group.after(transform));
    for (int j = 0; j < 24; j++) {
      double row = 0;
      for (int i = 0; i < 10; i++) {
        row = Math.max(row, Math.abs(producer.get(j, i)));
      }
      assertEquals(row, consumers[j], 1e-5 * row);
    }
  }

  @Test
  void shiftsCentreTheRanges() {
    LayerGroup group = group(new SeededRandom(8), 30, false);
    var ranges =
        group
            .after(new ShiftRule().fit(group, W4))
            .statistics()
            .orElseThrow()
            .ranges()
            .orElseThrow();
    for (int j = 0; j < 30; j++) {
      assertEquals(-ranges.minimum()[j], ranges.maximum()[j], 1e-4 * ranges.maximum()[j]);
    }
  }

  @Test
  void permutationSortsChannels() {
    LayerGroup group = group(new SeededRandom(9), 30, false);
    float[] sorted =
        group
            .after(new PermuteRule(false).fit(group, W4))
            .statistics()
            .orElseThrow()
            .ranges()
            .orElseThrow()
            .absoluteMaximum();
    for (int j = 1; j < 30; j++) {
      assertTrue(sorted[j] <= sorted[j - 1]);
    }
  }

  @Test
  void principalAxesAreThoseOfTheReference() {
    SeededRandom random = new SeededRandom(10);
    LayerGroup group = group(random, 24, false);
    LayerGroup rotated = group.after(new PrincipalAxesRule().fit(group, W4));
    float[] moment = rotated.statistics().orElseThrow().gram().orElseThrow().values();
    float[] original = group.statistics().orElseThrow().gram().orElseThrow().values();
    double[][] rows = new double[24][24];
    for (int i = 0; i < 24 * 24; i++) {
      rows[i / 24][i % 24] = original[i];
    }
    double[] expected = new EigenDecomposition(new Array2DRowRealMatrix(rows)).getRealEigenvalues();
    for (int j = 0; j < 24; j++) {
      assertEquals(expected[j], moment[j * 24 + j], 1e-4 * expected[0], "eigenvalue " + j);
      for (int i = 0; i < j; i++) {
        assertEquals(0, moment[i * 24 + j], 1e-4 * expected[0]);
      }
    }
    // Axes followed by a Hadamard rotation give all channels the same power.
    LayerGroup flat = rotated.after(HadamardTransform.of(24, HadamardTransform.NO_SIGNS));
    float[] diagonal = flat.statistics().orElseThrow().gram().orElseThrow().diagonal();
    for (float power : diagonal) {
      assertEquals(diagonal[0], power, 1e-3 * diagonal[0]);
    }
  }

  @Test
  void kroneckerRulesFitTheirWidth() {
    LayerGroup group = group(new SeededRandom(11), 48, false);
    InputTransform hadamard = new KroneckerRule(false).fit(group, W4);
    assertEquals("kronecker[4 x 12]", hadamard.describe());
    InputTransform axes = new KroneckerRule(true).fit(group, W4);
    assertEquals("kronecker[6 x 8]", axes.describe());
    LayerGroup odd = group(new SeededRandom(11), 35, false);
    assertThrows(IllegalArgumentException.class, () -> new KroneckerRule(false).fit(odd, W4));
  }

  @Test
  void tiedChannelsGetOneScaleAndPassThroughAttention() {
    SeededRandom random = new SeededRandom(12);
    HeadStructure heads = new HeadStructure(6, 2, 4);
    LayerGroup group = group(random, 24, false).withTies(heads.sources());
    InputTransform smooth = new SmoothRule(0.5, false).fit(group, W4);
    InputTransform chain = TransformChain.of(List.of(smooth, heads.headRotation()));
    InputTransform narrow = heads.throughAttention(chain);
    assertEquals(8, narrow.size());
    // Values of a token, repeated for the query heads: the two ways must agree.
    FloatMatrix values = random.gaussianMatrix(3, 8);
    FloatMatrix repeated = repeat(heads, values);
    assertArrayEquals(
        chain.apply(repeated, Compute.scalar()).data(),
        repeat(heads, narrow.apply(values, Compute.scalar())).data(),
        1e-5f);
    assertThrows(
        IllegalArgumentException.class, () -> heads.throughAttention(HadamardTransform.of(24, 1)));
    LayerGroup free = group(random, 24, false);
    InputTransform untied = new SmoothRule(0.5, false).fit(free, W4);
    assertThrows(IllegalArgumentException.class, () -> heads.throughAttention(untied));
  }

  private static FloatMatrix repeat(HeadStructure heads, FloatMatrix values) {
    FloatMatrix result = FloatMatrix.zeros(values.rows(), heads.outputSize());
    for (int t = 0; t < values.rows(); t++) {
      for (int j = 0; j < heads.outputSize(); j++) {
        result.put(t, j, values.get(t, heads.source(j)));
      }
    }
    return result;
  }

  @Test
  void whatIsMissingIsNamed() {
    LayerGroup bare =
        LayerGroup.of(List.of(new SeededRandom(1).gaussianMatrix(4, 16)), Compute.scalar());
    for (TransformRule rule :
        List.of(new SmoothRule(0.5, false), new ShiftRule(), new PrincipalAxesRule())) {
      IllegalArgumentException error =
          assertThrows(IllegalArgumentException.class, () -> rule.fit(bare, W4));
      assertTrue(error.getMessage().startsWith(rule.label()), error::getMessage);
    }
  }

  @Test
  void channelsThatAreAllButSilentAreNotMagnifiedWithoutLimit() {
    FloatMatrix x = new SeededRandom(4).gaussianMatrix(50, 8);
    for (int t = 0; t < 50; t++) {
      x.put(t, 5, 1e-30f * x.get(t, 5));
    }
    InputStatistics statistics = InputStatistics.withGram(8);
    statistics.add(x, Compute.scalar());
    double[] largest = new double[8];
    for (int i = 0; i < x.data().length; i++) {
      largest[i % 8] = Math.max(largest[i % 8], Math.abs(x.data()[i]));
    }
    FloatMatrix ones = FloatMatrix.zeros(3, 8);
    Arrays.fill(ones.data(), 1);
    LayerGroup group = LayerGroup.of(List.of(ones), Compute.scalar()).withStatistics(statistics);
    double tenth = Arrays.stream(largest).average().orElseThrow() / 10;
    float[] smooth = ((DiagonalTransform) new SmoothRule(0.5, false).fit(group, W4)).scales();
    assertEquals(Math.sqrt(tenth), smooth[5], 1e-5);
    assertEquals(Math.sqrt(largest[4]), smooth[4], 1e-5);
    float[] cross = ((DiagonalTransform) new CrossRule(0.15).fit(group, W4)).scales();
    assertEquals(Math.pow(tenth, 0.85), cross[5], 1e-5);
  }

  @Test
  void silentChannelsKeepTheirScale() {
    FloatMatrix x = new SeededRandom(2).gaussianMatrix(20, 8);
    for (int t = 0; t < 20; t++) {
      x.put(t, 3, 0);
    }
    InputStatistics statistics = InputStatistics.withGram(8);
    statistics.add(x, Compute.scalar());
    LayerGroup group =
        LayerGroup.of(List.of(new SeededRandom(3).gaussianMatrix(4, 8)), Compute.scalar())
            .withStatistics(statistics);
    QuantizationTrial trial =
        QuantizationTrial.of(Quantizer.of("int4:channel:sym rtn"), Optional.empty());
    for (TransformRule rule :
        List.of(
            new SmoothRule(0.5, false),
            new AutoSmoothRule(false),
            new AwqRule(20, true),
            new CrossRule(0.15),
            new PercentileRule(0.1))) {
      InputTransform transform = rule.fit(group, trial);
      assertTrue(
          transform.transformWeights(group.weights().getFirst(), Compute.scalar()).isFinite(),
          rule.label());
    }
    assertEquals(
        1f, ((DiagonalTransform) new SmoothRule(0.5, false).fit(group, trial)).scales()[3]);
  }
}
