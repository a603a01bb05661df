// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.examples.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.jar.Attributes;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The script {@code quant}, in a repository of its own, whose path has spaces and whose jar only
 * names the classes under test.
 */
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class LauncherTest {
  private static final List<String> SOURCES =
      List.of(
          "quant-core", "quant-kernels", "quant-models", "quant-calib", "quant-report", "examples");

  @TempDir Path temporary;
  private Path root = Path.of("");

  @BeforeEach
  void makeRepository() throws IOException {
    assumeTrue(Files.isExecutable(Path.of("/bin/bash")), "the script needs bash");
    root = Files.createDirectories(temporary.resolve("a repository"));
    Files.copy(CommandRun.ROOT.resolve("quant"), root.resolve("quant"));
    Files.createFile(root.resolve("pom.xml"));
    for (String module : SOURCES) {
      Files.createDirectories(root.resolve(module).resolve("src/main"));
      Files.createFile(root.resolve(module).resolve("pom.xml"));
    }
    Manifest manifest = new Manifest();
    Attributes attributes = manifest.getMainAttributes();
    attributes.put(Attributes.Name.MANIFEST_VERSION, "1.0");
    attributes.put(Attributes.Name.MAIN_CLASS, Main.class.getName());
    attributes.put(
        Attributes.Name.CLASS_PATH,
        Stream.of(
                System.getProperty(
                        "surefire.test.class.path", System.getProperty("java.class.path"))
                    .split(java.io.File.pathSeparator))
            .filter(entry -> !entry.isEmpty())
            .map(entry -> Path.of(entry).toAbsolutePath().toUri().toString())
            .collect(Collectors.joining(" ")));
    Path jar = root.resolve("examples/target/quant.jar");
    Files.createDirectories(jar.getParent());
    new JarOutputStream(Files.newOutputStream(jar), manifest).close();
  }

  /** What a shell command has written and how it has ended; {@code $QUANT} is the script. */
  private CommandRun shell(Map<String, String> environment, String command)
      throws IOException, InterruptedException {
    Path out = temporary.resolve("out");
    Path err = temporary.resolve("err");
    ProcessBuilder builder =
        new ProcessBuilder("/bin/bash", "-c", command)
            .redirectOutput(out.toFile())
            .redirectError(err.toFile());
    Map<String, String> variables = builder.environment();
    for (String name :
        List.of("LANG", "LC_ALL", "LC_CTYPE", "JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS")) {
      variables.remove(name);
    }
    variables.put("JAVA_HOME", System.getProperty("java.home"));
    variables.put("QUANT", root.resolve("quant").toString());
    variables.put("MODEL", Path.of(CommandRun.MODEL).toAbsolutePath().toString());
    variables.putAll(environment);
    int status = builder.start().waitFor();
    return new CommandRun(status, Files.readString(out, UTF_8), Files.readString(err, UTF_8));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "LANG=xx_XX.UTF-8", "LC_ALL=POSIX", "LC_CTYPE=de_DE@euro", "LC_ALL=xx.utf8"})
  void charactersArriveWhateverTheLocale(String setting) throws Exception {
    int equals = setting.indexOf('=');
    CommandRun run =
        shell(
            equals < 0
                ? Map.of()
                : Map.of(setting.substring(0, equals), setting.substring(equals + 1)),
            // In octal, so that this process's own locale does not matter.
            "exec \"$QUANT\" inspect $'Zo\\303\\253/cr\\303\\250me'");
    assertEquals(Failure.CALL, run.status(), run.err());
    assertTrue(run.err().contains("quant: Zo\u00eb/cr\u00e8me: no such file"), run.err());
  }

  @Test
  void outputsThatCannotBeWrittenEndWithStatus1() throws Exception {
    assumeTrue(Files.exists(Path.of("/dev/full")), "no device that is always full");
    CommandRun full = shell(Map.of(), "exec \"$QUANT\" --version >/dev/full");
    assertEquals(Failure.WORK, full.status(), full.err());
    assertTrue(full.err().startsWith("quant: standard output: cannot be written: "), full.err());
    CommandRun closed = shell(Map.of(), "exec \"$QUANT\" --version >&-");
    assertEquals(Failure.WORK, closed.status(), closed.err());
    CommandRun withoutErrors = shell(Map.of(), "exec \"$QUANT\" --version 2>&-");
    assertEquals(0, withoutErrors.status());
    assertTrue(withoutErrors.out().startsWith("quant "), withoutErrors.out());
  }

  @Test
  void noWarningOfTheJvmIsShown() throws Exception {
    CommandRun plain = shell(Map.of(), "exec \"$QUANT\" --version");
    assertEquals("", plain.err());
    CommandRun more =
        shell(
            Map.of("JAVA_TOOL_OPTIONS", "-Da=b", "JDK_JAVA_OPTIONS", "-Dc=d"),
            "exec \"$QUANT\" --version");
    assertEquals(0, more.status());
    assertFalse(more.err().contains("incubator"), more.err());
    assertTrue(more.err().contains("JAVA_TOOL_OPTIONS"), more.err());
  }

  @Test
  void archivesOfClassesAreMadeOnceAndDisturbNothing() throws Exception {
    Path archive = root.resolve("examples/target/quant.jsa");
    CommandRun first = shell(Map.of(), "exec \"$QUANT\" --version");
    assertEquals(0, first.status(), first.err());
    assertTrue(Files.exists(archive));
    for (byte[] contents : List.of(new byte[0], new byte[5000], "no archive".getBytes(UTF_8))) {
      Files.write(archive, contents);
      CommandRun run = shell(Map.of(), "exec \"$QUANT\" --version");
      assertEquals(first, run);
      assertArrayEquals(contents, Files.readAllBytes(archive), "made again");
    }
  }

  @Test
  void linksLeadToTheScript() throws Exception {
    Path link = temporary.resolve("link");
    List<String> command = new ArrayList<>(List.of("ln", "-s", "a repository/quant"));
    command.add(link.toString());
    assertEquals(0, new ProcessBuilder(command).start().waitFor());
    CommandRun run = shell(Map.of("QUANT", link.toString()), "cd / && exec \"$QUANT\" --version");
    assertEquals(0, run.status(), run.err());
  }

  @Test
  void signalsEndTheCommand() throws Exception {
    Path recipes =
        Files.writeString(temporary.resolve("recipes"), "int4:g64:asym gptq\n".repeat(99));
    CommandRun run =
        shell(
            Map.of("RECIPES", recipes.toString()),
            "set -m; \"$QUANT\" compare \"$MODEL\" --text \"$RECIPES\" --context 16 --recipes \"$RECIPES\""
                + " >/dev/null & sleep 3; kill -TERM $!; wait $!");
    assertEquals(143, run.status(), run.err());
  }
}
