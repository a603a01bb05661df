// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.layer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.decompose.Decomposition;
import io.github.quant4j.decompose.FitProblem;
import io.github.quant4j.kernel.KernelOptions;
import io.github.quant4j.kernel.Kernels;
import io.github.quant4j.linalg.Compute;
import io.github.quant4j.linalg.HadamardRotation;
import io.github.quant4j.linalg.LinearAlgebra;
import io.github.quant4j.linalg.LinearAlgebras;
import io.github.quant4j.linalg.MatrixView;
import io.github.quant4j.linalg.ScalarLinearAlgebra;
import io.github.quant4j.parallel.WorkerTeam;
import io.github.quant4j.quantize.Quantizer;
import io.github.quant4j.recipe.PublishedRecipes;
import io.github.quant4j.recipe.Recipe;
import io.github.quant4j.rounding.GptqRounding;
import io.github.quant4j.search.FitTask;
import io.github.quant4j.statistic.Gram;
import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.testing.RecordingAlgebra;
import io.github.quant4j.testing.SeededRandom;
import io.github.quant4j.transform.InputTransform;
import io.github.quant4j.transform.rule.HadamardRule;
import java.io.IOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.constantpool.ClassEntry;
import java.lang.classfile.constantpool.MemberRefEntry;
import java.lang.classfile.constantpool.PoolEntry;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * All that is multiplied and factorized on behalf of a caller is by the caller's linear algebra.
 */
class CallersAlgebraTest {
  private static final int IN = 256;
  private static final int OUT = 40;
  private static final Path ROOT = Path.of(System.getProperty("quant4j.root", ".."));

  /** All recipes of the documentation and all published ones, for any width of {@link #IN}. */
  static Set<String> recipes() throws IOException {
    Set<String> recipes = new TreeSet<>();
    PublishedRecipes.withVariants()
        .forEach(published -> recipes.add(published.recipe().toString()));
    for (String file : List.of("recipes.txt", "recipes-speech.txt")) {
      for (String line : Files.readAllLines(ROOT.resolve("docs").resolve(file))) {
        String recipe = line.replaceFirst("#.*", "").strip();
        if (!recipe.isEmpty()) {
          recipes.add(recipe);
        }
      }
    }
    recipes.addAll(
        List.of(
            "int4:g64:asym gptq(current)",
            "int4:g64:sym adaround",
            "int4:g64:sym flexround",
            "int4:g64:asym signround",
            "pca | int4:g64:asym gptq",
            "int4:g64:asym rtn + lowrank(8,int4,weighted)"));
    // The rows are too few for wide columns.
    return recipes.stream()
        .map(recipe -> recipe.replaceAll("column\\(\\d+\\)", "column(8)"))
        .collect(Collectors.toCollection(TreeSet::new));
  }

  private static LinearQuantizationResult quantize(String recipe, LinearAlgebra algebra) {
    SeededRandom random = new SeededRandom(77);
    FloatMatrix weights = random.gaussianMatrix(OUT, IN);
    FloatMatrix x = LinearQuantizerTest.inputs(random, 300, IN);
    float[] scores = random.gaussians(OUT * IN);
    for (int i = 0; i < scores.length; i++) {
      scores[i] *= scores[i];
    }
    KernelOptions options =
        new KernelOptions("scalar", WorkerTeam.sequential()).withLinearAlgebra(algebra);
    return LinearQuantizer.of(recipe)
        .withOptions(options)
        .quantize(
            LinearLayer.of(weights).withScores(scores),
            LayerInput.observe(x, x, options.compute()));
  }

