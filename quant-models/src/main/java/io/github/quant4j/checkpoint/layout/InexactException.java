// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.checkpoint.layout;

import java.io.Serial;

/**
 * A layer has weights, or an input, that a layout cannot hold as they are; the message says why.
 */
public final class InexactException extends Exception {
  @Serial private static final long serialVersionUID = 1;

  private final String reason;

  /**
   * Says why.
   *
   * @param reason what the layer has, and what the layout would need
   */
  public InexactException(String reason) {
    super(reason);
    this.reason = reason;
  }

  /**
   * Why.
   *
   * @return what the layer has, and what the layout would need
   */
  public String reason() {
    return reason;
  }
}
