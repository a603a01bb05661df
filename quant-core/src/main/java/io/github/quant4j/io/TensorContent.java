// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io;

import java.io.IOException;
import java.lang.foreign.MemorySegment;

/** The data of a tensor that is written, produced piece by piece when its turn comes. */
@FunctionalInterface
public interface TensorContent {

  /** Where the pieces go. */
  @FunctionalInterface
  interface Sink {
    /**
     * Takes the next bytes.
     *
     * @param bytes little-endian elements, on the heap or off it; free again after the call
     * @throws IOException if they cannot be written
     */
    void write(MemorySegment bytes) throws IOException;
  }

  /**
   * Writes the whole data, in order, in pieces of any size.
   *
   * @param sink where it goes
   * @throws IOException if the data cannot be produced or written
   */
  void writeTo(Sink sink) throws IOException;
}
