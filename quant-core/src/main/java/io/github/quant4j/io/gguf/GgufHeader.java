// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.gguf;

import java.util.List;

/**
 * What a GGUF file says before its data.
 *
 * @param version 2 or 3
 * @param metadata keys and values
 * @param tensors in the order of their data
 * @param dataStart where the data begins in the file
 */
record GgufHeader(int version, GgufMetadata metadata, List<Entry> tensors, long dataStart) {
  /** "GGUF" as a little-endian number. */
  static final int MAGIC = 0x46554747;

  /** The version that is written. */
  static final int VERSION = 3;

  static final String ALIGNMENT_KEY = "general.alignment";
  static final String QUANTIZATION_VERSION_KEY = "general.quantization_version";

  static final int DEFAULT_ALIGNMENT = 32;
  static final int LARGEST_ALIGNMENT = 1 << 30;

  /** The layout of blocks that ggml has had since the middle of 2023. */
  static final int QUANTIZATION_VERSION = 2;

  static final int MOST_DIMENSIONS = 4;

  /** The longest name of a tensor in bytes; ggml keeps 64 with a zero at the end. */
  static final int LONGEST_NAME = 63;

  /** The longest key in bytes, as the specification has it. */
  static final int LONGEST_KEY = 65_535;

  /** More keys than any model has; their objects take more memory than they do in the file. */
  static final int MOST_KEYS = 1 << 14;

  /** More tensors than any model has. */
  static final int MOST_TENSORS = 50_000;

  /** The most bytes of keys and single strings together. */
  static final int MOST_TEXT = 1 << 23;

  /**
   * One tensor.
   *
   * @param offset its first byte, counted from the start of the data
   * @param bytes its size
   */
  record Entry(String name, GgufTensorType type, List<Long> dimensions, long offset, long bytes) {}

  /**
   * What the data is aligned to.
   *
   * @throws IllegalArgumentException if the metadata says something that is not a power of two
   */
  static int alignment(GgufMetadata metadata) {
    GgufValue value =
        metadata
            .find(ALIGNMENT_KEY)
            .orElse(new GgufValue.Whole(GgufValueType.UINT32, DEFAULT_ALIGNMENT));
    if (!(value instanceof GgufValue.Whole whole) || whole.type() != GgufValueType.UINT32) {
      throw new IllegalArgumentException(
          "metadata '" + ALIGNMENT_KEY + "': found " + value.kind() + ", expected uint32");
    }
    if (whole.value() > LARGEST_ALIGNMENT || Long.bitCount(whole.value()) != 1) {
      throw new IllegalArgumentException(
          "metadata '" + ALIGNMENT_KEY + "': " + whole + ", expected a power of two up to 2^30");
    }
    return (int) whole.value();
  }

  /** The next multiple of a power of two. */
  static long align(long position, long alignment) {
    return Math.addExact(position, alignment - 1) & -alignment;
  }
}
