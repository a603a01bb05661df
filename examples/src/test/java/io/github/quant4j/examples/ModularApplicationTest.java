// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Applications with a module-info: on the module path, and linked by jlink. */
class ModularApplicationTest {
  private static final Path ROOT =
      Path.of(System.getProperty("quant4j.root", "..")).toAbsolutePath();

  @TempDir Path folder;

  /** What an application has on its module path: our modules, slf4j-api and commons-math3. */
  private static String modulePath() {
    String path =
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    return Arrays.stream(path.split(File.pathSeparator, -1))
        .filter(entry -> !entry.contains("slf4j-simple"))
        .filter(
            entry ->
                entry.matches(".*[/\\\\]quant-(core|kernels|models|calib)[/\\\\]target[/\\\\].*")
                    || entry.contains("slf4j-api")
                    || entry.contains("commons-math3"))
        .collect(Collectors.joining(File.pathSeparator));
  }

  @Test
  void bothRunAndCanBeLinked() throws Exception {
    Assumptions.assumeTrue(Files.isExecutable(Path.of("/bin/bash")), "link is a bash script");
    String modulePath = modulePath();
    Assumptions.assumeTrue(modulePath.contains("quant-core"), "not built by Maven: " + modulePath);
    ProcessBuilder builder =
        new ProcessBuilder(
            "/bin/bash",
            ROOT.resolve("examples/modular/link").toString(),
            folder.toString(),
            modulePath);
    builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
    builder.environment().remove("JDK_JAVA_OPTIONS");
    Path log = folder.resolve("log");
    int status = builder.redirectErrorStream(true).redirectOutput(log.toFile()).start().waitFor();
    String said = Files.readString(log);
    assertEquals(0, status, said);
    List<String> served = said.lines().filter(line -> line.startsWith("layer")).toList();
    assertEquals(4, served.size(), said);
    // What the image computes is what the application on the module path does, on vector kernels.
    assertEquals(served.subList(0, 2), served.subList(2, 4), said);
    assertTrue(served.stream().allMatch(line -> line.contains("vector")), said);
    assertEquals(2, said.lines().filter(line -> line.startsWith("43 linear layers")).count(), said);
  }
}
