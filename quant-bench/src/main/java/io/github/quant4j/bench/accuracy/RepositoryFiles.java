// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.bench.accuracy;

import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.CodeSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** The bundled model and text, and files that parameters name. */
final class RepositoryFiles {
  private static final String MODEL = "examples/models/gutenberg-5m";
  private static final String TEXT = "examples/text/harbour.txt";

  private RepositoryFiles() {}

  /** The repository above the benchmarks' jar, or above the current directory. */
  static Optional<Path> root() {
    return Stream.of(place(), Optional.of(Path.of("").toAbsolutePath()))
        .flatMap(Optional::stream)
        .flatMap(RepositoryFiles::upwards)
        .filter(folder -> Files.isDirectory(folder.resolve(MODEL)))
        .findFirst();
  }

  private static Optional<Path> place() {
    CodeSource source = RepositoryFiles.class.getProtectionDomain().getCodeSource();
    if (source == null || source.getLocation() == null) {
      return Optional.empty();
    }
    try {
      return Optional.of(Path.of(source.getLocation().toURI()));
    } catch (URISyntaxException | IllegalArgumentException _) {
      return Optional.empty();
    }
  }

  private static Stream<Path> upwards(Path start) {
    List<Path> folders = new ArrayList<>();
    for (Path folder = start; folder != null; folder = folder.getParent()) {
      folders.add(folder);
    }
    return folders.stream();
  }

  /** The bundled model, or that of a parameter. */
  static Path model(String parameter) {
    return chosen("model", parameter, MODEL);
  }

  /** The bundled text, or that of a parameter. */
  static Path text(String parameter) {
    return chosen("text", parameter, TEXT);
  }

  private static Path chosen(String name, String parameter, String bundled) {
    String path = parameter.isEmpty() ? bundled : parameter;
    return find(path)
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    name
                        + ": no '"
                        + path
                        + "' here or in the repository; expected -p "
                        + name
                        + "=PATH"));
  }

  /** A path that is relative to the current directory or to the repository. */
  static Optional<Path> find(String path) {
    Path given = Path.of(path);
    if (Files.exists(given)) {
      return Optional.of(given);
    }
    return root().map(folder -> folder.resolve(path)).filter(Files::exists);
  }

  /** Where quantized models and rows are kept. */
  static Path cache(String parameter) {
    return parameter.isEmpty()
        ? root().orElse(Path.of("")).resolve("target/accuracy-versus-bit-operations")
        : Path.of(parameter);
  }
}
