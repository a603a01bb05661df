// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.family;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What every tiny model of a family is held to. Subclasses have a method {@code configurations}.
 */
abstract class FamilyChecks {
  /** The reference keeps keys that were turned for a shorter text. */
  private static final String LENGTH_DEPENDENT = "llama-rope-dynamic";

  @ParameterizedTest
  @MethodSource("configurations")
  void logitsAreThoseOfTheReference(Path configuration) throws IOException {
    new ReferenceModel(configuration).checkLogits();
  }

  @ParameterizedTest
  @MethodSource("configurations")
  void threadsChangeNothing(Path configuration) throws IOException {
    new ReferenceModel(configuration).checkThreads();
  }

  @ParameterizedTest
  @MethodSource("configurations")
  void batchesOfUnequalLengths(Path configuration) throws IOException {
    new ReferenceModel(configuration).checkBatches();
  }

  @ParameterizedTest
  @MethodSource("configurations")
  void tokenByToken(Path configuration) throws IOException {
    if (!configuration.toString().contains(LENGTH_DEPENDENT)) {
      new ReferenceModel(configuration).checkSteps();
    }
  }
}
