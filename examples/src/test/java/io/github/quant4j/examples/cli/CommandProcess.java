// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.examples.cli;

import io.github.quant4j.testing.FreshJvm;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
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
    ProcessBuilder builder = FreshJvm.command(jvmOptions, Main.class.getName(), arguments);
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
