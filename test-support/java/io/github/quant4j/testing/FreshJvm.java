// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.testing;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A JVM that has run nothing else.
 *
 * <p>What the JIT compiler inlines depends on all that the JVM ran before, so tests of compiled
 * code belong into one of their own.
 */
public final class FreshJvm {
  private FreshJvm() {}

  /**
   * {@return a command that runs a main class with the class path of the tests}
   *
   * @param options options for the JVM
   * @param main the class whose main method runs
   * @param arguments its arguments
   */
  public static ProcessBuilder command(List<String> options, Class<?> main, String... arguments) {
    return command(options, main.getName(), List.of(arguments));
  }

  /**
   * {@return a command that runs a main class with the class path of the tests}
   *
   * @param options options for the JVM
   * @param main the name of the class whose main method runs
   * @param arguments its arguments
   */
  public static ProcessBuilder command(List<String> options, String main, List<String> arguments) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("--add-modules", "jdk.incubator.vector"));
    command.addAll(options);
    command.add("-cp");
    // Surefire's own class path holds but a jar with its booter.
    command.add(
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")));
    command.add(main);
    command.addAll(arguments);
    return new ProcessBuilder(command).redirectErrorStream(true);
  }
}
