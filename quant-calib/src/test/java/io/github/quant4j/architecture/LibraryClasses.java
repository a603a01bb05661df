// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.architecture;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.Location;
import io.github.quant4j.kernel.Kernels;
import io.github.quant4j.kernels.vector.VectorKernelProvider;
import io.github.quant4j.model.LanguageModel;
import io.github.quant4j.pipeline.Quantization;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.jar.JarFile;
import java.util.stream.Collectors;

/** The classes of the library's modules, without those of tests. */
final class LibraryClasses {
  static final String ROOT = "io.github.quant4j";

  /** One of each module. */
  private static final List<Class<?>> OF_MODULES =
      List.of(Kernels.class, VectorKernelProvider.class, LanguageModel.class, Quantization.class);

  private LibraryClasses() {}

  static JavaClasses all() {
    Set<Location> places =
        OF_MODULES.stream().map(LibraryClasses::place).collect(Collectors.toSet());
    // By name, since what is built upon the library may lie in the same place.
    return new ClassFileImporter()
        .withImportOption(
            location ->
                !location.contains("/quant4j/examples/")
                    && !location.contains("/quant4j/bench/")
                    && !location.contains("/quant4j/report/"))
        .importLocations(places);
  }

  /** Where the class files lie: in a folder during a build, in a jar otherwise. */
  private static Location place(Class<?> type) {
    try {
      Path path = Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI());
      if (Files.isDirectory(path)) {
        return Location.of(path);
      }
      try (JarFile jar = new JarFile(path.toFile())) {
        return Location.of(jar);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }
}
