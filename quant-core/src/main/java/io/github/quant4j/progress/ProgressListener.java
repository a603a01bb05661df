// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.progress;

import io.github.quant4j.annotation.Stable;

/** Is told how far long work is. */
@Stable
@FunctionalInterface
public interface ProgressListener {

  /**
   * Called after each step, on the thread that works.
   *
   * @param stage what is being done, for example {@code evaluate}
   * @param done steps that are done
   * @param total all steps
   */
  void progressed(String stage, long done, long total);

  /**
   * Hears nothing.
   *
   * @return a listener that does nothing
   */
  static ProgressListener none() {
    return (stage, done, total) -> {};
  }
}
