// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.family;

/** A family's description that is none; the message says where and what was expected. */
public final class InvalidFamilyException extends IllegalArgumentException {
  private static final long serialVersionUID = 1L;

  InvalidFamilyException(String message) {
    super(message);
  }

  InvalidFamilyException(String message, Throwable cause) {
    super(message, cause);
  }
}
