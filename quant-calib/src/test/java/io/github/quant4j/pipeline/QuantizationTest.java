// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.pipeline;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.io.ModelDirectory;
import io.github.quant4j.io.OutputException;
import io.github.quant4j.io.quantized.ModelVerifier;
import io.github.quant4j.io.quantized.QuantizedWeights;
import io.github.quant4j.json.JsonParser;
import io.github.quant4j.model.LanguageModel;
import io.github.quant4j.model.config.ModelOptions;
import io.github.quant4j.model.config.WeightPlacement;
import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.testing.RecordingAlgebra;
import io.github.quant4j.testing.SeededRandom;
import io.github.quant4j.testing.models.TestModels;
import io.github.quant4j.testing.models.TestModels.Expected;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class QuantizationTest {
  private static final String MODEL = "llama-untied";

  @TempDir private Path directory;
  private final SeededRandom random = new SeededRandom(77);

  private static ModelOptions options(int threads) {
    return ModelOptions.defaults().withThreads(threads);
  }

  private Quantization<int[]> quantization(LanguageModel model) {
    int[][] windows = new int[6][24];
    for (int[] window : windows) {
      for (int i = 0; i < window.length; i++) {
        window[i] = random.nextInt(0, model.vocabularySize());
      }
    }
    return Quantization.of(model).calibration(Calibration.ofTokens(windows));
  }

  private static float[] logits(LanguageModel model, int[][] sequences) {
    float[] all = new float[0];
    for (int[] sequence : sequences) {
      float[] some = model.logits(sequence).data();
      int from = all.length;
      all = java.util.Arrays.copyOf(all, from + some.length);
      System.arraycopy(some, 0, all, from, some.length);
    }
    return all;
  }

  private static double distance(float[] a, float[] b) {
    double error = 0;
    double power = 0;
    for (int i = 0; i < a.length; i++) {
      error += (a[i] - b[i]) * (double) (a[i] - b[i]);
      power += a[i] * (double) a[i];
    }
    return Math.sqrt(error / power);
  }

  static Stream<Arguments> exactRecipes() {
    List<Arguments> cases = new ArrayList<>();
    for (String model : TestModels.names()) {
      for (String transforms :
          List.of(
              "smooth(0.5)",
              "smooth(0.5,po2)",
              "awq",
              "equalize",
              "shift",
              "permute",
              "hadamard",
              "hadamard(online)",
              "hadamard(folded)",
              "smooth(0.5) | hadamard(folded)",
              "hadamard | smooth(0.5)",
              "smooth(0.5) | hadamard",
              "pca",
              "permute | shift | hadamard(block=8)")) {
        cases.add(Arguments.of(model, transforms));
      }
    }
    return cases.stream();
  }

  /** Any chain of transforms, folded or not, before quantization. */
  @ParameterizedTest
  @MethodSource("exactRecipes")
  void transformsLeaveTheModelAsItIs(String name, String transforms) throws IOException {
    Expected expected = Expected.of(name);
    try (LanguageModel model = LanguageModel.open(TestModels.directory(name), options(1))) {
      quantization(model).recipe(transforms + " | f32").saveTo(directory.resolve("out"));
    }
    try (LanguageModel changed = LanguageModel.open(directory.resolve("out"), options(1))) {
      assertArrayEquals(
          expected.logits(), logits(changed, expected.tokens()), 1e-3f, name + ", " + random);
    }
  }

  /** The model has 128 positions; the usual windows of 256 tokens are cut to that. */
  @Test
  void windowsLongerThanTheModelHasPositionsAreRefused() throws IOException {
    try (LanguageModel model = LanguageModel.open(TestModels.directory(MODEL), options(1))) {
      for (Calibration calibration :
          List.of(
              Calibration.selfGenerated(2, 129),
              Calibration.ofText("text", 2, 129),
              Calibration.ofTokens(new int[3], new int[129]))) {
        String message =
            assertThrows(
                    IllegalArgumentException.class,
                    () -> Quantization.of(model).calibration(calibration))
                .getMessage();
        assertTrue(message.contains("129 tokens, expected at most 128"), message);
      }
      Quantization.of(model).calibration(Calibration.selfGenerated(2, 128));
    }
    try (LanguageModel model =
        LanguageModel.open(
            TestModels.directory(MODEL), options(1).withPositionsBeyondTraining(true))) {
      Quantization.of(model).calibration(Calibration.selfGenerated(2, 129));
    }
  }

  @Test
  void aRotationOfTheStreamIsFolded() throws IOException {
    try (LanguageModel model =
        LanguageModel.open(TestModels.directory("qwen3-head-norms"), options(1))) {
      QuantizationReport report =
          quantization(model)
              .recipe("hadamard | int8:channel:sym rtn")
              .saveTo(directory.resolve("out"));
      for (SiteReport site : report.sites()) {
        boolean down = site.name().endsWith("down_proj");
        assertEquals(down, !site.online().isEmpty(), site.toString());
        assertTrue(site.folded().contains("residual stream"), site.toString());
      }
      assertTrue(model.configuration().tiedEmbeddings());
    }
    try (LanguageModel rotated = LanguageModel.open(directory.resolve("out"), options(1))) {
      assertFalse(rotated.configuration().tiedEmbeddings());
      Expected expected = Expected.of("qwen3-head-norms");
      assertTrue(
          distance(expected.logits(), logits(rotated, expected.tokens())) < 0.03, "" + random);
    }
    assertEquals(List.of(), ModelVerifier.verify(directory.resolve("out")));
  }

  /** R1 and R2 alone make another plain model of the same family. */
  @Test
  void aRotationThatIsFoldedLeavesNothingToRun() throws IOException {
    Path plain = TestModels.directory("qwen3-head-norms");
    Path target = directory.resolve("out");
    try (LanguageModel model = LanguageModel.open(plain, options(1))) {
      QuantizationReport report =
          quantization(model).recipe("hadamard(folded) | f32").saveTo(target);
      for (SiteReport site : report.sites()) {
        assertEquals("", site.online(), site.toString());
        assertTrue(site.folded().contains("residual stream"), site.toString());
        boolean heads =
            site.folded().indexOf("hadamard[") != site.folded().lastIndexOf("hadamard[");
        assertEquals(site.name().endsWith("o_proj"), heads, site.toString());
      }
      assertEquals("", report.method());
    }
    try (ModelDirectory before = ModelDirectory.open(plain);
        ModelDirectory after = ModelDirectory.open(target)) {
      assertEquals(before.config().getString("model_type"), after.config().getString("model_type"));
      assertTrue(after.config().get("quantization_config").isEmpty());
      Set<String> names = new TreeSet<>(before.names());
      // The head no longer shares the embeddings.
      names.add("lm_head.weight");
      assertEquals(names, new TreeSet<>(after.names()));
    }
    try (LanguageModel rotated = LanguageModel.open(target, options(1))) {
      Expected expected = Expected.of("qwen3-head-norms");
      assertArrayEquals(
          expected.logits(), logits(rotated, expected.tokens()), 1e-4f, random.toString());
    }
  }

  static Stream<Arguments> recipes() {
    return Stream.of(
        Arguments.of("int8:channel:sym rtn", 0.05, "compressed-tensors"),
        Arguments.of("int4:g16:asym gptq(act-order)", 0.6, "compressed-tensors"),
        Arguments.of("int4:g16:sym rtn", 0.6, "compressed-tensors"),
        Arguments.of("fp8e4m3:channel rtn", 0.2, "compressed-tensors"),
        Arguments.of("nvfp4 rtn", 0.8, "compressed-tensors"),
        Arguments.of("smooth(0.5) | int8:channel:sym rtn @ int8:g16", 0.08, "compressed-tensors"),
        Arguments.of("hadamard | int4:g16:sym gptq @ int8:token + bias", 0.6, "quant4j"),
        Arguments.of("int3:g16:asym gptq + lowrank(4) + sparse(0.01)", 0.8, "quant4j"),
        Arguments.of(
            "int3:g16:asym:second-order gptq(act-order,current) + sparse(0.01,loop)",
            0.8,
            "quant4j"),
        Arguments.of("int3:channel:asym rtn>cd(6) + sparse(0.02,iht)", 0.9, "quant4j"),
        Arguments.of("olive4:g16", 0.8, "quant4j"),
        Arguments.of("hadamard | trellis4(8) @ int8:token", 0.6, "quant4j"),
        Arguments.of("hadamard | int4:g16:sym gptq @ int8:token clip(0.95)", 0.6, "quant4j"),
        Arguments.of("e?m?(6):channel:sym mse rtn @ e?m?(8):tensor:sym output(1)", 0.6, "quant4j"));
  }

  @ParameterizedTest
  @MethodSource("recipes")
  void quantizedModelsComeBack(String recipe, double bound, String method) throws IOException {
    Expected expected = Expected.of(MODEL);
    Path target = directory.resolve("out");
    try (LanguageModel model = LanguageModel.open(TestModels.directory(MODEL), options(2))) {
      Quantization<int[]> quantization = quantization(model).recipe(recipe);
      QuantizationPlan plan = quantization.plan();
      QuantizationReport report = quantization.saveTo(target);
      assertEquals(14, report.sites().size());
      assertEquals(plan.bitsPerWeight(), report.bitsPerWeight(), 0.05 * report.bitsPerWeight());
      assertEquals(method, report.method());
      assertTrue(Files.readString(target.resolve(QuantizationReport.PAGE)).contains("q_proj"));
      JsonParser.parse(Files.readAllBytes(target.resolve(QuantizationReport.FILE)));
    }
    assertEquals(List.of(), ModelVerifier.verify(target));
    try (ModelDirectory files = ModelDirectory.open(target);
        LanguageModel quantized = LanguageModel.open(target, options(1))) {
      assertEquals(14, QuantizedWeights.of(files).modules().size());
      double error = distance(expected.logits(), logits(quantized, expected.tokens()));
      assertTrue(error > 0 && error < bound, recipe + ": " + error + ", " + random);
    }
    assertEquals(Set.of("out"), names(directory));
  }

  private static Set<String> names(Path directory) throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files
          .map(file -> String.valueOf(file.getFileName()))
          .collect(java.util.stream.Collectors.toSet());
    }
  }

  @Test
  void layersAreChosenByPattern() throws IOException {
    Path target = directory.resolve("out");
    try (LanguageModel model = LanguageModel.open(TestModels.directory(MODEL), options(1))) {
      QuantizationReport report =
          quantization(model)
              .recipe("int4:g16:sym rtn")
              .set("*.down_proj", "int8:channel:sym rtn")
              .set("lm_head", "int8:channel:sym gptq")
              .keep("model.layers.0.self_attn.?_proj")
              .saveTo(target);
      assertEquals(14 - 4 + 1, report.sites().size());
      for (SiteReport site : report.sites()) {
        assertEquals(
            site.name().endsWith("down_proj")
                ? "int8:channel:sym rtn"
                : site.name().equals("lm_head") ? "int8:channel:sym gptq" : "int4:g16:sym rtn",
            site.recipe().replace("minmax ", ""));
      }
    }
    try (ModelDirectory files = ModelDirectory.open(target)) {
      assertTrue(files.find("model.layers.0.self_attn.q_proj.weight").isPresent());
      assertTrue(files.find("model.layers.1.self_attn.q_proj.weight").isEmpty());
      assertTrue(QuantizedWeights.of(files).modules().contains("lm_head"));
    }
  }

  @Test
  void allProblemsAreFoundBeforeTheWork() throws IOException {
    Path target = directory.resolve("out");
    try (LanguageModel model = LanguageModel.open(TestModels.directory(MODEL), options(1))) {
      PlanException error =
          assertThrows(
              PlanException.class,
              () -> quantization(model).recipe("int4:g20:sym rtn").keep("*.w_proj").saveTo(target));
      // The pattern, and 14 layers whose widths 20 does not divide, which are one problem.
      assertEquals(2, error.problems().size(), error.getMessage());
      assertTrue(error.getMessage().contains("14 layers (model.layers.0.self_attn.q_proj, "));
      assertTrue(error.getMessage().contains(" and 11 more) cannot be quantized to"));
      assertTrue(error.getMessage().contains("*.w_proj"), error.getMessage());
      assertThrows(PlanException.class, () -> quantization(model).keep("*").saveTo(target));
      Files.createDirectory(target);
      assertThrows(
          OutputException.class,
          () -> quantization(model).recipe("int8:channel:sym rtn").saveTo(target));
    }
    assertEquals(Set.of("out"), names(directory));
  }

  /** Outliers by scores of the caller: without any the plan says so, with them they decide. */
  @Test
  void scoresAreAskedForInThePlanAndUsed() throws IOException {
    Path target = directory.resolve("out");
    String recipe = "int2:channel:sym rtn + sparse(0.02,scores)";
    try (LanguageModel model = LanguageModel.open(TestModels.directory(MODEL), options(1))) {
      PlanException error =
          assertThrows(
              PlanException.class, () -> quantization(model).recipe(recipe).saveTo(target));
      assertTrue(error.getMessage().contains("no scores"), error.getMessage());
      PlanException wrong =
          assertThrows(
              PlanException.class,
              () ->
                  quantization(model)
                      .recipe(recipe)
                      .scores(layer -> Optional.of(new float[3]))
                      .saveTo(target));
      assertTrue(wrong.getMessage().contains("3 scores"), wrong.getMessage());
      String name = "model.layers.0.mlp.down_proj";
      FloatMatrix weights;
      try (ModelDirectory files = ModelDirectory.open(TestModels.directory(MODEL))) {
        weights = files.require(name + ".weight").toMatrix();
      }
      // The first row counts, whatever its weights.
      float[] scores = new float[weights.data().length];
      java.util.Arrays.fill(scores, 0, weights.columns(), 1);
      quantization(model)
          .recipe("int8:channel:sym rtn")
          .set(name, recipe)
          .scores(layer -> layer.equals(name) ? Optional.of(scores) : Optional.empty())
          .saveTo(target);
      try (ModelDirectory files = ModelDirectory.open(target)) {
        FloatMatrix quantized = QuantizedWeights.of(files).find(name).orElseThrow().toDense();
        int kept = (int) Math.round(0.02 * scores.length);
        int exact = 0;
        for (int j = 0; j < weights.columns(); j++) {
          double difference = Math.abs(quantized.get(0, j) - weights.get(0, j));
          exact += difference <= 1e-3 * Math.abs(weights.get(0, j)) ? 1 : 0;
        }
        assertTrue(exact >= Math.min(kept, weights.columns()), exact + " of " + kept);
      }
    }
  }

  private static byte[] weights(Path model) throws IOException {
    return Files.readAllBytes(model.resolve("model.safetensors"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"awq | int4:g16:asym gptq(act-order)", "hadamard | int4:g16:sym rtn @ int8:token"})
  void interruptedRunsResumeToTheSameBytesOnAnyThreads(String recipe) throws IOException {
    Path whole = directory.resolve("whole");
    Path resumed = directory.resolve("resumed");
    SaveOptions resume = SaveOptions.defaults().withResume(true);
    try (LanguageModel one = LanguageModel.open(TestModels.directory(MODEL), options(1));
        LanguageModel two = LanguageModel.open(TestModels.directory(MODEL), options(2))) {
      Quantization<int[]> first = quantization(one).recipe(recipe);
      first.saveTo(whole);
      AtomicInteger sites = new AtomicInteger();
      SeededRandom same = new SeededRandom(77);
      assertEquals(random.toString(), same.toString());
      Quantization<int[]> second = new QuantizationTest().quantization(two).recipe(recipe);
      assertThrows(
          CancellationException.class,
          () ->
              second
                  .progress((stage, done, total) -> sites.incrementAndGet())
                  .cancellation(() -> sites.get() >= 9)
                  .saveTo(resumed));
      assertEquals(Set.of("whole", ".resumed.quant4j-run"), names(directory), "the state stays");
      PlanException other =
          assertThrows(
              PlanException.class,
              () -> second.recipe("int8:channel:sym rtn").saveTo(resumed, resume));
      assertTrue(other.getMessage().contains("another recipe"), other.getMessage());
      try (LanguageModel scalar =
          LanguageModel.open(
              TestModels.directory(MODEL),
              new ModelOptions(
                  options(2).kernels().withLinearAlgebra(new RecordingAlgebra()),
                  WeightPlacement.AUTOMATIC))) {
        PlanException arithmetic =
            assertThrows(
                PlanException.class,
                () ->
                    new QuantizationTest()
                        .quantization(scalar)
                        .recipe(recipe)
                        .saveTo(resumed, resume));
        assertTrue(
            arithmetic.getMessage().contains("another linear algebra"), arithmetic.getMessage());
      }
      List<String> finished = new ArrayList<>();
      second.progress((stage, done, total) -> finished.add(stage)).saveTo(resumed, resume);
      assertEquals(7, finished.size(), "only the second block is quantized again");
    }
    assertArrayEquals(weights(whole), weights(resumed));
    assertEquals(
        Files.readString(whole.resolve("config.json")),
        Files.readString(resumed.resolve("config.json")));
    assertEquals(Set.of("whole", "resumed"), names(directory));
  }

  @Test
  void attentionWeighsTokens() throws IOException {
    try (LanguageModel model = LanguageModel.open(TestModels.directory(MODEL), options(1))) {
      Quantization<int[]> quantization = quantization(model).recipe("int3:g16:asym gptq");
      quantization.saveTo(directory.resolve("uniform"));
      quantization
          .recipe("tokens(attention) | int3:g16:asym gptq")
          .saveTo(directory.resolve("weighted"));
    }
    assertNotEquals(
        java.util.Arrays.hashCode(weights(directory.resolve("uniform"))),
        java.util.Arrays.hashCode(weights(directory.resolve("weighted"))));
  }

  @Test
  void tokensOfWeightZeroDoNotCount() throws IOException {
    int[] first = {1, 5, 9, 2, 7, 3};
    int[] second = {4, 8, 6, 2, 1, 1};
    try (LanguageModel model = LanguageModel.open(TestModels.directory(MODEL), options(1))) {
      Quantization<int[]> quantization = Quantization.of(model).recipe("int3:g16:asym gptq");
      quantization.calibration(Calibration.ofTokens(first)).saveTo(directory.resolve("alone"));
      Quantization<int[]> both = quantization.calibration(Calibration.ofTokens(first, second));
      both.weighting(new TokenWeighting.Given(List.of(ones(6), new float[6])))
          .saveTo(directory.resolve("masked"));
      IllegalArgumentException short1 =
          assertThrows(
              IllegalArgumentException.class,
              () ->
                  both.weighting(new TokenWeighting.Given(List.of(ones(6), ones(5))))
                      .saveTo(directory.resolve("short")));
      assertEquals("weights: 5 for input 1, expected 6", short1.getMessage());
    }
    assertArrayEquals(weights(directory.resolve("alone")), weights(directory.resolve("masked")));
  }

  @Test
  void reportsTellHowFarEachBlockIsOff() throws IOException {
    try (LanguageModel model = LanguageModel.open(TestModels.directory(MODEL), options(1))) {
      Quantization<int[]> quantization = quantization(model);
      for (String transform : List.of("", "hadamard | ")) {
        double[] decibels = new double[2];
        int[] bits = {3, 8};
        for (int i = 0; i < 2; i++) {
          QuantizationReport report =
              quantization
                  .recipe(transform + "int" + bits[i] + ":g16:asym gptq")
                  .saveTo(directory.resolve(bits[i] + "-" + transform.length()));
          assertEquals(2, report.blocks().size(), report.blocks()::toString);
          assertTrue(report.toJson().contains("output_sqnr_db"));
          decibels[i] = report.outputSqnr().orElseThrow();
        }
        // Five bits are worth 30 dB; a wrong basis would leave nothing of either.
        assertEquals(30, decibels[1] - decibels[0], 6, transform);
        assertTrue(decibels[0] > 3, () -> transform + decibels[0]);
      }
    }
  }

  /** A group's transform follows from its input in the given model, whatever is folded before. */
  @ParameterizedTest
  @ValueSource(strings = {"self_attn.o_proj", "mlp.up_proj", "mlp.down_proj"})
  void transformsDoNotDependOnThoseOfEarlierGroups(String layer) throws IOException {
    try (LanguageModel model = LanguageModel.open(TestModels.directory(MODEL), options(1))) {
      Quantization<int[]> quantization = quantization(model);
      SiteReport all =
          report(quantization.recipe("smooth(0.5) | f32"), directory.resolve("all"), layer);
      Quantization<int[]> alone = quantization.recipe("f32");
      for (String site :
          layer.endsWith("up_proj") ? List.of(layer, "mlp.gate_proj") : List.of(layer)) {
        alone = alone.set("*." + site, "smooth(0.5) | f32");
      }
      SiteReport one = report(alone, directory.resolve("one"), layer);
      assertFalse(one.folded().isEmpty());
      assertEquals(one.folded(), all.folded());
    }
  }

  private static SiteReport report(Quantization<int[]> quantization, Path target, String layer)
      throws IOException {
    return quantization.saveTo(target).sites().stream()
        .filter(site -> site.name().equals("model.layers.0." + layer))
        .findFirst()
        .orElseThrow();
  }

  private static float[] ones(int count) {
    float[] weights = new float[count];
    java.util.Arrays.fill(weights, 1);
    return weights;
  }

  @Test
  void oneTokenIsEnoughNotToFail() throws IOException {
    Path target = directory.resolve("out");
    try (LanguageModel model = LanguageModel.open(TestModels.directory(MODEL), options(1))) {
      QuantizationReport report =
          Quantization.of(model)
              .calibration(Calibration.ofTokens(new int[] {3}))
              .recipe("awq | int4:g16:asym gptq(act-order)>cd(2)")
              .saveTo(target);
      report.sites().forEach(site -> assertEquals(1, site.result().tokens()));
      report.sites().forEach(site -> assertTrue(Double.isFinite(site.result().error())));
    }
    assertEquals(List.of(), ModelVerifier.verify(target));
  }

  @Test
  void modelsWriteTheirOwnCalibrationText() throws IOException {
    try (LanguageModel model = LanguageModel.open(TestModels.directory(MODEL), options(1))) {
      QuantizationReport report =
          Quantization.of(model)
              .calibration(Calibration.selfGenerated(3, 10))
              .recipe("int4:g16:asym gptq")
              .saveTo(directory.resolve("out"));
      assertEquals(30, report.sites().getFirst().result().tokens());
      assertTrue(report.calibration().contains("written by the model"), report.calibration());
    }
  }
}
