// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernel;

/**
 * Packed weights that no kernel can serve here: they are in the order of another machine's kernels,
 * or their parts are not what their layout, scheme and shape ask for.
 */
public final class PackedLayoutException extends IllegalArgumentException {
  private static final long serialVersionUID = 1L;

  /**
   * Makes an exception.
   *
   * @param weights what cannot be served
   * @param problem what was found, and what was expected
   */
  public PackedLayoutException(PackedMatrix weights, String problem) {
    super(weights + ": " + problem);
  }
}
