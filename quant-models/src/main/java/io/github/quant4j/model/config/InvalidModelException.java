// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.config;

import io.github.quant4j.annotation.Stable;
import java.util.List;

/**
 * A model's configuration is incomplete, contradicts itself or its tensors, or asks for something
 * that the runtime does not do. All problems that were found are reported together.
 */
@Stable
public final class InvalidModelException extends IllegalArgumentException {
  private static final long serialVersionUID = 1L;
  private static final int SHOWN = 20;

  @SuppressWarnings("serial") // always List.copyOf, which is serializable
  private final List<String> problems;

  /**
   * Makes an exception.
   *
   * @param subject the file or model
   * @param problems what is wrong, at least one; each names a key or tensor, what was found, and
   *     what was expected
   */
  public InvalidModelException(String subject, List<String> problems) {
    super(message(subject, problems));
    this.problems = List.copyOf(problems);
  }

  private static String message(String subject, List<String> problems) {
    if (problems.size() == 1) {
      return subject + ": " + problems.getFirst();
    }
    String shown = String.join("\n  ", problems.subList(0, Math.min(SHOWN, problems.size())));
    int left = problems.size() - SHOWN;
    return subject
        + ": "
        + problems.size()
        + " problems:\n  "
        + shown
        + (left > 0 ? "\n  and " + left + " more" : "");
  }

  /**
   * What is wrong.
   *
   * @return at least one problem
   */
  public List<String> problems() {
    return problems;
  }
}
