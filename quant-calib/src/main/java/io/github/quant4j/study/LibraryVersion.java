// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.study;

import io.github.quant4j.kernel.Kernels;
import io.github.quant4j.model.LanguageModel;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.CodeSource;
import java.util.HexFormat;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.jar.JarFile;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import java.util.zip.CRC32C;

/**
 * Which version of the library computes. A release is known by its number; while one is developed
 * many versions have the same number, so that the code itself is looked at: a row that older code
 * has computed must not be taken for one of today.
 */
final class LibraryVersion {
  private static final String DEVELOPMENT = "-SNAPSHOT";
  private static final String CLASSES = "io/github/quant4j/";

  private LibraryVersion() {}

  /** One line. */
  static String describe() throws IOException {
    String version = LibraryVersion.class.getPackage().getImplementationVersion();
    if (version != null && !version.endsWith(DEVELOPMENT)) {
      return version;
    }
    return (version == null ? "development" : version) + ", classes " + checksum();
  }

  /** Over the names and contents of the class files of core, models and calibration. */
  private static String checksum() throws IOException {
    Set<Path> places = new LinkedHashSet<>();
    for (Class<?> type : List.of(Kernels.class, LanguageModel.class, LibraryVersion.class)) {
      CodeSource source = type.getProtectionDomain().getCodeSource();
      if (source != null && source.getLocation() != null) {
        places.add(path(source));
      }
    }
    TreeMap<String, Long> sums = new TreeMap<>();
    for (Path place : places) {
      if (Files.isDirectory(place)) {
        addDirectory(place, sums);
      } else if (Files.isRegularFile(place)) {
        addJar(place, sums);
      }
    }
    CRC32C all = new CRC32C();
    sums.forEach((name, sum) -> all.update((name + "=" + sum).getBytes(StandardCharsets.UTF_8)));
    return HexFormat.of().toHexDigits((int) all.getValue());
  }

  private static Path path(CodeSource source) throws IOException {
    try {
      return Path.of(source.getLocation().toURI());
    } catch (URISyntaxException e) {
      throw new IOException(source.getLocation() + ": not a place of classes", e);
    }
  }

  private static void addJar(Path place, Map<String, Long> sums) throws IOException {
    try (JarFile jar = new JarFile(place.toFile())) {
      jar.stream()
          .filter(entry -> isOfLibrary(entry.getName()))
          .forEach(entry -> sums.put(entry.getName(), entry.getCrc()));
    }
  }

  private static void addDirectory(Path place, Map<String, Long> sums) throws IOException {
    Path root = place.resolve(CLASSES);
    if (!Files.isDirectory(root)) {
      return;
    }
    try (Stream<Path> files = Files.walk(root)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        String name = place.relativize(file).toString().replace('\\', '/');
        if (isOfLibrary(name)) {
          CRC32 crc = new CRC32();
          crc.update(Files.readAllBytes(file));
          sums.put(name, crc.getValue());
        }
      }
    }
  }

  /** Programs that lie in the same jar change no result. */
  private static boolean isOfLibrary(String name) {
    return name.startsWith(CLASSES)
        && name.endsWith(".class")
        && !name.startsWith(CLASSES + "examples/")
        && !name.startsWith(CLASSES + "bench/")
        && !name.startsWith(CLASSES + "report/");
  }
}
