// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.block;

import io.github.quant4j.format.HalfPrecision;

/**
 * Puts codes and scales into blocks, each bit where {@link BlockFormat#decoder()} looks for it.
 *
 * <p>Nothing is rounded here: what is packed has been chosen before.
 */
public final class BlockPacking {
  private BlockPacking() {}

  /**
   * What a block stores.
   *
   * @param codes one for each weight, as {@link CodedBlocks#unpack} gives them
   * @param scale the scale of the block, a value of binary16
   * @param least of the block, a value of binary16: its multiples are subtracted; the offset itself
   *     where a format has one for each block; not looked at without offsets
   * @param scaleCodes the integers by which the scale is multiplied, one for each run; not looked
   *     at where a block is one run
   * @param leastCodes those for {@code least}
   */
  @SuppressWarnings("ArrayRecordComponent") // compared by nobody
  public record Parts(byte[] codes, float scale, float least, int[] scaleCodes, int[] leastCodes) {}

  /**
   * Whether blocks of a format can be packed.
   *
   * @param format the format
   * @return true for codes with a scale in binary16 for each block
   */
  public static boolean isPossible(BlockFormat format) {
    return switch (format) {
      case Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, IQ4_NL -> true;
      case Q2_K, Q3_K, Q4_K, Q5_K, Q6_K, IQ4_XS, TQ1_0, TQ2_0 -> true;
      default -> false;
    };
  }

  /**
   * Packs one block.
   *
   * @param format the type of the block
   * @param parts what is packed
   * @param target receives the block; zero where it will lie
   * @param at where it begins
   * @throws IllegalArgumentException if blocks of the format cannot be packed
   */
  public static void pack(BlockFormat format, Parts parts, byte[] target, int at) {
    byte[] codes = parts.codes();
    switch (format) {
      case Q4_0, IQ4_NL -> {
        half(parts.scale(), target, at);
        CodePacking.nibbles(codes, 0, 32, target, at + 2);
      }
      case Q4_1 -> {
        half(parts.scale(), target, at);
        half(parts.least(), target, at + 2);
        CodePacking.nibbles(codes, 0, 32, target, at + 4);
      }
      case Q5_0 -> {
        half(parts.scale(), target, at);
        CodePacking.bitsAndNibbles(codes, target, at + 2);
      }
      case Q5_1 -> {
        half(parts.scale(), target, at);
        half(parts.least(), target, at + 2);
        CodePacking.bitsAndNibbles(codes, target, at + 4);
      }
      case Q8_0 -> {
        half(parts.scale(), target, at);
        System.arraycopy(codes, 0, target, at + 2, 32);
      }
      case Q2_K -> packQ2(parts, target, at);
      case Q3_K -> packQ3(parts, target, at);
      case Q4_K -> {
        packScalesOfFour(parts, target, at);
        CodePacking.runs(codes, 32, target, at + 16);
      }
      case Q5_K -> {
        packScalesOfFour(parts, target, at);
        CodePacking.bit(codes, 4, target, at + 16);
        CodePacking.runs(codes, 32, target, at + 48);
      }
      case Q6_K -> packQ6(parts, target, at);
      case IQ4_XS -> packIq4Xs(parts, target, at);
      case TQ1_0 -> {
        digits(codes, 0, 32, 5, target, at);
        digits(codes, 160, 16, 5, target, at + 32);
        digits(codes, 240, 4, 4, target, at + 48);
        half(parts.scale(), target, at + 52);
      }
      case TQ2_0 -> {
        CodePacking.twoBits(codes, target, at);
        half(parts.scale(), target, at + 64);
      }
      default ->
          throw new IllegalArgumentException(
              "format: " + format + ", expected codes with a scale in binary16 for each block");
    }
  }

  private static void packQ2(Parts parts, byte[] target, int at) {
    for (int i = 0; i < 16; i++) {
      target[at + i] = (byte) (parts.scaleCodes()[i] | parts.leastCodes()[i] << 4);
    }
    CodePacking.twoBits(parts.codes(), target, at + 16);
    half(parts.scale(), target, at + 80);
    half(parts.least(), target, at + 82);
  }

  private static void packQ3(Parts parts, byte[] target, int at) {
    CodePacking.bit(parts.codes(), 2, target, at);
    CodePacking.twoBits(parts.codes(), target, at + 32);
    for (int i = 0; i < 16; i++) {
      int code = parts.scaleCodes()[i] + 32;
      CodePacking.or(target, at + 96 + i % 8, (code & 0xf) << 4 * (i / 8));
      CodePacking.or(target, at + 104 + i % 4, code >> 4 << 2 * (i / 4));
    }
    half(parts.scale(), target, at + 108);
  }

  /** Scales and least values of Q4_K and Q5_K. */
  private static void packScalesOfFour(Parts parts, byte[] target, int at) {
    half(parts.scale(), target, at);
    half(parts.least(), target, at + 2);
    int packed = at + 4;
    for (int i = 0; i < 4; i++) {
      CodePacking.or(target, packed + i, parts.scaleCodes()[i]);
      CodePacking.or(target, packed + 4 + i, parts.leastCodes()[i]);
    }
    for (int i = 4; i < 8; i++) {
      int scale = parts.scaleCodes()[i];
      int least = parts.leastCodes()[i];
      CodePacking.or(target, packed + 4 + i, scale & 0xf | (least & 0xf) << 4);
      CodePacking.or(target, packed + i - 4, scale >> 4 << 6);
      CodePacking.or(target, packed + i, least >> 4 << 6);
    }
  }

  private static void packQ6(Parts parts, byte[] target, int at) {
    CodePacking.runs(parts.codes(), 64, target, at);
    CodePacking.highPairs(parts.codes(), target, at + 128);
    for (int i = 0; i < 16; i++) {
      target[at + 192 + i] = (byte) parts.scaleCodes()[i];
    }
    half(parts.scale(), target, at + 208);
  }

  private static void packIq4Xs(Parts parts, byte[] target, int at) {
    half(parts.scale(), target, at);
    int high = 0;
    for (int i = 0; i < 8; i++) {
      int code = parts.scaleCodes()[i] + 32;
      CodePacking.or(target, at + 4 + i / 2, (code & 0xf) << 4 * (i % 2));
      high |= code >> 4 << 2 * i;
    }
    target[at + 2] = (byte) high;
    target[at + 3] = (byte) (high >> 8);
    for (int i = 0; i < 8; i++) {
      CodePacking.nibbles(parts.codes(), 32 * i, 32, target, at + 8 + 16 * i);
    }
  }

  private static void half(float value, byte[] target, int at) {
    short bits = HalfPrecision.toFloat16(value);
    target[at] = (byte) bits;
    target[at + 1] = (byte) (bits >> 8);
  }

  /** Numbers to the base of three as fractions of 256, rounded up, the first digit foremost. */
  private static void digits(byte[] codes, int from, int bytes, int digits, byte[] target, int at) {
    for (int i = 0; i < bytes; i++) {
      int number = 0;
      for (int n = 0; n < 5; n++) {
        number = 3 * number + (n < digits ? codes[from + n * bytes + i] : 0);
      }
      target[at + i] = (byte) ((number * 256 + 242) / 243);
    }
  }
}
