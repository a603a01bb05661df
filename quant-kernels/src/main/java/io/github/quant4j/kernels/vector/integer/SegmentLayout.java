// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector.integer;

/**
 * How the inputs of a matrix are cut into segments, and segments into the units of a packing.
 *
 * <p>Segments are padded to whole units; padding has activation 0 and therefore any code.
 *
 * @param columns the inputs
 * @param segmentLength inputs of a segment, a divisor of the columns
 * @param runLength inputs that share an activation scale, a multiple of the segment length
 * @param unit inputs of a unit
 */
record SegmentLayout(int columns, int segmentLength, int runLength, int unit) {

  /** All segments. */
  int segments() {
    return columns / segmentLength;
  }

  /** The segments that share an activation scale. */
  int segmentsInRun() {
    return runLength / segmentLength;
  }

  /** The units of a segment. */
  int unitsInSegment() {
    return Math.ceilDiv(segmentLength, unit);
  }

  /** Inputs of a segment with its padding. */
  int paddedLength() {
    return unitsInSegment() * unit;
  }

  /** All inputs with all padding. */
  int paddedColumns() {
    return segments() * paddedLength();
  }

  /** Where an input lies once segments are padded. */
  int padded(int column) {
    return column / segmentLength * paddedLength() + column % segmentLength;
  }
}
