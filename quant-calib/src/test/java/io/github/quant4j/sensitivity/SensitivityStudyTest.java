// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.sensitivity;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.graph.Block;
import io.github.quant4j.graph.HiddenStates;
import io.github.quant4j.graph.LinearSite;
import io.github.quant4j.graph.SiteObserver;
import io.github.quant4j.layer.LinearQuantizer;
import io.github.quant4j.linear.QuantizedLinear;
import io.github.quant4j.model.LanguageModel;
import io.github.quant4j.model.SpeechEncoder;
import io.github.quant4j.model.config.ModelOptions;
import io.github.quant4j.pipeline.Quantization;
import io.github.quant4j.progress.Cancellation;
import io.github.quant4j.recipe.Recipe;
import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.testing.SeededRandom;
import io.github.quant4j.testing.models.TestEncoders;
import io.github.quant4j.testing.models.TestModels;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SensitivityStudyTest {
  private static final Recipe FOUR = Recipe.parse("int4:g16:sym rtn");
  private static final Recipe TWO = Recipe.parse("int2:g16:asym rtn");

  private static List<int[]> windows(SeededRandom random, int count) {
    List<int[]> windows = new ArrayList<>();
    for (int w = 0; w < count; w++) {
      int[] window = new int[12];
      for (int t = 0; t < window.length; t++) {
        window[t] = random.nextInt(0, 64);
      }
      windows.add(window);
    }
    return windows;
  }

  /** Mean divergence over all positions, in plain loops over the logits of whole models. */
  private static double divergence(
      LanguageModel model, List<int[]> windows, Map<LinearSite, QuantizedLinear> changed) {
    double sum = 0;
    int positions = 0;
    for (int[] window : windows) {
      double[][] p = softmax(logits(model, window, Map.of()));
      double[][] q = softmax(logits(model, window, changed));
      for (int t = 0; t < p.length; t++) {
        for (int i = 0; i < p[t].length; i++) {
          sum += p[t][i] * (Math.log(p[t][i]) - Math.log(q[t][i]));
        }
      }
      positions += window.length;
    }
    return sum / positions;
  }

  private static FloatMatrix logits(
      LanguageModel model, int[] window, Map<LinearSite, QuantizedLinear> changed) {
    HiddenStates states = model.graph().embed(List.of(window));
    for (int b = 0; b < model.graph().blocks().size(); b++) {
      try (Block block = model.graph().open(b)) {
        for (LinearSite site : block.layout().sites()) {
          Optional.ofNullable(changed.get(site)).ifPresent(one -> block.replace(site, one));
        }
        states = block.run(states, SiteObserver.none());
      }
    }
    try (Block head = model.graph().openHead()) {
      return head.run(states, SiteObserver.none()).values();
    }
  }

  private static double[][] softmax(FloatMatrix logits) {
    double[][] result = new double[logits.rows()][logits.columns()];
    for (int r = 0; r < logits.rows(); r++) {
      double sum = 0;
      for (int c = 0; c < logits.columns(); c++) {
        result[r][c] = Math.exp(logits.data()[r * logits.columns() + c]);
        sum += result[r][c];
      }
      for (int c = 0; c < logits.columns(); c++) {
        result[r][c] /= sum;
      }
    }
    return result;
  }

  private static QuantizedLinear quantized(LanguageModel model, LinearSite site, Recipe recipe) {
    for (int b = 0; b < model.graph().blocks().size(); b++) {
      try (Block block = model.graph().open(b)) {
        if (block.layout().sites().contains(site)) {
          return LinearQuantizer.of(recipe).quantize(block.linear(site).toDense()).linear();
        }
      }
    }
    throw new AssertionError(site);
  }

  @Test
  void lossesAreThoseOfTheModelWithOneLayerChanged() {
    SeededRandom random = new SeededRandom(11);
    List<int[]> calibration = windows(random, 4);
    List<int[]> measured = windows(random, 3);
    try (LanguageModel model = TestModels.open("llama-untied")) {
      SensitivityTable table =
          SensitivityStudy.of(model, calibration, measured, List.of(FOUR, TWO))
              .withPairs(true)
              .run();
      List<LinearSite> sites =
          model.graph().blocks().stream().flatMap(block -> block.sites().stream()).toList();
      assertEquals(sites.size(), table.sites().size());
      assertEquals(2 * (sites.size() - 1), table.pairs().size());
      for (int i : new int[] {0, 3, sites.size() - 1}) {
        LinearSite site = sites.get(i);
        SiteSensitivity found = table.sites().get(i);
        assertEquals(site.name(), found.name());
        for (Recipe recipe : List.of(FOUR, TWO)) {
          CandidateSensitivity candidate = found.candidate(recipe.toString()).orElseThrow();
          double expected =
              divergence(model, measured, Map.of(site, quantized(model, site, recipe)));
          assertEquals(
              expected, candidate.loss().orElseThrow(), 1e-4 * expected + 1e-8, "" + random);
          assertEquals(recipe.storageBits(site.outFeatures(), site.inFeatures()), candidate.bits());
          assertEquals(16.0 * candidate.bits(), candidate.bitOperations());
        }
      }
      PairInteraction pair = table.pairs().getLast();
      LinearSite first = sites.get(sites.size() - 2);
      LinearSite second = sites.getLast();
      assertEquals(TWO.toString(), pair.recipe());
      double both =
          divergence(
              model,
              measured,
              Map.of(first, quantized(model, first, TWO), second, quantized(model, second, TWO)));
      double apart =
          table
                  .sites()
                  .get(sites.size() - 2)
                  .candidate(TWO.toString())
                  .orElseThrow()
                  .loss()
                  .orElseThrow()
              + table
                  .sites()
                  .getLast()
                  .candidate(TWO.toString())
                  .orElseThrow()
                  .loss()
                  .orElseThrow();
      assertEquals(both - apart, pair.loss(), 1e-3 * both + 1e-8);
    }
  }

  /** {@code tr(E H E^T)} and the trace from every token that reaches the layer, in binary64. */
  @Test
  void errorsAreThoseOfTheLayer() {
    SeededRandom random = new SeededRandom(12);
    List<int[]> calibration = windows(random, 5);
    try (LanguageModel model = TestModels.open("llama-untied")) {
      SensitivityTable table =
          SensitivityStudy.of(model, calibration, windows(random, 1), List.of(TWO))
              .measuringLossOf(Set.of())
              .run();
      Map<String, List<float[]>> inputs = new HashMap<>();
      model.observe(
          calibration,
          (group, input) -> {
            FloatMatrix rows = input.copy();
            for (int t = 0; t < rows.rows(); t++) {
              float[] row = new float[rows.columns()];
              System.arraycopy(rows.data(), t * row.length, row, 0, row.length);
              for (LinearSite site : group.sites()) {
                inputs.computeIfAbsent(site.name(), _ -> new ArrayList<>()).add(row);
              }
            }
          });
      LinearSite site = model.graph().blocks().getLast().sites().getLast();
      SiteSensitivity found = table.sites().getLast();
      QuantizedLinear linear = quantized(model, site, TWO);
      float[] wanted = LinearWeights.of(model, site);
      float[] actual = linear.toDense().data();
      double error = 0;
      double weightError = 0;
      double power = 0;
      double trace = 0;
      List<float[]> rows = inputs.get(site.name());
      for (float[] x : rows) {
        for (int o = 0; o < site.outFeatures(); o++) {
          double e = 0;
          double y = 0;
          for (int i = 0; i < x.length; i++) {
            int at = o * x.length + i;
            e += ((double) actual[at] - wanted[at]) * x[i];
            y += (double) wanted[at] * x[i];
          }
          error += e * e;
          power += y * y;
        }
        for (float value : x) {
          trace += (double) value * value;
        }
      }
      for (int i = 0; i < wanted.length; i++) {
        weightError += ((double) actual[i] - wanted[i]) * ((double) actual[i] - wanted[i]);
      }
      CandidateSensitivity candidate = found.candidates().getFirst();
      assertEquals(error / rows.size(), candidate.outputError(), 1e-3 * error / rows.size());
      assertEquals(weightError, candidate.weightError(), 1e-4 * weightError);
      assertEquals(power / rows.size(), found.outputPower(), 1e-3 * power / rows.size());
      assertEquals(trace / rows.size(), found.trace(), 1e-3 * trace / rows.size());
      assertTrue(candidate.loss().isEmpty());
    }
  }

  /** The original weights of a site. */
  private static final class LinearWeights {
    static float[] of(LanguageModel model, LinearSite site) {
      for (int b = 0; b < model.graph().blocks().size(); b++) {
        try (Block block = model.graph().open(b)) {
          if (block.layout().sites().contains(site)) {
            return block.linear(site).toDense().data();
          }
        }
      }
      throw new AssertionError(site);
    }
  }

  @Test
  void aroundAQuantizedModelLossesAreDifferences() {
    SeededRandom random = new SeededRandom(13);
    List<int[]> measured = windows(random, 3);
    try (LanguageModel model = TestModels.open("llama-untied")) {
      Map<LinearSite, QuantizedLinear> base = new HashMap<>();
      List<LinearSite> sites =
          model.graph().blocks().stream().flatMap(block -> block.sites().stream()).toList();
      sites.forEach(site -> base.put(site, quantized(model, site, FOUR)));
      SensitivityTable table =
          SensitivityStudy.of(model, windows(random, 2), measured, List.of(FOUR, TWO))
              .around(site -> Optional.ofNullable(base.get(site)))
              .run();
      double all = divergence(model, measured, base);
      assertEquals(all, table.baseLoss(), 1e-4 * all, "" + random);
      SiteSensitivity last = table.sites().getLast();
      // What is there already changes nothing.
      assertEquals(
          0, last.candidate(FOUR.toString()).orElseThrow().loss().orElseThrow(), 1e-6 * all);
      base.put(sites.getLast(), quantized(model, sites.getLast(), TWO));
      assertEquals(
          divergence(model, measured, base) - all,
          last.candidate(TWO.toString()).orElseThrow().loss().orElseThrow(),
          1e-3 * all);
    }
  }

  @Test
  void outputsOfAnEncoderLoseByNoise() {
    SeededRandom random = new SeededRandom(14);
    String name = TestEncoders.names().getFirst();
    int bins = TestEncoders.Expected.of(name).getFirst().logMel().columns();
    try (SpeechEncoder encoder = TestEncoders.open(name, ModelOptions.defaults())) {
      List<FloatMatrix> calibration = List.of(random.gaussianMatrix(12, bins));
      List<FloatMatrix> measured = List.of(random.gaussianMatrix(10, bins));
      SensitivityTable table =
          SensitivityStudy.of(
                  encoder.graph(),
                  LossMeasure.NOISE,
                  calibration,
                  measured,
                  List.of(Recipe.parse("int3:channel:sym rtn")),
                  encoder.options().kernels())
              .run();
      FloatMatrix expected = encoder.encode(measured.getFirst());
      LinearSite site = encoder.graph().blocks().getLast().sites().getLast();
      HiddenStates states = encoder.graph().embed(measured);
      int blocks = encoder.graph().blocks().size();
      FloatMatrix actual;
      for (int b = 0; b < blocks; b++) {
        try (Block block = encoder.graph().open(b)) {
          if (b == blocks - 1) {
            QuantizedLinear present = block.linear(site);
            QuantizedLinear linear =
                LinearQuantizer.of("int3:channel:sym rtn").quantize(present.toDense()).linear();
            block.replace(site, linear.withBias(present.bias().orElseThrow()));
          }
          states = block.run(states, SiteObserver.none());
        }
      }
      try (Block head = encoder.graph().openHead()) {
        actual = head.run(states, SiteObserver.none()).values();
      }
      double noise = 0;
      double signal = 0;
      for (int i = 0; i < expected.data().length; i++) {
        noise += Math.pow((double) actual.data()[i] - expected.data()[i], 2);
        signal += Math.pow(expected.data()[i], 2);
      }
      assertEquals(
          noise / signal,
          table.sites().getLast().candidates().getFirst().loss().orElseThrow(),
          1e-3 * noise / signal,
          "" + random);
    }
  }

  @Test
  void candidatesThatDoNotSuitAreLeftOut() {
    SeededRandom random = new SeededRandom(15);
    try (LanguageModel model = TestModels.open("llama-untied")) {
      Recipe wide = Recipe.parse("int4:g1024:sym rtn");
      SensitivityTable table =
          SensitivityStudy.of(model, windows(random, 1), windows(random, 1), List.of(FOUR, wide))
              .measuringLossOf(Set.of())
              .run();
      assertTrue(table.sites().stream().allMatch(site -> site.candidates().size() == 1));
      SensitivityStudy<int[]> none =
          SensitivityStudy.of(model, windows(random, 1), windows(random, 1), List.of(wide));
      assertThrows(IllegalArgumentException.class, none::run);
      assertThrows(
          IllegalArgumentException.class,
          () -> SensitivityStudy.of(model, List.of(), windows(random, 1), List.of(FOUR)));
    }
  }

  @Test
  void theLossOfAWholeModel(@TempDir Path directory) throws IOException {
    SeededRandom random = new SeededRandom(16);
    List<int[]> inputs = windows(random, 3);
    Path target = directory.resolve("quantized");
    try (LanguageModel model = LanguageModel.open(TestModels.directory("llama-untied"))) {
      Quantization.of(model).recipe(FOUR).saveTo(target);
      Map<LinearSite, QuantizedLinear> all = new HashMap<>();
      model.graph().blocks().stream()
          .flatMap(block -> block.sites().stream())
          .forEach(site -> all.put(site, quantized(model, site, FOUR)));
      ModelLoss loss =
          new ModelLoss(
              LossMeasure.DIVERGENCE, model.options().kernels().team(), Cancellation.never());
      try (LanguageModel changed = LanguageModel.open(target)) {
        double expected = divergence(model, inputs, all);
        assertEquals(
            expected, loss.of(model.graph(), changed.graph(), inputs), 1e-3 * expected);
        assertEquals(0, loss.of(model.graph(), model.graph(), inputs), 1e-9);
        assertThrows(
            IllegalArgumentException.class,
            () -> loss.of(model.graph(), changed.graph(), List.of()));
      }
    }
  }
}
