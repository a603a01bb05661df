// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.examples.cli;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Optional;

/**
 * The way back to the real standard error.
 *
 * <p>The JVM begins every run with a line about its incubating Vector API. The launcher therefore
 * starts it with standard error on a filter that drops this line, and the real one on another
 * descriptor. Once the program runs, the filter has done its work; without it, output arrives in
 * order and before the process ends.
 */
final class StandardError {
  private static final String DESCRIPTOR = "quant4j.stderr";
  private static final int STANDARD_ERROR = 2;

  private StandardError() {}

  /** Puts the descriptor that the launcher names in the place of standard error. */
  @SuppressWarnings("restricted") // allowed by the launcher, and in the jar's manifest
  static void attach() {
    int descriptor = Integer.getInteger(DESCRIPTOR, STANDARD_ERROR);
    if (descriptor == STANDARD_ERROR) {
      return;
    }
    Linker linker = Linker.nativeLinker();
    Optional<MemorySegment> dup2 = linker.defaultLookup().find("dup2");
    if (dup2.isEmpty()) {
      // Not a POSIX system: the filter stays in between, which does no harm.
      return;
    }
    MethodHandle handle =
        linker.downcallHandle(
            dup2.get(),
            FunctionDescriptor.of(
                ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));
    try {
      int _ = (int) handle.invokeExact(descriptor, STANDARD_ERROR);
    } catch (Throwable e) {
      throw new IllegalStateException("dup2 cannot be called", e);
    }
  }
}
