// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.report;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.model.LanguageModel;
import io.github.quant4j.model.config.ModelOptions;
import io.github.quant4j.recipe.Recipe;
import io.github.quant4j.report.figure.Histogram;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class LayerHistogramsTest {
  private static final Path MODEL =
      Path.of(System.getProperty("quant4j.root", "..")).resolve("examples/models/gutenberg-5m");
  private static final ModelOptions OPTIONS = ModelOptions.defaults().withThreads(1);
  private static final String LAYER = "model.layers.1.mlp.down_proj";

  private static List<int[]> inputs() {
    int[] tokens = new int[64];
    Arrays.setAll(tokens, i -> (i * 37 + 11) % 2048);
    return List.of(tokens);
  }

  private static LayerHistograms.Layer layer(LanguageModel model, String recipe) {
    List<LayerHistograms.Layer> layers =
        LayerHistograms.of(
            model.graph(),
            inputs(),
            Recipe.parse(recipe),
            site -> site.name().equals(LAYER),
            OPTIONS.kernels());
    assertEquals(1, layers.size());
    assertEquals(LAYER, layers.getFirst().name());
    return layers.getFirst();
  }

  /** How far the farthest interval with values is from the middle, as a part of the range. */
  private static double extent(Histogram.Distribution distribution) {
    int bins = distribution.shares().length;
    double extent = 0;
    for (int i = 0; i < bins; i++) {
      if (distribution.shares()[i] > 0) {
        extent = Math.max(extent, Math.abs(2.0 * i + 1 - bins) / (bins - 1));
      }
    }
    return extent;
  }

  @Test
  void withoutTransformsNothingChanges() throws Exception {
    try (LanguageModel model = LanguageModel.open(MODEL, OPTIONS)) {
      LayerHistograms.Layer layer = layer(model, "int4:g64:sym rtn");
      for (Histogram histogram : List.of(layer.weights(), layer.inputs())) {
        assertArrayEquals(
            histogram.distributions().getFirst().shares(),
            histogram.distributions().getLast().shares());
        assertEquals(1, extent(histogram.distributions().getFirst()));
      }
      // What the model itself shows of the layer's input.
      List<Float> seen = new ArrayList<>();
      model.observe(
          inputs(),
          (group, input) -> {
            if (group.sites().stream().anyMatch(site -> site.name().equals(LAYER))) {
              for (float value : input.copy().data()) {
                seen.add(value);
              }
            }
          });
      Histogram inputs = layer.inputs();
      double largest = seen.stream().mapToDouble(Math::abs).max().orElseThrow();
      assertEquals(largest, inputs.to(), 1e-4 * largest);
      double near = inputs.edge(41) - inputs.edge(39);
      long middle = seen.stream().filter(value -> Math.abs(value) < near / 2).count();
      double[] shares = inputs.distributions().getFirst().shares();
      assertEquals((double) middle / seen.size(), shares[39] + shares[40], 2e-3);
    }
  }

  /** A rotation spreads outliers over all channels. */
  @Test
  void rotationsMakeInputsNarrower() throws Exception {
    try (LanguageModel model = LanguageModel.open(MODEL, OPTIONS)) {
      Histogram inputs = layer(model, "hadamard | int4:g64:sym rtn").inputs();
      double before = extent(inputs.distributions().getFirst());
      double after = extent(inputs.distributions().getLast());
      assertEquals(1, before);
      assertTrue(after < 0.8, "from " + before + " to " + after);
    }
  }

  /** What a layer makes up for is nothing here, and must not be asked for. */
  @Test
  void targetsDoNotMatter() throws Exception {
    try (LanguageModel model = LanguageModel.open(MODEL, OPTIONS)) {
      Histogram plain = layer(model, "hadamard | int4:g64:sym rtn").inputs();
      Histogram aimed = layer(model, "retarget(0.5) | hadamard | int4:g64:sym rtn").inputs();
      assertArrayEquals(
          plain.distributions().getLast().shares(), aimed.distributions().getLast().shares());
    }
  }

  @Test
  void inputsAreNeeded() throws Exception {
    try (LanguageModel model = LanguageModel.open(MODEL, OPTIONS)) {
      assertThrows(
          IllegalArgumentException.class,
          () ->
              LayerHistograms.of(
                  model.graph(),
                  List.of(),
                  Recipe.parse("int4:g64:sym rtn"),
                  site -> true,
                  OPTIONS.kernels()));
    }
  }
}
