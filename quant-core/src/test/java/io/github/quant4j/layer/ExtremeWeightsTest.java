// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.layer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.kernel.KernelOptions;
import io.github.quant4j.kernel.Kernels;
import io.github.quant4j.linear.DenseTerm;
import io.github.quant4j.recipe.PublishedRecipes;
import io.github.quant4j.tensor.DType;
import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.testing.SeededRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Every recipe on weights at both ends of binary32's range, against sums in double. */
class ExtremeWeightsTest {
  private static final int ROWS = 16;
  private static final int IN = 256;
  private static final int TOKENS = 12;
  private static final int ODD_ROW = 5;

  /** All published recipes for the three kinds that differ most, a choice for the others. */
  private static List<String> recipes(String kind) {
    List<String> recipes = new ArrayList<>();
    if (List.of("1e-41", "1e36", "subnormal row").contains(kind)) {
      PublishedRecipes.withVariants()
          .forEach(
              published ->
                  recipes.add(
                      published.recipe().toString().replaceAll("column\\(\\d+\\)", "column(8)")));
    }
    recipes.addAll(
        List.of(
            "f16",
            "bf16 @ mxfp8",
            "int4:g64:sym:f32 rtn",
            "int4:g64:sym:bf16 mse rtn",
            "int4:g64:asym:i8row clip rtn",
            "int4:g64:asym gptq(act-order)>cd(6)",
            "int3:g16:asym:second-order gptq + sparse(0.01,rounding)",
            "int4:g64:sym gptq>adaround(iterations=5)",
            "int4:g64:sym flexround(iterations=5)",
            "int4:g64:asym signround(iterations=5)",
            "int4:g64:sym gaussian rtn",
            "fp8e4m3:channel rtn",
            "fp4e2m1:g256:sym:po2row gptq",
            "fp4e2m1:g32:sym:e8m0ceil rtn",
            "codebook(8):channel rtn",
            "mxfp4 rtn @ mxfp8:round",
            "nvfp4 gptq @ nvfp4",
            "binary:g128:sym mse rtn + sparse(0.1,saliency)",
            "smooth(0.5) | hadamard | int4:channel:sym rtn @ int4:token:sym",
            "int3:g64:asym gptq + lowrank(16,weighted)",
            "int3:g64:sym rtn + lowrank(16,int8)",
            "ternary2:g128:sym ptqtp",
            "int4:channel:sym rtn @ int4:token:sym + columns(0.1)"));
    // Drawn at random between neighbours, of which the larger one can be any number of times as
    // large.
    recipes.removeIf(recipe -> recipe.contains("stochastic"));
    return recipes;
  }

  private static FloatMatrix weights(String kind) {
    SeededRandom random = new SeededRandom(17);
    FloatMatrix weights = random.gaussianMatrix(ROWS, IN);
    float[] data = weights.data();
    switch (kind) {
      case "zero row" -> Arrays.fill(data, ODD_ROW * IN, (ODD_ROW + 1) * IN, 0f);
      case "huge element" -> data[ODD_ROW * IN + 7] = 1e30f;
      case "largest element" -> data[ODD_ROW * IN + 7] = Float.MAX_VALUE;
      case "subnormal row" -> {
        for (int i = ODD_ROW * IN; i < (ODD_ROW + 1) * IN; i++) {
          data[i] = data[i] < 0 ? -1e-40f : 1e-40f;
        }
      }
      default -> {
        double scale = Double.parseDouble(kind);
        for (int i = 0; i < data.length; i++) {
          data[i] = (float) (data[i] * scale);
        }
      }
    }
    return weights;
  }

