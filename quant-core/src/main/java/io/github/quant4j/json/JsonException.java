// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.json;

/** Text that is not JSON, or JSON that is not what was expected. */
public final class JsonException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /**
   * Makes an exception.
   *
   * @param message what was found, where, and what was expected
   */
  public JsonException(String message) {
    super(message);
  }

  /**
   * Makes an exception.
   *
   * @param message what was found, where, and what was expected
   * @param cause what gave rise to it
   */
  public JsonException(String message, Throwable cause) {
    super(message, cause);
  }
}
