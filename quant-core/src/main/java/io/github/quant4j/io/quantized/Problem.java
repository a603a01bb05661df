// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.quantized;

/**
 * Something that is wrong with a stored model.
 *
 * @param subject the file, tensor or module
 * @param description what was found, and what was expected
 */
public record Problem(String subject, String description) {

  /** Subject and description. */
  @Override
  public String toString() {
    return subject + ": " + description;
  }
}
