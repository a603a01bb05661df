// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.testing;

/**
 * Heap bytes that the calling thread has allocated.
 *
 * <p>By reflection, because the tests are compiled as part of a module that does not read the
 * management modules.
 */
public final class Allocation {
  private Allocation() {}

  /** {@return the bytes allocated by the calling thread since it started} */
  public static long currentThreadBytes() {
    try {
      Object threads =
          Class.forName("java.lang.management.ManagementFactory")
              .getMethod("getThreadMXBean")
              .invoke(null);
      return (long)
          Class.forName("com.sun.management.ThreadMXBean")
              .getMethod("getCurrentThreadAllocatedBytes")
              .invoke(threads);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("this JVM does not count allocated bytes", e);
    }
  }
}
