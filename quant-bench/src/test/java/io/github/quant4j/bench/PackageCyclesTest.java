// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.bench;

import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.Location;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.Set;
import org.junit.jupiter.api.Test;

class PackageCyclesTest {
  @Test
  void noTwoPackagesDependOnEachOther() throws URISyntaxException {
    Path classes =
        Path.of(RatioTable.class.getProtectionDomain().getCodeSource().getLocation().toURI());
    JavaClasses own =
        new ClassFileImporter()
            .withImportOption(location -> location.contains("/quant4j/bench/"))
            .importLocations(Set.of(Location.of(classes)));
    slices().matching("io.github.quant4j.(**)").should().beFreeOfCycles().check(own);
  }
}
