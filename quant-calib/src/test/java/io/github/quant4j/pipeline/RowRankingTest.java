// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.pipeline;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.graph.HiddenStates;
import io.github.quant4j.graph.LinearSite;
import io.github.quant4j.linalg.Compute;
import io.github.quant4j.linear.MixedTerm;
import io.github.quant4j.linear.QuantizedLinear;
import io.github.quant4j.linear.QuantizedTerm;
import io.github.quant4j.model.LanguageModel;
import io.github.quant4j.model.config.ModelOptions;
import io.github.quant4j.quantize.Quantizer;
import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.testing.SeededRandom;
import io.github.quant4j.testing.models.TestModels;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Rows of a model ranked together, against a ranking by brute force in doubles. */
class RowRankingTest {
  private static final ModelOptions OPTIONS = ModelOptions.defaults().withThreads(1);
  private static final String RECIPE = "int3:g16:asym gptq + rows(0.2,int8:channel:sym rtn,model)";

  private static final double[] NONE = {};

  @TempDir private Path directory;

  private record Row(String site, double gain, int weights) {}

  /** How many rows of each layer are among those of the largest error, weight for weight. */
  private static Map<String, Integer> expected(
      LanguageModel model, List<int[]> windows, double share) {
    Map<LinearSite, double[]> errors = new HashMap<>();
    Map<LinearSite, FloatMatrix> changes = new LinkedHashMap<>();
    for (int b = 0; b < model.graph().blocks().size(); b++) {
      try (var block = model.graph().open(b)) {
        for (LinearSite site : block.layout().sites()) {
          FloatMatrix weights = block.linear(site).toDense();
          FloatMatrix rounded =
              Quantizer.of("int3:g16:asym rtn").quantize(weights, Compute.scalar()).dequantize();
          for (int i = 0; i < weights.data().length; i++) {
            rounded.data()[i] -= weights.data()[i];
          }
          changes.put(site, rounded);
          errors.put(site, new double[weights.rows()]);
        }
      }
    }
    HiddenStates states = model.graph().embed(windows);
    for (int b = 0; b < model.graph().blocks().size(); b++) {
      try (var block = model.graph().open(b)) {
        Map<LinearSite, double[]> powers = new HashMap<>();
        HiddenStates after =
            block.run(
                states,
                (group, input) -> {
                  FloatMatrix x = input.copy();
                  for (LinearSite site : group.sites()) {
                    squares(x, changes.getOrDefault(site, x), errors.getOrDefault(site, NONE));
                    FloatMatrix weights = block.linear(site).toDense();
                    double[] power = new double[weights.rows()];
                    squares(x, weights, power);
                    powers.put(site, power);
                  }
                });
        double added = 0;
        double whole = 0;
        for (int i = 0; i < after.values().data().length; i++) {
          double value = after.values().data()[i];
          added += Math.pow(value - states.values().data()[i], 2);
          whole += value * value;
        }
        for (LinearSite site : block.layout().sites()) {
          double power = Arrays.stream(powers.getOrDefault(site, NONE)).sum();
          double[] sums = errors.getOrDefault(site, NONE);
          for (int r = 0; r < sums.length; r++) {
            sums[r] *= added / whole / power / site.inFeatures();
          }
        }
        states = after;
      }
    }
    List<Row> rows = new ArrayList<>();
    double budget = 0;
    Map<String, Integer> counts = new HashMap<>();
    for (LinearSite site : changes.keySet()) {
      counts.put(site.name(), 0);
      budget += share * site.weightCount();
      for (double gain : errors.getOrDefault(site, new double[0])) {
        rows.add(new Row(site.name(), gain, site.inFeatures()));
      }
    }
    rows.sort(Comparator.comparingDouble(Row::gain).reversed());
    double used = 0;
    for (Row row : rows) {
      if (used + row.weights / 2.0 > budget) {
        break;
      }
      used += row.weights;
      counts.merge(row.site, 1, Integer::sum);
    }
    return counts;
  }

  /** Adds the squares of the outputs of each row over all tokens. */
  private static void squares(FloatMatrix x, FloatMatrix weights, double[] sums) {
    for (int t = 0; t < x.rows(); t++) {
      for (int r = 0; r < sums.length; r++) {
        double y = 0;
        for (int j = 0; j < x.columns(); j++) {
          y += (double) x.get(t, j) * weights.get(r, j);
        }
        sums[r] += y * y;
      }
    }
  }

  @Test
  void layersGetTheRowsOfTheLargestErrorOfTheModel() throws IOException {
    SeededRandom random = new SeededRandom(41);
    List<int[]> windows = new ArrayList<>();
    for (int w = 0; w < 4; w++) {
      int[] window = new int[24];
      Arrays.setAll(window, i -> random.nextInt(0, 64));
      windows.add(window);
    }
    Path target = directory.resolve("out");
    try (LanguageModel model = TestModels.open("llama-untied", OPTIONS)) {
      Map<String, Integer> counts = expected(model, windows, 0.2);
      Quantization<int[]> quantization =
          Quantization.of(
                  model.graph(), TestModels.directory("llama-untied"), windows, OPTIONS.kernels())
              .recipe(RECIPE);
      QuantizationPlan plan = quantization.plan();
      QuantizationReport report = quantization.saveTo(target);
      assertEquals(RECIPE, report.recipe());
      long wide = 0;
      long weights = 0;
      long bits = 0;
      int different = 0;
      try (LanguageModel quantized = LanguageModel.open(target, OPTIONS)) {
        for (int b = 0; b < model.graph().blocks().size(); b++) {
          try (var block = quantized.graph().open(b)) {
            for (LinearSite site : block.layout().sites()) {
              QuantizedLinear linear = block.linear(site);
              int found = wideRows(linear);
              wide += (long) found * site.inFeatures();
              weights += site.weightCount();
              bits += linear.storageBits();
              different += found != Math.round(0.2 * site.outFeatures()) ? 1 : 0;
              assertEquals(counts.get(site.name()), found, site.name() + " " + random);
            }
          }
        }
        assertEquals(24, quantized.logits(windows.getFirst()).rows());
      }
      assertEquals(0.2 * weights, (double) wide, 64);
      assertTrue(different > 0, "all layers have the same share");
      // Codes of wide rows are five bits wider; their scales are fewer.
      assertEquals(plan.bitsPerWeight(), (double) bits / weights, 0.02);
      assertEquals(report.bitsPerWeight(), (double) bits / weights, 1e-9);
    }
  }

  private static int wideRows(QuantizedLinear linear) {
    return switch (linear.terms().getFirst()) {
      case MixedTerm mixed -> mixed.lines(1).length;
      case QuantizedTerm(var matrix) -> matrix.scheme().bits() == 8 ? matrix.rows() : 0;
      default -> -1;
    };
  }
}
