// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector.machine;

import io.github.quant4j.kernel.PackedLayoutException;
import io.github.quant4j.kernel.PackedMatrix;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * The memory of packed weights: outside the heap, whoever made it, because vector code that has
 * seen both kinds of memory is slower for each; and aligned, so that no vector straddles two cache
 * lines.
 */
public final class PackedMemory {
  /** Lowest byte first on every machine, as in files. */
  public static final ByteOrder ORDER = ByteOrder.LITTLE_ENDIAN;

  /** A 32-bit word. */
  public static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ORDER);

  /** A float. */
  public static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ORDER);

  /** A 16-bit word. */
  public static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ORDER);

  private PackedMemory() {}

  /**
   * Memory that lives as long as anything refers to it.
   *
   * @param bytes how much
   * @return zeros, a multiple of {@link PackedMatrix#ALIGNMENT} bytes
   */
  public static MemorySegment allocate(long bytes) {
    return Arena.ofAuto().allocate(padded(bytes), PackedMatrix.ALIGNMENT);
  }

  private static long padded(long bytes) {
    return Math.ceilDiv(bytes, (long) PackedMatrix.ALIGNMENT) * PackedMatrix.ALIGNMENT;
  }

  /**
   * A part of packed weights, where it lies; or a copy, if that is an array.
   *
   * @param weights the packed weights
   * @param name the part
   * @param bytes what it must hold, without what fills its last cache line
   * @return the part
   * @throws PackedLayoutException if it is missing or has another size
   */
  public static MemorySegment part(PackedMatrix weights, String name, long bytes) {
    MemorySegment part = weights.parts().get(name);
    long found = part == null ? 0 : part.byteSize();
    if (part == null || found != padded(bytes)) {
      throw new PackedLayoutException(
          weights, "part '" + name + "': " + found + " bytes, expected " + padded(bytes));
    }
    return part.isNative() ? part : allocate(bytes).copyFrom(part);
  }

  /**
   * Refuses memory that is gone.
   *
   * @param memory a part that a kernel is about to read
   * @throws IllegalStateException if the file that it is mapped from is closed
   */
  public static void requireOpen(MemorySegment memory) {
    if (!memory.scope().isAlive()) {
      throw new IllegalStateException(
          "the file or arena that holds the packed weights of this kernel is closed");
    }
  }
}
