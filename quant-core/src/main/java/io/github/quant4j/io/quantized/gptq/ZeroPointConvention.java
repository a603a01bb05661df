// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.quantized.gptq;

/** What is stored for a zero point. */
public enum ZeroPointConvention {
  /**
   * One less, modulo {@code 2^bits}: {@code checkpoint_format} {@code gptq}, or none. The largest
   * value stands for 0.
   */
  LESS_ONE,
  /** The zero point itself: {@code gptq_v2}. */
  PLAIN;

  /**
   * The zero point that a stored field stands for.
   *
   * @param stored from 0 to {@code 2^bits - 1}
   * @param bits bits of a field
   * @return from 0 to {@code 2^bits - 1}
   */
  int zeroPoint(int stored, int bits) {
    return this == PLAIN ? stored : stored + 1 & (1 << bits) - 1;
  }
}
