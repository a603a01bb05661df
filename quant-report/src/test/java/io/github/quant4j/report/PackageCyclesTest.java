// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.report;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.core.importer.Location;
import io.github.quant4j.annotation.Expert;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** The packages of this module, as those of the modules below are held by one of quant-calib. */
class PackageCyclesTest {
  private static JavaClasses own() throws URISyntaxException {
    Path classes =
        Path.of(StudyPage.class.getProtectionDomain().getCodeSource().getLocation().toURI());
    return new ClassFileImporter()
        .withImportOption(new ImportOption.DoNotIncludeTests())
        .withImportOption(location -> location.contains("/quant4j/report/"))
        .importLocations(Set.of(Location.of(classes)));
  }

  @Test
  void noTwoPackagesDependOnEachOther() throws URISyntaxException {
    slices().matching("io.github.quant4j.(**)").should().beFreeOfCycles().check(own());
  }

  @Test
  void everyPackageHasItsPlace() throws URISyntaxException {
    Set<String> expected =
        new TreeSet<>(
            Set.of(
                "io.github.quant4j.report",
                "io.github.quant4j.report.figure",
                "io.github.quant4j.report.image",
                "io.github.quant4j.report.page"));
    assertEquals(
        expected,
        own().stream()
            .map(JavaClass::getPackageName)
            .collect(Collectors.toCollection(TreeSet::new)));
    own().forEach(type -> assertEquals(true, type.getPackage().isAnnotatedWith(Expert.class)));
  }

  @Test
  void whatIsDrawnKnowsNotHow() throws URISyntaxException {
    classes()
        .that()
        .resideInAPackage("io.github.quant4j.report.figure")
        .should()
        .onlyDependOnClassesThat()
        .resideInAnyPackage(
            "java..",
            "io.github.quant4j.report.figure",
            "io.github.quant4j.annotation",
            "org.jspecify..")
        .check(own());
  }
}
