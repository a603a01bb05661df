// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.layer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.activation.ActivationQuantizer;
import io.github.quant4j.kernel.KernelOptions;
import io.github.quant4j.kernel.Kernels;
import io.github.quant4j.linalg.Compute;
import io.github.quant4j.linear.BlockTerm;
import io.github.quant4j.linear.ColumnTerm;
import io.github.quant4j.linear.DenseTerm;
import io.github.quant4j.linear.LowRankTerm;
import io.github.quant4j.linear.MixedTerm;
import io.github.quant4j.linear.PairTerm;
import io.github.quant4j.linear.QuantizedLinear;
import io.github.quant4j.linear.QuantizedTerm;
import io.github.quant4j.linear.SparseTerm;
import io.github.quant4j.linear.TrellisTerm;
import io.github.quant4j.linear.VectorTerm;
import io.github.quant4j.linear.WeightTerm;
import io.github.quant4j.matrix.QuantizedMatrix;
import io.github.quant4j.matrix.VectorMatrix;
import io.github.quant4j.parallel.WorkerTeam;
import io.github.quant4j.recipe.ManyRecipes;
import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.tensor.Tensor;
import io.github.quant4j.testing.SeededRandom;
import io.github.quant4j.transform.HeadStructure;
import io.github.quant4j.transform.StoredTransforms;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class LinearQuantizerTest {
  private static final int IN = 256;
  private static final KernelOptions SCALAR = KernelOptions.defaults().withProvider("scalar");

  static List<String> many() {
    return ManyRecipes.forRows(16);
  }

  /** Inputs with some large channels and some off-centre ones. */
  static FloatMatrix inputs(SeededRandom random, int tokens, int size) {
    FloatMatrix x = random.gaussianMatrix(tokens, size);
    for (int i = 0; i < x.data().length; i++) {
      int j = i % size;
      x.data()[i] = x.data()[i] * (j % 37 == 5 ? 25 : 1) + (j % 23 == 7 ? 4 : 0);
    }
    return x;
  }

  @ParameterizedTest
  @MethodSource("many")
  void recipesRunOnMatrices(String recipe) {
    SeededRandom random = new SeededRandom(31);
    FloatMatrix weights = random.gaussianMatrix(32, IN);
    float[] bias = random.gaussians(32);
    FloatMatrix x = inputs(random, 24, IN);
    float[] scores = random.gaussians(32 * IN);
    for (int i = 0; i < scores.length; i++) {
      scores[i] *= scores[i];
    }
    LinearLayer layer = LinearLayer.of(weights).withBias(bias).withScores(scores);
    LinearQuantizationResult result =
        LinearQuantizer.of(recipe)
            .withOptions(SCALAR)
            .quantize(layer, LayerInput.observe(x, x, SCALAR.compute()));
    LinearReport report = result.report();
    QuantizedLinear linear = result.linear();
    assertTrue(Double.isFinite(report.error()) && report.error() < 0.6, report::toString);
    assertTrue(report.sampleError().orElseThrow() < 0.8, report::toString);
    assertTrue(linear.toDense().isFinite());
    assertEquals(storedBits(linear), linear.storageBits(), recipe);
    assertEquals(linear.storageBits() / (32.0 * IN), report.bitsPerWeight(), 1e-12, recipe);
    assertKernelMatches(linear, x, recipe);
  }

  /** Bits of all tensors that a file would hold. */
  private static long storedBits(QuantizedLinear linear) {
    long bits = linear.transform().map(StoredTransforms::storageBits).orElse(0L);
    for (WeightTerm term : linear.terms()) {
      bits += storedBits(term);
    }
    return bits;
  }

  private static long storedBits(WeightTerm term) {
    return switch (term) {
      case QuantizedTerm(QuantizedMatrix matrix) -> {
        long bits = matrix.codes().rowBytes() * matrix.rows() * 8;
        bits += bits(matrix.grid().scales().parts().values());
        bits += matrix.grid().zeroPoints().map(zeros -> bits(zeros.parts().values())).orElse(0L);
        yield bits + matrix.grid().palette().storageBits();
      }
      case DenseTerm(var weights, var stored) ->
          (long) weights.rows() * weights.columns() * stored.bits();
      case SparseTerm(var matrix) -> bits(matrix.parts().values());
      case PairTerm pairs ->
          pairs.codes().rowBytes() * pairs.rows() * 8 + bits(pairs.scales().parts().values());
      case TrellisTerm(var matrix) -> 8 * matrix.planes().byteSize() + 16L * matrix.rows();
      case BlockTerm(var matrix) ->
          (long) (matrix.format().bitsPerWeight() * matrix.rows() * matrix.columns());
      case VectorTerm(var matrix) ->
          stored(matrix.main())
              + matrix.residual().map(LinearQuantizerTest::stored).orElse(0L)
              + matrix.scales().map(scales -> 16L * scales.length).orElse(0L);
      case LowRankTerm(var left, var right) -> storedBits(left) + storedBits(right);
      case ColumnTerm columns -> storedBits(columns.inner()) + 32L * columns.sources().length;
      case MixedTerm mixed -> {
        // Three parts need two bits for each run of lines, in whole bytes.
        int bits = mixed.parts().size() - 1;
        yield mixed.parts().stream().mapToLong(LinearQuantizerTest::storedBits).sum()
            + 8L * ((mixed.index().length * bits + 7) / 8);
      }
    };
  }

  private static long stored(VectorMatrix.Part part) {
    return 8 * part.codes().data().byteSize() + 16L * part.book().values().length;
  }

  private static long bits(Iterable<Tensor> tensors) {
    long bits = 0;
    for (Tensor tensor : tensors) {
      bits += tensor.byteSize() * 8;
    }
    return bits;
  }

  /** The kernel against the definition in double, term by term. */
  private static void assertKernelMatches(QuantizedLinear linear, FloatMatrix x, String recipe) {
    int tokens = 5;
    int in = linear.inFeatures();
    int out = linear.outFeatures();
    float[] actual = new float[tokens * out];
    Kernels.forLinear(linear, SCALAR).multiply(x.data(), 0, tokens, actual, 0);
    FloatMatrix transformed =
        linear.transform().map(transform -> transform.apply(x, Compute.scalar())).orElse(x);
    double[] expected = new double[tokens * out];
    double[] magnitude = new double[tokens * out];
    for (WeightTerm term : linear.terms()) {
      add(term, transformed, linear.activations(), tokens, expected, magnitude);
    }
    float[] bias = linear.bias().orElseGet(() -> new float[out]);
    for (int i = 0; i < actual.length; i++) {
      double wanted = expected[i] + bias[i % out];
      double bound = 2e-6 * Math.sqrt(in) * (magnitude[i] + Math.abs(bias[i % out])) + 1e-6;
      assertEquals(wanted, actual[i], bound, recipe + ", output " + i);
    }
  }

  private static FloatMatrix columns(FloatMatrix x, int[] sources) {
    FloatMatrix result = FloatMatrix.zeros(x.rows(), sources.length);
    for (int t = 0; t < x.rows(); t++) {
      for (int i = 0; i < sources.length; i++) {
        result.put(t, i, x.get(t, sources[i]));
      }
    }
    return result;
  }

  private static void add(
      WeightTerm term,
      FloatMatrix x,
      Optional<ActivationQuantizer> activations,
      int tokens,
      double[] sums,
      double[] magnitudes) {
    if (term instanceof MixedTerm mixed && mixed.axis() == MixedTerm.Axis.COLUMNS) {
      for (int p = 0; p < mixed.parts().size(); p++) {
        // Each part reads, and quantizes, its own columns.
        add(
            mixed.parts().get(p),
            columns(x, mixed.lines(p)),
            activations,
            tokens,
            sums,
            magnitudes);
      }
      return;
    }
    int[] sources =
        term instanceof ColumnTerm columns
            ? columns.sources()
            : java.util.stream.IntStream.range(0, term.columns()).toArray();
    boolean quantized =
        switch (term) {
          case QuantizedTerm _,
              DenseTerm _,
              PairTerm _,
              MixedTerm _,
              TrellisTerm _,
              VectorTerm _,
              BlockTerm _ ->
              true;
          case ColumnTerm columns -> columns.hasQuantizedInput();
          case SparseTerm _, LowRankTerm _ -> false;
        };
    int out = term.rows();
    float[] row = new float[term.columns()];
    for (int t = 0; t < tokens; t++) {
      float[] token = new float[sources.length];
      for (int i = 0; i < sources.length; i++) {
        token[i] = x.get(t, sources[i]);
      }
      if (quantized && activations.isPresent()) {
        activations.get().fakeQuantize(token, 0, token.length, token, 0);
      }
      for (int r = 0; r < out; r++) {
        java.util.Arrays.fill(row, 0);
        term.addRow(r, row, 0);
        for (int i = 0; i < sources.length; i++) {
          double product = (double) row[sources[i]] * token[i];
          sums[t * out + r] += product;
          magnitudes[t * out + r] += Math.abs(product);
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "shift | smooth(0.5) | hadamard | int8:channel:sym rtn @ int8:token",
        "noise(0.05) | pca | int8:g64:asym rtn @ int8:tensor",
        "kronecker(hadamard) | int8:channel:sym rtn + bias"
      })
  void theSampleErrorOfEightBitsIsSmall(String recipe) {
    SeededRandom random = new SeededRandom(3);
    FloatMatrix x = inputs(random, 80, IN);
    LinearLayer layer =
        LinearLayer.of(random.gaussianMatrix(32, IN)).withBias(random.gaussians(32));
    LinearReport report =
        LinearQuantizer.of(recipe).quantize(layer, LayerInput.observe(x)).report();
    assertTrue(report.sampleError().orElseThrow() < 2e-3, report::toString);
  }

  @Test
  void biasCorrectionTakesOffTheMeanError() {
    SeededRandom random = new SeededRandom(4);
    FloatMatrix weights = random.gaussianMatrix(16, IN);
    FloatMatrix x = inputs(random, 100, IN);
    LayerInput input = LayerInput.observe(x);
    QuantizedLinear plain =
        LinearQuantizer.of("int3:g64:sym rtn").quantize(weights, input).linear();
    QuantizedLinear corrected =
        LinearQuantizer.of("int3:g64:sym rtn + bias").quantize(weights, input).linear();
    assertTrue(plain.bias().isEmpty());
    double[] before = meanError(plain, weights, x);
    double[] after = meanError(corrected, weights, x);
    for (int r = 0; r < 16; r++) {
      assertEquals(0, after[r], 1e-3);
      assertTrue(Math.abs(after[r]) < Math.abs(before[r]) + 1e-4);
    }
  }

  private static double[] meanError(QuantizedLinear linear, FloatMatrix weights, FloatMatrix x) {
    FloatMatrix dense = linear.toDense();
    float[] bias = linear.bias().orElseGet(() -> new float[weights.rows()]);
    double[] mean = new double[weights.rows()];
    for (int r = 0; r < mean.length; r++) {
      mean[r] = bias[r];
      for (int t = 0; t < x.rows(); t++) {
        for (int j = 0; j < x.columns(); j++) {
          mean[r] += ((double) dense.get(r, j) - weights.get(r, j)) * x.get(t, j) / x.rows();
        }
      }
    }
    return mean;
  }

  @Test
  void theBetterOfTwoSchemesIsTaken() {
    SeededRandom random = new SeededRandom(5);
    FloatMatrix x = random.gaussianMatrix(100, IN);
    FloatMatrix columns = random.gaussianMatrix(32, IN);
    FloatMatrix rows = random.gaussianMatrix(32, IN);
    for (int r = 0; r < 32; r++) {
      for (int j = 0; j < IN; j++) {
        columns.put(r, j, columns.get(r, j) * (j % 16 == 3 ? 20 : 1));
        rows.put(r, j, rows.get(r, j) * (r % 16 == 3 ? 20 : 1));
      }
    }
    LinearQuantizer quantizer = LinearQuantizer.of("int4:g32:sym rtn or int4:column(32):sym rtn");
    assertEquals(
        "int4:column(32):sym",
        quantizer.quantize(columns, LayerInput.observe(x)).linear().terms().getFirst().describe());
    assertEquals(
        "int4:g32:sym",
        quantizer.quantize(rows, LayerInput.observe(x)).linear().terms().getFirst().describe());
  }

  @Test
  void layersOfAGroupShareOneTransform() {
    SeededRandom random = new SeededRandom(6);
    FloatMatrix x = inputs(random, 60, IN);
    List<LinearLayer> layers =
        List.of(
            LinearLayer.of(random.gaussianMatrix(32, IN)),
            LinearLayer.of(random.gaussianMatrix(16, IN)),
            LinearLayer.of(random.gaussianMatrix(8, IN)));
    LinearQuantizer quantizer = LinearQuantizer.of("smooth(auto) | int4:g64:sym rtn @ int8:token");
    GroupQuantizationResult result = quantizer.quantize(layers, LayerInput.observe(x));
    assertEquals(3, result.layers().size());
    for (LinearQuantizationResult layer : result.layers()) {
      assertEquals(result.transform(), layer.linear().transform().orElseThrow());
    }
    assertEquals(result.transform(), quantizer.fitTransform(layers, LayerInput.observe(x)));
    // Folded into the producer, the layer without the transform gives the same output.
    QuantizedLinear linear = result.layers().getFirst().linear();
    FloatMatrix folded = result.transform().apply(x, Compute.scalar());
    float[] online = new float[60 * 32];
    float[] offline = new float[60 * 32];
    Kernels.forLinear(linear, SCALAR).multiply(x.data(), 0, 60, online, 0);
    Kernels.forLinear(linear.withoutTransform(), SCALAR).multiply(folded.data(), 0, 60, offline, 0);
    assertArrayEquals(online, offline);
  }

  @Test
  void tiedChannelsStayTied() {
    SeededRandom random = new SeededRandom(7);
    HeadStructure heads = new HeadStructure(8, 2, 32);
    FloatMatrix x = inputs(random, 60, IN);
    LinearLayer layer = LinearLayer.of(random.gaussianMatrix(32, IN));
    GroupQuantizationResult result =
        LinearQuantizer.of("awq | int4:g64:sym rtn")
            .quantize(List.of(layer), LayerInput.observe(x).withTies(heads.sources()));
    assertEquals(64, heads.throughAttention(result.transform()).size());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "smooth(auto) | int4:g64:asym mse rtn @ int4:token + sparse(0.01,saliency) + lowrank(4,weighted)",
        "awq | ternary2:g128 ptqtp(weighted) + bias"
      })
  void threadsDoNotChangeTheResult(String recipe) {
    SeededRandom random = new SeededRandom(8);
    FloatMatrix weights = random.gaussianMatrix(64, IN);
    LayerInput input = LayerInput.observe(inputs(random, 60, IN));
    LinearQuantizer quantizer = LinearQuantizer.of(recipe).withOptions(SCALAR);
    QuantizedLinear one = quantizer.quantize(weights, input).linear();
    QuantizedLinear three =
        quantizer
            .withOptions(SCALAR.withTeam(WorkerTeam.ofThreads(3)))
            .quantize(weights, input)
            .linear();
    assertArrayEquals(one.toDense().data(), three.toDense().data());
    assertEquals(one.transform(), three.transform());
  }

  @Test
  void whatIsMissingIsNamed() {
    FloatMatrix weights = new SeededRandom(1).gaussianMatrix(8, IN);
    for (String recipe :
        List.of(
            "smooth(0.5) | int4:g64",
            "int4:g64 + bias",
            "int4:g64 @ int8:tensor",
            "int4:g64 + lowrank(4,weighted)")) {
      IllegalArgumentException error =
          assertThrows(
              IllegalArgumentException.class, () -> LinearQuantizer.of(recipe).quantize(weights));
      assertTrue(String.valueOf(error.getMessage()).contains("needs ["), error::getMessage);
    }
    weights.put(3, 5, Float.NaN);
    IllegalArgumentException error =
        assertThrows(
            IllegalArgumentException.class, () -> LinearQuantizer.of("int4:g64").quantize(weights));
    assertTrue(String.valueOf(error.getMessage()).contains("(3, 5)"), error::getMessage);
    IllegalArgumentException width =
        assertThrows(
            IllegalArgumentException.class,
            () ->
                LinearQuantizer.of("smooth(0.5) | int4:g64")
                    .quantize(
                        new SeededRandom(1).gaussianMatrix(8, IN),
                        LayerInput.observe(new SeededRandom(1).gaussianMatrix(8, 64))));
    assertTrue(String.valueOf(width.getMessage()).contains("64"), width::getMessage);
  }

  /** Hard inputs give a report, never a crash or a value that is not finite. */
  @ParameterizedTest
  @MethodSource("many")
  void hardInputsGiveFiniteResults(String recipe) {
    SeededRandom random = new SeededRandom(9);
    FloatMatrix weights = random.gaussianMatrix(16, IN);
    for (int r = 0; r < 16; r++) {
      weights.put(r, 9, 0);
    }
    FloatMatrix oneToken = random.gaussianMatrix(1, IN);
    FloatMatrix rankOne = FloatMatrix.zeros(30, IN);
    FloatMatrix silent = FloatMatrix.zeros(30, IN);
    FloatMatrix few = random.gaussianMatrix(20, IN);
    for (int t = 0; t < 30; t++) {
      for (int j = 0; j < IN; j++) {
        rankOne.put(t, j, (t - 14.5f) * oneToken.get(0, j));
      }
    }
    for (int t = 0; t < 20; t++) {
      few.put(t, 3, 0);
      few.put(t, 4, 1e-20f);
    }
    FloatMatrix[] hard = {oneToken, rankOne, silent, few};
    // Two of the four for each recipe, so that every kind meets many recipes in little time.
    int turn = many().indexOf(recipe);
    for (FloatMatrix x : List.of(hard[turn % 4], hard[(turn + 1) % 4])) {
      LinearLayer layer = LinearLayer.of(weights).withScores(new float[weights.data().length]);
      FloatMatrix original = new SeededRandom(4).gaussianMatrix(x.rows(), IN);
      LinearQuantizationResult result =
          LinearQuantizer.of(recipe)
              .quantize(layer, LayerInput.observe(x, original, SCALAR.compute()));
      assertTrue(result.linear().toDense().isFinite(), recipe);
      assertTrue(Double.isFinite(result.report().error()), recipe);
      for (float value : result.linear().bias().orElseGet(() -> new float[0])) {
        assertTrue(Float.isFinite(value), recipe);
      }
    }
  }
}
