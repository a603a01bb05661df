// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector.integer;

import io.github.quant4j.kernel.PackedLayoutException;
import io.github.quant4j.kernel.PackedMatrix;
import io.github.quant4j.kernels.vector.machine.PackedMemory;
import io.github.quant4j.matrix.QuantizedMatrix;
import io.github.quant4j.scheme.QuantScheme;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Optional;
import java.util.SequencedMap;
import org.jspecify.annotations.Nullable;

/**
 * Where a kernel's memory comes from: a matrix of which it is to be filled, or packed weights that
 * are read where they lie.
 */
final class WeightSource {
  private final QuantScheme scheme;
  private final int rows;
  private final int columns;
  private final boolean hasZeros;
  private final @Nullable QuantizedMatrix matrix;
  private final @Nullable PackedMatrix packed;
  private final SequencedMap<String, MemorySegment> parts = new LinkedHashMap<>();

  /** Memory to be filled from a matrix. */
  WeightSource(QuantizedMatrix matrix) {
    this.scheme = matrix.scheme();
    this.rows = matrix.rows();
    this.columns = matrix.columns();
    this.hasZeros = matrix.grid().zeroPoints().isPresent();
    this.matrix = matrix;
    this.packed = null;
  }

  /** Packed weights, of a matrix with zero points if its scheme is asymmetric. */
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

  /** What the memory is to be filled from; empty if it is filled already. */
  Optional<QuantizedMatrix> matrix() {
    return Optional.ofNullable(matrix);
  }

  /**
   * Memory of zeros, or what was packed.
   *
   * @param name the part
   * @param element the kind of elements
   * @param count how many, possibly none
   * @throws PackedLayoutException if the packed part is missing or has another size
   */
  MemorySegment part(String name, ValueLayout element, long count) {
    long bytes = Math.multiplyExact(count, element.byteSize());
    if (bytes == 0) {
      return MemorySegment.NULL;
    }
    MemorySegment part =
        packed == null ? PackedMemory.allocate(bytes) : PackedMemory.part(packed, name, bytes);
    parts.put(name, part);
    return part.asSlice(0, bytes);
  }

  /** All parts that were asked for and are not empty, whole cache lines. */
  SequencedMap<String, MemorySegment> parts() {
    return Collections.unmodifiableSequencedMap(parts);
  }
}