  private static LinearQuantizationResult quantize(
      String recipe, FloatMatrix weights, FloatMatrix x) {
    float[] scores = new float[weights.data().length];
    for (int i = 0; i < scores.length; i++) {
      scores[i] = i % 101;
    }
    KernelOptions options = KernelOptions.defaults().withProvider("scalar");
    return LinearQuantizer.of(recipe)
        .withOptions(options)
        .quantize(
            LinearLayer.of(weights).withScores(scores),
            LayerInput.observe(x, x, options.compute()));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "1e-41",
        "1e-38",
        "1e-30",
        "1e30",
        "1e36",
        "zero row",
        "huge element",
        "largest element",
        "subnormal row"
      })
  void noRecipeFailsOrDoesWorseThanNothing(String kind) {
    FloatMatrix weights = weights(kind);
    FloatMatrix x = LinearQuantizerTest.inputs(new SeededRandom(18), TOKENS, IN);
    for (String recipe : recipes(kind)) {
      if (kind.equals("largest element") && recipe.contains("|")) {
        assertOverflowIsExplained(recipe, weights, x);
        continue;
      }
      LinearQuantizationResult result = quantize(recipe, weights, x);
      assertTrue(result.linear().toDense().isFinite(), recipe);
      assertTrue(Double.isFinite(result.report().error()), () -> recipe + ": " + result.report());
      double error = error(result, weights, x);
      // Where a step is larger than the weights, rounding with feedback moves errors about.
      double most = kind.equals("1e-41") ? 3 : 1.0001;
      // Formats without a zero give the smallest bfloat16, which is above these weights.
      boolean hasZero = !recipe.matches("(binary|pot).*") || !kind.equals("1e-41");
      assertTrue(
          error <= most || !hasZero && largest(result.linear().toDense()) <= 0x1p-132f,
          () -> recipe + ": " + error + ", " + result.report());
      boolean isLost = kind.equals("1e-41") || kind.equals("subnormal row");
      assertTrue(
          !isLost
              || kind.equals("1e-41") && result.report().error() < 0.1
              || result.report().notes().stream().anyMatch(note -> note.contains("about zero")),
          () -> recipe + ": " + result.report());
    }
  }

  private static float largest(FloatMatrix matrix) {
    float largest = 0;
    for (float value : matrix.data()) {
      largest = Math.max(largest, Math.abs(value));
    }
    return largest;
  }

  private static void assertOverflowIsExplained(String recipe, FloatMatrix weights, FloatMatrix x) {
    try {
      assertTrue(quantize(recipe, weights, x).linear().toDense().isFinite(), recipe);
    } catch (IllegalArgumentException e) {
      String message = String.valueOf(e.getMessage());
      assertTrue(message.contains("without transforms"), () -> recipe + ": " + message);
    }
  }

  /** Relative squared error of the outputs that are within range. */
  private static double error(LinearQuantizationResult result, FloatMatrix weights, FloatMatrix x) {
    float[] y = new float[TOKENS * ROWS];
    Kernels.forLinear(result.linear(), KernelOptions.defaults().withProvider("scalar"))
        .multiply(x.data(), 0, TOKENS, y, 0);
    double error = 0;
    double power = 0;
    for (int t = 0; t < TOKENS; t++) {
      for (int row = 0; row < ROWS; row++) {
        double exact = 0;
        double magnitude = 0;
        for (int i = 0; i < IN; i++) {
          double product = (double) weights.get(row, i) * x.get(t, i);
          exact += product;
          magnitude += Math.abs(product);
        }
        if (magnitude < 1e37) {
          error += (y[t * ROWS + row] - exact) * (y[t * ROWS + row] - exact);
          power += exact * exact;
        }
      }
    }
    return power == 0 ? error : error / power;
  }

  @Test
  void aSubnormalRowDecodesToAboutZeroAndIsNamed() {
    FloatMatrix weights = weights("subnormal row");
    FloatMatrix x = LinearQuantizerTest.inputs(new SeededRandom(18), TOKENS, IN);
    LinearQuantizationResult result = quantize("int4:g64:sym rtn", weights, x);
    FloatMatrix dense = result.linear().toDense();
    for (int i = 0; i < IN; i++) {
      assertEquals(weights.get(ODD_ROW, i), dense.get(ODD_ROW, i), 1e-40f);
    }
    String note = result.report().notes().getFirst();
    assertTrue(note.startsWith("1 of 16 rows (the first is 5)"), note);
    assertTrue(note.contains("1.00e-40"), note);
    assertTrue(quantize("int4:g64:sym rtn", weights("1"), x).report().notes().isEmpty());
  }

  /** Binary16's smallest number is 6e-8. */
  @Test
  void weightsTooSmallForBinary16AreKeptInBinary32() {
    FloatMatrix x = LinearQuantizerTest.inputs(new SeededRandom(18), TOKENS, IN);
    for (String kind : List.of("1e-12", "1e30")) {
      FloatMatrix weights = weights(kind);
      LinearQuantizationResult result = quantize("f16", weights, x);
      DenseTerm term = (DenseTerm) result.linear().terms().getFirst();
      assertEquals(DType.F32, term.stored());
      assertEquals(0, error(result, weights, x), 1e-10, kind);
    }
    DenseTerm usual = (DenseTerm) quantize("f16", weights("1"), x).linear().terms().getFirst();
    assertEquals(DType.F16, usual.stored());
    // NVFP4's scale for the matrix reaches below what it was once given up for.
    assertTrue(error(quantize("nvfp4 rtn", weights("1e-38"), x), weights("1e-38"), x) < 0.1);
  }
}
