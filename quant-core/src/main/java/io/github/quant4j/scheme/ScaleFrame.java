// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.scheme;

/**
 * What the scales of a matrix share in a codec, such as a scale of their own, once it is settled:
 * then each scale can be rounded by itself, the way it will be stored.
 *
 * <p>A search tries scales in a frame and encodes the best ones in the same frame, so that it gets
 * what it tried. Immutable and thread-safe.
 */
public interface ScaleFrame {

  /**
   * The scale that a wanted one becomes.
   *
   * @param tile the tile that it is for
   * @param wanted the wanted scale, finite, not negative
   * @return the scale as it will be stored, positive
   */
  float round(int tile, double wanted);

  /**
   * Encodes scales.
   *
   * @param scales the wanted scales, one for each tile; finite, not negative
   * @return the scales that are stored, each as {@link #round} gives it
   * @throws IllegalArgumentException if a scale is negative or not finite, or their number is wrong
   */
  GroupParameters encode(double[] scales);
}
