// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.pipeline;

import io.github.quant4j.annotation.Stable;
import java.io.Serial;
import java.util.List;

/** A quantization that cannot be done as it was asked for. Nothing has been written. */
@Stable
public final class PlanException extends IllegalArgumentException {
  @Serial private static final long serialVersionUID = 1L;

  /** What is wrong; never changed. */
  private final String[] problems;

  /**
   * Reports problems.
   *
   * @param problems one line for each, at least one
   */
  public PlanException(List<String> problems) {
    super(
        problems.size() == 1
            ? problems.getFirst()
            : problems.size() + " problems:\n  " + String.join("\n  ", problems));
    this.problems = problems.toArray(String[]::new);
  }

  /**
   * What is wrong.
   *
   * @return one line for each problem
   */
  public List<String> problems() {
    return List.of(problems);
  }
}
