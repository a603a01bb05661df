// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.architecture;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.belongToAnyOf;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.lang.ArchRule;
import io.github.quant4j.linalg.SymmetricEigen;
import io.github.quant4j.linalg.TruncatedSvd;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Which packages may know which others, over the classes of all modules of the library. */
class PackagesTest {
  private static final JavaClasses CLASSES = LibraryClasses.all();

  /** Packages of quant-core that an application needs that serves quantized weights. */
  private static final List<String> CORE_SERVING =
      packages(
          "activation",
          "annotation",
          "block",
          "format",
          "grammar",
          "io",
          "io.gguf",
          "io.onnx",
          "io.packed",
          "io.quantized",
          "io.quantized.autoround",
          "io.quantized.awq",
          "io.quantized.bitsandbytes",
          "io.quantized.gptq",
          "io.quantized.mlx",
          "io.quantized.modelopt",
          "io.quantized.module",
          "io.quantized.mxfp4",
          "json",
          "kernel",
          "lane",
          "linalg",
          "linear",
          "matrix",
          "metric",
          "parallel",
          "progress",
          "scheme",
          "tensor",
          "transform");

  /** Packages of quant-core that make quantized weights. */
  private static final List<String> CORE_MAKING =
      packages(
          "commonsmath",
          "decompose",
          "layer",
          "quantize",
          "recipe",
          "rounding",
          "search",
          "statistic",
          "transform.rule");

  private static final List<String> KERNELS =
      packages(
          "kernels.vector",
          "kernels.vector.dense",
          "kernels.vector.integer",
          "kernels.vector.machine",
          "kernels.vector.sparse",
          "kernels.vector.trellis",
          "kernels.vector.weightonly");

  private static final List<String> MODELS =
      packages(
          "checkpoint",
          "checkpoint.gguf",
          "checkpoint.layout",
          "generate",
          "graph",
          "model",
          "model.config",
          "model.decoder",
          "model.expression",
          "model.family",
          "model.gguf",
          "model.moonshine",
          "model.runtime",
          "model.whisper",
          "speech",
          "text",
          "text.added",
          "text.bpe",
          "text.decoder",
          "text.file",
          "text.gguf",
          "text.normalizer",
          "text.postprocessor",
          "text.pretokenizer",
          "text.regex",
          "text.unicode",
          "text.vocabulary",
          "text.wordpiece",
          "transcribe");

  private static final List<String> CALIB =
      packages(
          "allocate", "cost", "evaluate", "inspect", "nd4j", "pipeline", "sensitivity", "study");

  private static final List<String> CORE = joined(CORE_SERVING, CORE_MAKING);

  private static final String COMMONS_MATH = "org.apache.commons.math3";

  private static List<String> packages(String... names) {
    return Stream.of(names).map(name -> LibraryClasses.ROOT + "." + name).toList();
  }

  @SafeVarargs
  @SuppressWarnings("varargs") // The array is only read.
  private static List<String> joined(List<String>... lists) {
    return Stream.of(lists).flatMap(List::stream).toList();
  }

  @Test
  void everyPackageHasItsPlace() {
    Set<String> found =
        CLASSES.stream()
            .map(JavaClass::getPackageName)
            .collect(Collectors.toCollection(TreeSet::new));
    Set<String> listed = new TreeSet<>(joined(CORE, KERNELS, MODELS, CALIB));
    assertEquals(listed, found, "a package that is new or gone must be told to this test");
  }

  @Test
  void noTwoPackagesDependOnEachOther() {
    slices().matching(LibraryClasses.ROOT + ".(**)").should().beFreeOfCycles().check(CLASSES);
  }

  @Test
  void modulesDependOnlyOnThoseBelow() {
    never(CORE, joined(KERNELS, MODELS, CALIB)).check(CLASSES);
    never(KERNELS, joined(MODELS, CALIB)).check(CLASSES);
    never(MODELS, joined(KERNELS, CALIB)).check(CLASSES);
    never(CALIB, KERNELS).check(CLASSES);
  }

  /** But for two decompositions that wait in {@code linalg} for the recipes that need them. */
  @Test
  void servingNeedsNothingThatMakesQuantizedWeights() {
    List<String> serving = joined(CORE_SERVING, KERNELS, MODELS);
    List<String> making = joined(CORE_MAKING, CALIB);
    noClasses()
        .that(resideInAnyPackage(array(serving)))
        .and(not(belongToAnyOf(TruncatedSvd.class, SymmetricEigen.class)))
        .should()
        .dependOnClassesThat(resideInAnyPackage(array(making)))
        .check(CLASSES);
  }

  /** Over any number of classes in between, so also through those of {@code linalg}. */
  @Test
  void servingNeverReachesCommonsMath() {
    List<String> starts =
        joined(KERNELS, MODELS, packages("io", "io.packed", "io.quantized", "kernel", "linear"));
    // Whom each class was first reached from.
    Map<JavaClass, JavaClass> reached = new HashMap<>();
    Deque<JavaClass> open = new ArrayDeque<>();
    CLASSES.stream()
        .filter(type -> starts.contains(type.getPackageName()))
        .forEach(
            type -> {
              reached.put(type, type);
              open.add(type);
            });
    while (!open.isEmpty()) {
      JavaClass type = open.remove();
      if (type.getPackageName().startsWith(COMMONS_MATH)) {
        fail(path(type, reached));
      }
      type.getDirectDependenciesFromSelf().stream()
          .map(Dependency::getTargetClass)
          .filter(to -> reached.putIfAbsent(to, type) == null)
          .forEach(open::add);
    }
  }

  private static String path(JavaClass end, Map<JavaClass, JavaClass> reached) {
    StringBuilder path = new StringBuilder(end.getName());
    for (JavaClass at = end; !at.equals(reached.get(at)); at = reached.get(at)) {
      path.insert(0, reached.get(at).getName() + " -> ");
    }
    return path.toString();
  }

  /** So that the rule above is about something. */
  @Test
  void commonsMathIsUsedInOnePlace() {
    Set<String> users =
        CLASSES.stream()
            .filter(
                type ->
                    type.getDirectDependenciesFromSelf().stream()
                        .anyMatch(
                            to -> to.getTargetClass().getPackageName().startsWith(COMMONS_MATH)))
            .map(JavaClass::getPackageName)
            .collect(Collectors.toSet());
    assertEquals(Set.copyOf(packages("commonsmath")), users);
  }

  /** The rules see classes of every module, since they would hold for none. */
  @Test
  void everyModuleIsLookedAt() {
    Map<String, List<String>> modules =
        Map.of("core", CORE, "kernels", KERNELS, "models", MODELS, "calib", CALIB);
    modules.forEach(
        (module, packages) ->
            assertTrue(
                CLASSES.stream().filter(type -> packages.contains(type.getPackageName())).count()
                    > 50,
                module));
  }

  private static ArchRule never(List<String> from, List<String> to) {
    return noClasses()
        .that()
        .resideInAnyPackage(array(from))
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(array(to));
  }

  private static String[] array(List<String> packages) {
    return packages.toArray(String[]::new);
  }
}
