// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.examples.cli;

/** The call is wrong. The message names the option, what was found and what was expected. */
final class UsageException extends IllegalArgumentException {
  private static final long serialVersionUID = 1L;

  UsageException(String message) {
    super(message);
  }
}
