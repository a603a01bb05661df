// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.nd4j;

import org.junit.jupiter.api.Assumptions;

/** Skips tests where ND4J's backend has no natives for the platform. */
final class Nd4jBackend {
  private Nd4jBackend() {}

  static void assume() {
    try {
      Backend.require();
    } catch (IllegalStateException e) {
      Assumptions.abort("skipped: " + e.getMessage());
    }
  }
}
