// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector.integer;

import io.github.quant4j.kernel.PackedLayoutException;
import io.github.quant4j.kernel.PackedMatrix;
import io.github.quant4j.matrix.QuantizedMatrix;
import io.github.quant4j.scheme.QuantScheme;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.LinkedHashMap;
import java.util.Optional;
import java.util.SequencedMap;
import org.jspecify.annotations.Nullable;

/**
 * Where a kernel's arrays come from: a matrix of which they are to be filled, or packed weights of
 * which they are copies.
 */
final class WeightSource {
  private final QuantScheme scheme;
  private final int rows;
  private final int columns;
  private final boolean hasZeros;
  private final @Nullable QuantizedMatrix matrix;
  private final @Nullable PackedMatrix packed;
  private final SequencedMap<String, MemorySegment> arrays = new LinkedHashMap<>();

  /** Arrays to be filled from a matrix. */
  WeightSource(QuantizedMatrix matrix) {
    this.scheme = matrix.scheme();
    this.rows = matrix.rows();
    this.columns = matrix.columns();
    this.hasZeros = matrix.grid().zeroPoints().isPresent();
    this.matrix = matrix;
    this.packed = null;
  }

  /** Copies of packed arrays, of a matrix with zero points if its scheme is asymmetric. */
  WeightSource(PackedMatrix packed) {
    this.scheme = packed.scheme();
    this.rows = packed.rows();
    this.columns = packed.columns();
    this.hasZeros = !packed.scheme().symmetric();
    this.matrix = null;
    this.packed = packed;
  }

  QuantScheme scheme() {
    return scheme;
  }

  int rows() {
    return rows;
  }

  int columns() {
    return columns;
  }

  /** Bits of a code. */
  int bits() {
    return scheme.bits();
  }

  boolean hasZeros() {
    return hasZeros;
  }

  /** What the arrays are to be filled from; empty if they are filled already. */
  Optional<QuantizedMatrix> matrix() {
    return Optional.ofNullable(matrix);
  }

  /**
   * An array of zeros, or a copy of what was packed.
   *
   * @param name the part
   * @param length how many elements
   * @throws PackedLayoutException if the packed part has another size
   */
  int[] ints(String name, int length) {
    MemorySegment part = part(name, (long) length * Integer.BYTES);
    int[] array = new int[length];
    add(name, part, MemorySegment.ofArray(array));
    return array;
  }

  /** As {@link #ints}. */
  float[] floats(String name, int length) {
    MemorySegment part = part(name, (long) length * Float.BYTES);
    float[] array = new float[length];
    add(name, part, MemorySegment.ofArray(array));
    return array;
  }

  /** As {@link #ints}. */
  short[] shorts(String name, int length) {
    MemorySegment part = part(name, (long) length * Short.BYTES);
    short[] array = new short[length];
    add(name, part, MemorySegment.ofArray(array));
    return array;
  }

  /** As {@link #ints}. */
  byte[] bytes(String name, int length) {
    MemorySegment part = part(name, length);
    byte[] array = new byte[length];
    add(name, part, MemorySegment.ofArray(array));
    return array;
  }

  /** The packed part for an array, checked before the array is made; empty if there is none. */
  private MemorySegment part(String name, long bytes) {
    MemorySegment part = packed == null ? null : packed.parts().get(name);
    long found = part == null ? 0 : part.byteSize();
    if (packed != null && found != padded(bytes)) {
      throw new PackedLayoutException(
          packed, "part '" + name + "': " + found + " bytes, expected " + padded(bytes));
    }
    return part == null ? MemorySegment.NULL : part;
  }

  private void add(String name, MemorySegment part, MemorySegment array) {
    if (part.byteSize() > 0) {
      MemorySegment.copy(part, 0, array, 0, array.byteSize());
    }
    arrays.put(name, array);
  }

  private static long padded(long bytes) {
    return Math.ceilDiv(bytes, (long) PackedMatrix.ALIGNMENT) * PackedMatrix.ALIGNMENT;
  }

  /** All arrays that were asked for and are not empty, off the heap. */
  SequencedMap<String, MemorySegment> parts() {
    SequencedMap<String, MemorySegment> parts = new LinkedHashMap<>();
    arrays.forEach(
        (name, array) -> {
          if (array.byteSize() > 0) {
            MemorySegment part =
                Arena.ofAuto().allocate(padded(array.byteSize()), PackedMatrix.ALIGNMENT);
            MemorySegment.copy(array, 0, part, 0, array.byteSize());
            parts.put(name, part);
          }
        });
    return parts;
  }
}
