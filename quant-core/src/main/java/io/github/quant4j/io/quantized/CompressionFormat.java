// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.quantized;

import java.util.Arrays;
import java.util.Optional;

/** The storage formats of compressed-tensors that are read; the names are those of its configs. */
enum CompressionFormat {
  /** Integers of 1 to 8 bits in 32-bit words: {@code weight_packed}, {@code weight_shape}. */
  PACK("pack-quantized"),
  /** Two's complement bytes: {@code weight}. */
  INT("int-quantized"),
  /** FP8 E4M3: {@code weight}. */
  FLOAT("float-quantized"),
  /** Either of the two above, by the type of the weights. Read, not written. */
  NAIVE("naive-quantized"),
  /** FP4 with FP8 E4M3 scales of 16 elements and a divisor for the matrix. */
  NVFP4("nvfp4-pack-quantized"),
  /** FP4 with power-of-two scales of 32 elements. */
  MXFP4("mxfp4-pack-quantized"),
  /** FP8 E4M3 with power-of-two scales of 32 elements. */
  MXFP8("mxfp8-quantized");

  /** The top-level format of a config whose groups differ in theirs. */
  static final String MIXED = "mixed-precision";

  private final String label;

  CompressionFormat(String label) {
    this.label = label;
  }

  String label() {
    return label;
  }

  static Optional<CompressionFormat> ofLabel(String label) {
    return Arrays.stream(values()).filter(format -> format.label.equals(label)).findFirst();
  }

  static String labels() {
    return Arrays.stream(values()).map(CompressionFormat::label).toList().toString();
  }
}
