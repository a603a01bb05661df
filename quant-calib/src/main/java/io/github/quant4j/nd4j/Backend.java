// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.nd4j;

import org.nd4j.linalg.factory.Nd4j;

/** Whether ND4J has somebody who does its work. */
final class Backend {
  private Backend() {}

  /**
   * Starts ND4J, which takes a second or two the first time.
   *
   * @return the backend's name
   * @throws IllegalStateException if there is no backend, or it cannot start; the message says what
   *     to add
   */
  static String require() {
    try {
      return Nd4j.getBackend().getClass().getSimpleName();
    } catch (ExceptionInInitializerError | NoClassDefFoundError | UnsatisfiedLinkError e) {
      throw new IllegalStateException(
          "ND4J has no backend that works here ("
              + rootCause(e)
              + "); add one to the class path, for example org.nd4j:nd4j-native:1.0.0-M2.1 and the"
              + " same artifact with the classifier of the platform (linux-x86_64, linux-arm64,"
              + " macosx-x86_64, macosx-arm64, windows-x86_64), and give the JVM"
              + " --enable-native-access=ALL-UNNAMED --sun-misc-unsafe-memory-access=allow",
          e);
    }
  }

  private static String rootCause(Throwable thrown) {
    Throwable cause = thrown;
    while (cause.getCause() != null) {
      cause = cause.getCause();
    }
    return cause.toString();
  }
}
