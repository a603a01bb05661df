// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.examples.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A command that runs in a JVM of its own.
 *
 * @param process the JVM
 * @param output receives all that it writes
 */
record CommandProcess(Process process, Path output) {

  static CommandProcess start(Path output, List<String> jvmOptions, List<String> arguments)
      throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("--add-modules", "jdk.incubator.vector"));
    command.addAll(jvmOptions);
    command.add("-cp");
    // Surefire's own class path holds but a jar with its booter.
    command.add(
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")));
    command.add(Main.class.getName());
    command.addAll(arguments);
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    return new CommandProcess(builder.redirectOutput(output.toFile()).start(), output);
  }

  int waitFor() throws InterruptedException {
    return process.waitFor();
  }

  /** All that it has written. */
  String text() {
    try {
      return Files.readString(output);
    } catch (IOException e) {
      return e.toString();
    }
  }
}
