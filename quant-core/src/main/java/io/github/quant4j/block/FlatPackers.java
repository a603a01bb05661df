// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.block;

import java.util.Optional;

/** Puts the blocks together whose scales are numbers of their own. */
final class FlatPackers {
  private FlatPackers() {}

  /** Empty for formats whose scales are shared numbers times integers, and for points. */
  static Optional<BlockPacker> of(BlockFormat format) {
    return switch (format) {
      case Q4_0, IQ4_NL ->
          Optional.of(
              (codes, scales, offsets, target, at) -> {
                BlockBytes.putHalf(target, at, scales[0]);
                CodePacking.nibbles(codes, 0, 32, target, at + 2);
              });
      case Q4_1 ->
          Optional.of(
              (codes, scales, offsets, target, at) -> {
                BlockBytes.putHalf(target, at, scales[0]);
                BlockBytes.putHalf(target, at + 2, offsets[0]);
                CodePacking.nibbles(codes, 0, 32, target, at + 4);
              });
      case Q5_0 ->
          Optional.of(
              (codes, scales, offsets, target, at) -> {
                BlockBytes.putHalf(target, at, scales[0]);
                CodePacking.bitsAndNibbles(codes, target, at + 2);
              });
      case Q5_1 ->
          Optional.of(
              (codes, scales, offsets, target, at) -> {
                BlockBytes.putHalf(target, at, scales[0]);
                BlockBytes.putHalf(target, at + 2, offsets[0]);
                CodePacking.bitsAndNibbles(codes, target, at + 4);
              });
      case Q8_0 ->
          Optional.of(
              (codes, scales, offsets, target, at) -> {
                BlockBytes.putHalf(target, at, scales[0]);
                System.arraycopy(codes, 0, target, at + 2, 32);
              });
      case Q1_0 ->
          Optional.of(
              (codes, scales, offsets, target, at) -> {
                BlockBytes.putHalf(target, at, scales[0]);
                CodePacking.dense(codes, 1, target, at + 2);
              });
      case Q2_0 ->
          Optional.of(
              (codes, scales, offsets, target, at) -> {
                BlockBytes.putHalf(target, at, scales[0]);
                CodePacking.dense(codes, 2, target, at + 2);
              });
      case TQ1_0 ->
          Optional.of(
              (codes, scales, offsets, target, at) -> {
                BlockBytes.putHalf(target, at + 52, scales[0]);
                CodePacking.ternary(codes, target, at);
              });
      case TQ2_0 ->
          Optional.of(
              (codes, scales, offsets, target, at) -> {
                BlockBytes.putHalf(target, at + 64, scales[0]);
                CodePacking.twoBits(codes, target, at);
              });
      case MXFP4 ->
          Optional.of(
              (codes, scales, offsets, target, at) -> {
                // Scales are half the power of two that is stored.
                target[at] = (byte) Math.clamp(Math.getExponent(scales[0]) + 128, 1, 254);
                CodePacking.nibbles(codes, 0, 32, target, at + 1);
              });
      case NVFP4 ->
          Optional.of(
              (codes, scales, offsets, target, at) -> {
                for (int s = 0; s < 4; s++) {
                  target[at + s] = nearestE4m3(2 * scales[s]);
                  CodePacking.nibbles(codes, 16 * s, 16, target, at + 4 + 8 * s);
                }
              });
      default -> Optional.empty();
    };
  }

  /** Unlike ggml's own rounding this knows the numbers from 256 on. */
  private static byte nearestE4m3(float scale) {
    int nearest = 0;
    for (int bits = 1; bits < 0x7f; bits++) {
      float error = Math.abs(FlatBlocks.unsignedE4m3(bits) - scale);
      if (error < Math.abs(FlatBlocks.unsignedE4m3(nearest) - scale)) {
        nearest = bits;
      }
    }
    return (byte) nearest;
  }
}
