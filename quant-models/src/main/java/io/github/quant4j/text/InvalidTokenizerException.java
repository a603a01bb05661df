// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.text;

import io.github.quant4j.annotation.Stable;

/**
 * A tokenizer file is malformed, contradicts itself, or asks for something that is not supported.
 * The message names the file, the element, what was found and what was expected; it is cut where a
 * file would make it longer than a person reads.
 */
@Stable
public final class InvalidTokenizerException extends IllegalArgumentException {
  private static final long serialVersionUID = 1L;
  private static final int LONGEST_PROBLEM = 1000;

  /**
   * Makes an exception.
   *
   * @param subject the file, or what stands for it
   * @param problem which element is wrong, what was found and what was expected
   */
  public InvalidTokenizerException(String subject, String problem) {
    super(message(subject, problem));
  }

  /**
   * Makes an exception.
   *
   * @param subject the file, or what stands for it
   * @param problem which element is wrong, what was found and what was expected
   * @param cause what gave rise to it
   */
  public InvalidTokenizerException(String subject, String problem, Throwable cause) {
    super(message(subject, problem), cause);
  }

  private static String message(String subject, String problem) {
    return subject
        + ": "
        + (problem.length() <= LONGEST_PROBLEM
            ? problem
            : problem.substring(0, LONGEST_PROBLEM) + " ...");
  }
}
