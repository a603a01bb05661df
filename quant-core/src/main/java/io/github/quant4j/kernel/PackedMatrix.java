// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernel;

import io.github.quant4j.scheme.QuantScheme;
import java.lang.foreign.MemorySegment;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SequencedMap;
import java.util.regex.Pattern;

/**
 * Quantized weights {@code [out, in]} as a kernel reads them: what {@link Kernels#pack} makes and
 * {@link Kernels#forPacked} serves without packing again.
 *
 * <p>The layout's name says whose it is: the provider with the width of its vectors, the family of
 * kernels, and a version that changes with the order of the elements, for example {@code
 * vector512/paired-lookup/1}. Weights of one layout are of no use to a machine with another; keep
 * the {@link io.github.quant4j.matrix.QuantizedMatrix} for those.
 *
 * <p>The parts may lie off the heap, in a mapped file or in arrays. They are shared, never copied
 * here, and must outlive the kernels. Instances are immutable and thread-safe. What the parts
 * contain is checked by the kernel's provider, not here.
 */
public final class PackedMatrix {
  /** Parts are a multiple of this many bytes long, and begin at one in a file: a cache line. */
  public static final int ALIGNMENT = 64;

  private static final Pattern NAME = Pattern.compile("[a-z0-9_]{1,40}");
  private static final Pattern LAYOUT = Pattern.compile("[a-z0-9-]{1,40}(/[a-z0-9-]{1,40}){1,7}");

  private final String layout;
  private final QuantScheme scheme;
  private final int rows;
  private final int columns;
  private final SequencedMap<String, String> properties;
  private final SequencedMap<String, MemorySegment> parts;

  /**
   * Puts packed weights together.
   *
   * @param layout the layout's name: two to eight words of lower-case letters, digits and hyphens,
   *     with slashes between them
   * @param scheme how the weights are quantized
   * @param rows output features, at least 1
   * @param columns input features, at least 1
   * @param properties what else the kernel has to know, by names of lower-case letters, digits and
   *     underscores
   * @param parts the memory, by such names; of each a multiple of {@link #ALIGNMENT} bytes, at
   *     least one
   * @throws IllegalArgumentException if a name, a size or the length of a part is not as said
   */
  public PackedMatrix(
      String layout,
      QuantScheme scheme,
      int rows,
      int columns,
      Map<String, String> properties,
      SequencedMap<String, MemorySegment> parts) {
    if (!LAYOUT.matcher(layout).matches()) {
      throw new IllegalArgumentException(
          "layout: '" + layout + "', expected a name such as vector512/paired-lookup/1");
    }
    if (rows < 1 || columns < 1) {
      throw new IllegalArgumentException(
          "[" + rows + ", " + columns + "]: sizes must be at least 1");
    }
    properties.keySet().forEach(name -> requireName("property", name));
    parts.forEach(
        (name, part) -> {
          requireName("part", name);
          if (part.byteSize() == 0 || part.byteSize() % ALIGNMENT != 0) {
            throw new IllegalArgumentException(
                "part '"
                    + name
                    + "': "
                    + part.byteSize()
                    + " bytes, expected a multiple of "
                    + ALIGNMENT);
          }
        });
    this.layout = layout;
    this.scheme = scheme;
    this.rows = rows;
    this.columns = columns;
    this.properties = Collections.unmodifiableSequencedMap(new LinkedHashMap<>(properties));
    this.parts = Collections.unmodifiableSequencedMap(new LinkedHashMap<>(parts));
  }

  private static void requireName(String what, String name) {
    if (!NAME.matcher(name).matches()) {
      throw new IllegalArgumentException(
          what + ": '" + name + "', expected up to 40 lower-case letters, digits and underscores");
    }
  }

  /**
   * Whose order the parts are in.
   *
   * @return for example {@code vector512/paired-lookup/1}
   */
  public String layout() {
    return layout;
  }

  /**
   * How the weights are quantized.
   *
   * @return the scheme
   */
  public QuantScheme scheme() {
    return scheme;
  }

  /**
   * The output features.
   *
   * @return rows of the matrix
   */
  public int rows() {
    return rows;
  }

  /**
   * The input features.
   *
   * @return columns of the matrix
   */
  public int columns() {
    return columns;
  }

  /**
   * What else the kernel has to know.
   *
   * @return texts by name; what they mean is the layout's matter
   */
  public SequencedMap<String, String> properties() {
    return properties;
  }

  /**
   * The memory.
   *
   * @return the live segments by name, little-endian; what they hold is the layout's matter
   */
  public SequencedMap<String, MemorySegment> parts() {
    return parts;
  }

  /**
   * The size of all parts.
   *
   * @return bytes
   */
  public long byteSize() {
    return parts.values().stream().mapToLong(MemorySegment::byteSize).sum();
  }

  /**
   * Refuses weights whose memory is gone.
   *
   * @throws IllegalStateException if the file that a part is mapped from, or the arena that it was
   *     taken from, is closed
   */
  public void requireOpen() {
    parts.forEach(
        (name, part) -> {
          if (!part.scope().isAlive()) {
            throw new IllegalStateException(
                this + ": the file or arena that holds part '" + name + "' is closed");
          }
        });
  }

  /** Shape, scheme and layout. */
  @Override
  public String toString() {
    return "PackedMatrix[" + rows + ", " + columns + "] " + scheme + ", layout " + layout;
  }
}