  /** Who multiplies in a recipe besides the report and the error of the whole. */
  private static Set<String> multipliers(Recipe recipe) {
    Set<String> expected = new TreeSet<>(Set.of("Gram", "OutputError", "Reporter"));
    String text = recipe.toString();
    List<String> steps =
        recipe.transforms().stream().map(rule -> rule.label().replaceFirst("\\(.*", "")).toList();
    if (recipe.retarget().isPresent()) {
      expected.addAll(List.of("CrossMoment", "Retargeting"));
    }
    if (text.contains("gptq")) {
      expected.addAll(List.of("FeedbackFactor", "FeedbackSweep"));
    }
    if (text.matches(".*[ >]cd\\b.*")) {
      expected.add("DescentSweep");
    }
    if (text.matches(".*(adaround|flexround|signround).*")) {
      expected.add("LearnedSlab");
    }
    if (text.contains(" clip ")) {
      expected.add("BlockErrorRangeChooser");
    }
    if (text.contains("lowrank(")) {
      expected.add(text.contains("int1)") ? "SignFactors" : "LowRankSpec");
    }
    if (text.contains(",rounding") || text.contains(",saliency") || text.contains("weighted)")) {
      expected.add("InputMoment");
    }
    if (text.contains("ptqtp(weighted)")) {
      // By the diagonal of the moment alone.
      expected.remove("InputMoment");
    }
    if (steps.contains("hadamard") || text.contains("kronecker(hadamard)")) {
      expected.add("HadamardTransform");
    }
    if (steps.contains("kronecker")) {
      expected.add("KroneckerTransform");
    }
    if (steps.contains("pca")) {
      expected.add("OrthogonalTransform");
    }
    boolean isSearched = steps.contains("awq") || text.contains("(auto)");
    if (isSearched && recipe.activations().isPresent()) {
      expected.add("QuantizationTrial");
    }
    return expected;
  }

  @ParameterizedTest
  @MethodSource("recipes")
  void everyStepMultipliesWithIt(String recipe) {
    RecordingAlgebra algebra = new RecordingAlgebra();
    quantize(recipe, algebra);
    Set<String> missing = multipliers(Recipe.parse(recipe));
    missing.removeAll(algebra.callers());
    assertEquals(Set.of(), missing, () -> recipe + " was multiplied by " + algebra.callers());
  }

  /** Wherever it fails, quantization does: nothing goes round it. */
  @ParameterizedTest
  @MethodSource("recipes")
  void noStepDoesWithoutIt(String recipe) {
    for (String step : multipliers(Recipe.parse(recipe))) {
      RecordingAlgebra algebra = new RecordingAlgebra(step::equals);
      assertEquals(
          step,
          assertThrows(RecordingAlgebra.Refusal.class, () -> quantize(recipe, algebra), step)
              .getMessage());
    }
  }

  /** The products of GPTQ, of descent and of transforms are what decides, not only called for. */
  @Test
  void itsResultsAreUsed() {
    for (String recipe :
        List.of(
            "int3:g64:asym gptq",
            "int3:g64:asym rtn>cd(3)",
            "int3:g64:asym rtn>adaround",
            "int3:g64:asym rtn + lowrank(4)",
            "hadamard | int3:g64:asym rtn",
            "kronecker(pca) | int3:g64:asym rtn",
            "pca | int3:g64:asym rtn")) {
      float[] exact = quantize(recipe, new ScalarLinearAlgebra()).linear().toDense().data();
      float[] recorded = quantize(recipe, new RecordingAlgebra()).linear().toDense().data();
      assertArrayEquals(exact, recorded, recipe);
      float[] wrong = quantize(recipe, new SkewedAlgebra()).linear().toDense().data();
      int differing = 0;
      for (int i = 0; i < wrong.length; i++) {
        differing += wrong[i] != exact[i] ? 1 : 0;
      }
      assertTrue(differing > 0, recipe + ": the same whatever the products are");
    }
  }

  /** Linear algebra that is wrong: products are some percent too large here, too small there. */
  private static final class SkewedAlgebra implements LinearAlgebra {
    private final ScalarLinearAlgebra scalar = new ScalarLinearAlgebra();

    @Override
    public String name() {
      return "skewed";
    }

    private static void skew(float[] data, int from, int count) {
      for (int i = 0; i < count; i++) {
        data[from + i] *= i % 3 == 0 ? 1.1f : 0.95f;
      }
    }

