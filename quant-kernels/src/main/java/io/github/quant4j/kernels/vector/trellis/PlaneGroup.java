// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector.trellis;

import io.github.quant4j.format.TrellisCode;
import java.util.List;

/**
 * The planes of a code that one loop takes at once: all of them up to six, as many as there are
 * registers for the sums of; of more, four, and then the others.
 *
 * @param first of the planes
 * @param planes how many
 */
public record PlaneGroup(int first, int planes) {
  private static final int MOST = 6;
  private static final int OF_MORE = 4;

  /**
   * The groups of a code.
   *
   * @param code at least three planes
   * @return in their order
   */
  public static List<PlaneGroup> of(TrellisCode code) {
    int planes = code.planes().size();
    return planes <= MOST
        ? List.of(new PlaneGroup(0, planes))
        : List.of(new PlaneGroup(0, OF_MORE), new PlaneGroup(OF_MORE, planes - OF_MORE));
  }
}