    @Override
    public void multiplyTransposed(
        MatrixView a, MatrixView b, boolean accumulate, MatrixView c, WorkerTeam team) {
      scalar.multiplyTransposed(a, b, accumulate, c, team);
      for (int i = 0; i < c.rows(); i++) {
        skew(c.data(), c.index(i, 0), c.columns());
      }
    }

    @Override
    public void multiplyAdd(
        float alpha, MatrixView a, MatrixView b, MatrixView c, WorkerTeam team) {
      scalar.multiplyAdd(0.9f * alpha, a, b, c, team);
    }

    @Override
    public void addGram(MatrixView x, MatrixView h, WorkerTeam team) {
      scalar.addGram(x, h, team);
    }

    @Override
    public void rotate(
        HadamardRotation rotation,
        int tokens,
        float[] x,
        int xOffset,
        float[] y,
        int yOffset,
        WorkerTeam team) {
      scalar.rotate(rotation, tokens, x, xOffset, y, yOffset, team);
      skew(y, yOffset, tokens * rotation.size());
    }
  }

  /**
   * Numerical code is given its linear algebra and knows no other: its classes refer neither to a
   * certain one nor to what would find one.
   */
  @Test
  void numericalCodeKnowsNoDefault() throws IOException, URISyntaxException {
    Path classes = Path.of(Gram.class.getProtectionDomain().getCodeSource().getLocation().toURI());
    Set<String> numerical =
        Stream.of(
                Gram.class,
                FitTask.class,
                GptqRounding.class,
                Quantizer.class,
                FitProblem.class,
                Decomposition.class,
                InputTransform.class,
                HadamardRule.class)
            .map(Class::getPackageName)
            .collect(Collectors.toSet());
    List<String> findings = new ArrayList<>();
    int seen = 0;
    for (String name : numerical) {
      try (Stream<Path> files = Files.list(classes.resolve(name.replace('.', '/')))) {
        for (Path file : files.filter(path -> path.toString().endsWith(".class")).toList()) {
          seen++;
          references(ClassFile.of().parse(file)).stream()
              .filter(CallersAlgebraTest::isDefault)
              .forEach(reference -> findings.add(file.getFileName() + " -> " + reference));
        }
      }
    }
    assertTrue(seen > 100, "only " + seen + " classes in " + numerical);
    assertEquals(List.of(), findings);
  }

  private static List<String> references(ClassModel model) {
    List<String> references = new ArrayList<>();
    for (PoolEntry entry : model.constantPool()) {
      switch (entry) {
        case ClassEntry type -> references.add(type.asInternalName().replace('/', '.'));
        case MemberRefEntry member ->
            references.add(
                member.owner().asInternalName().replace('/', '.')
                    + '#'
                    + member.name().stringValue());
        default -> {
          // A constant.
        }
      }
    }
    return references;
  }

  private static boolean isDefault(String reference) {
    return reference.startsWith(Kernels.class.getPackageName() + ".")
        || reference.startsWith(LinearAlgebras.class.getName())
        || reference.startsWith(ScalarLinearAlgebra.class.getName())
        || reference.equals(Compute.class.getName() + "#scalar");
  }

  /** What the facade finds by itself is the chosen provider's, on the chosen threads. */
  @Test
  void optionsAreTheOnePlaceToChoose() {
    WorkerTeam team = WorkerTeam.ofThreads(2);
    KernelOptions options = new KernelOptions("scalar", team);
    assertTrue(options.compute().algebra() instanceof ScalarLinearAlgebra);
    RecordingAlgebra algebra = new RecordingAlgebra();
    assertEquals(new Compute(algebra, team), options.withLinearAlgebra(algebra).compute());
    String message =
        assertThrows(
                IllegalArgumentException.class,
                () -> options.withProvider("cray").compute().algebra())
            .getMessage();
    assertTrue(message.contains("provider 'cray' is not available"), message);
  }
}
