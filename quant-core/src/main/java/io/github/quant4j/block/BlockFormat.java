// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.block;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The block types in which ggml keeps quantized weights, by ggml's names. A block is a run of
 * neighbouring weights of a row with everything that is needed to decode them; a row is a whole
 * number of blocks.
 *
 * <p>All but those of the names {@code IQ1} to {@code IQ3} are codes with scales, see {@link
 * #coded()}.
 */
public enum BlockFormat {
  /** 32 codes of 4 bits from -8, a scale. */
  Q4_0(
      18,
      CodedBlocks.scaled(32, 18, 32, Levels.from(-8, 4), FlatBlocks.nibbles(2), FlatBlocks::scale),
      FlatEncoders::q4Scaled),
  /** 32 codes of 4 bits, a scale and an offset. */
  Q4_1(
      20,
      CodedBlocks.shifted(
          32, 20, 32, Levels.from(0, 4), FlatBlocks.nibbles(4), FlatBlocks::scaleAndOffset),
      FlatEncoders::q4Shifted),
  /** 32 codes of 5 bits from -16, a scale. */
  Q5_0(
      22,
      CodedBlocks.scaled(
          32, 22, 32, Levels.from(-16, 5), FlatBlocks.nibblesAndBits(2), FlatBlocks::scale),
      FlatEncoders::q5Scaled),
  /** 32 codes of 5 bits, a scale and an offset. */
  Q5_1(
      24,
      CodedBlocks.shifted(
          32, 24, 32, Levels.from(0, 5), FlatBlocks.nibblesAndBits(4), FlatBlocks::scaleAndOffset),
      FlatEncoders::q5Shifted),
  /** 32 signed bytes, a scale. */
  Q8_0(
      34,
      CodedBlocks.scaled(32, 34, 32, Levels.bytes(), FlatBlocks::bytes, FlatBlocks::scale),
      FlatEncoders::q8),
  /** 256 codes of 2 bits; scales and offsets of 4 bits for runs of 16. */
  Q2_K(
      84,
      CodedBlocks.shifted(256, 84, 16, Levels.from(0, 2), KBlocks::q2Codes, KBlocks.Q2),
      KEncoders::q2),
  /** 256 codes of 3 bits from -4; scales of 6 bits for runs of 16. */
  Q3_K(
      110,
      CodedBlocks.scaled(256, 110, 16, Levels.from(-4, 3), KBlocks::q3Codes, KBlocks.Q3),
      KEncoders::q3),
  /** 256 codes of 4 bits; scales and offsets of 6 bits for runs of 32. */
  Q4_K(
      144,
      CodedBlocks.shifted(256, 144, 32, Levels.from(0, 4), KBlocks::q4Codes, KBlocks.Q4),
      KEncoders::q4),
  /** 256 codes of 5 bits; scales and offsets of 6 bits for runs of 32. */
  Q5_K(
      176,
      CodedBlocks.shifted(256, 176, 32, Levels.from(0, 5), KBlocks::q5Codes, KBlocks.Q4),
      KEncoders::q5),
  /** 256 codes of 6 bits from -32; scales of 8 bits for runs of 16. */
  Q6_K(
      210,
      CodedBlocks.scaled(256, 210, 16, Levels.from(-32, 6), KBlocks::q6Codes, KBlocks.Q6),
      KEncoders::q6),
  /** 32 codes of 4 bits of a code book, a scale. */
  IQ4_NL(
      18,
      CodedBlocks.scaled(32, 18, 32, Levels.nonlinear(), FlatBlocks.nibbles(2), FlatBlocks::scale),
      BookEncoders::iq4Nl),
  /** 256 codes of the same book; scales of 6 bits for runs of 32. */
  IQ4_XS(
      136,
      CodedBlocks.scaled(256, 136, 32, Levels.nonlinear(), KBlocks::iq4Codes, KBlocks.IQ4),
      BookEncoders::iq4Xs),
  /** 256 ternary digits, five in a byte, and a scale. */
  TQ1_0(
      54,
      CodedBlocks.scaled(256, 54, 256, Levels.from(-1, 2), KBlocks::tq1Codes, KBlocks::tq1Scale),
      FlatEncoders::tq1),
  /** 256 codes of 2 bits from -1, a scale. */
  TQ2_0(
      66,
      CodedBlocks.scaled(256, 66, 256, Levels.from(-1, 2), KBlocks::tq2Codes, KBlocks::tq2Scale),
      FlatEncoders::tq2),
  /** 32 codes of E2M1 with a power of two, as in OCP's microscaling formats. */
  MXFP4(
      17,
      CodedBlocks.scaled(
          32, 17, 32, Levels.doubledE2m1(), FlatBlocks.nibbles(1), FlatBlocks::mxfp4Scale),
      FlatEncoders::mxfp4),
  /** 64 codes of E2M1; scales of unsigned E4M3 for runs of 16. */
  NVFP4(
      36,
      CodedBlocks.scaled(
          64, 36, 16, Levels.doubledE2m1(), FlatBlocks::nvfp4Codes, FlatBlocks::nvfp4Scales),
      FlatEncoders::nvfp4),
  /** 128 signs, a scale. */
  Q1_0(
      18,
      CodedBlocks.scaled(128, 18, 128, Levels.signs(), FlatBlocks.dense(1, 128), FlatBlocks::scale),
      FlatEncoders::q1),
  /** 64 codes of 2 bits from -1, a scale. */
  Q2_0(
      18,
      CodedBlocks.scaled(
          64, 18, 64, Levels.from(-1, 2), FlatBlocks.dense(2, 64), FlatBlocks::scale),
      FlatEncoders::q2),
  /** 256 weights as points of eight, 11 bits each; scales and shifts for runs of 32. */
  IQ1_S(50, new LatticeBlocks(50, "iq1", LatticeBlocks::iq1S)),
  /** 256 weights as points of eight, 11 bits each; scales for runs of 16, shifts for points. */
  IQ1_M(56, new LatticeBlocks(56, "iq1", LatticeBlocks::iq1M)),
  /** 256 weights as points of eight, 8 bits each, and signs; scales for runs of 32. */
  IQ2_XXS(66, new LatticeBlocks(66, "iq2_xxs", LatticeBlocks::iq2Xxs)),
  /** 256 weights as points of eight, 9 bits each, and signs; scales for runs of 16. */
  IQ2_XS(74, new LatticeBlocks(74, "iq2_xs", LatticeBlocks::iq2Xs)),
  /** 256 weights as points of eight, 10 bits each, and signs; scales for runs of 16. */
  IQ2_S(82, new LatticeBlocks(82, "iq2_s", LatticeBlocks::iq2S)),
  /** 256 weights as points of four, 8 bits each, and signs; scales for runs of 32. */
  IQ3_XXS(98, new LatticeBlocks(98, "iq3_xxs", LatticeBlocks::iq3Xxs)),
  /** 256 weights as points of four, 9 bits each, and signs; scales for runs of 32. */
  IQ3_S(110, new LatticeBlocks(110, "iq3_s", LatticeBlocks::iq3S));

  private final int blockSize;
  private final int blockBytes;

  @SuppressWarnings("ImmutableEnumChecker") // Decoders have no state.
  private final BlockDecoder decoder;

  @SuppressWarnings("ImmutableEnumChecker") // Nor have encoders.
  private final @Nullable BlockEncoder encoder;

  BlockFormat(int blockBytes, CodedBlocks decoder, RowEncoder.Block encoder) {
    this.blockSize = decoder.blockSize();
    this.blockBytes = blockBytes;
    this.decoder = decoder;
    this.encoder = new RowEncoder(this, encoder);
  }

  BlockFormat(int blockBytes, LatticeBlocks decoder) {
    this.blockSize = LatticeBlocks.SIZE;
    this.blockBytes = blockBytes;
    this.decoder = decoder;
    this.encoder = null;
  }

  /**
   * The format of a name.
   *
   * @param name as ggml writes it, in any case, for example {@code Q4_K}
   * @return the format, or empty if there is none of that name
   */
  public static Optional<BlockFormat> find(String name) {
    String upper = name.toUpperCase(Locale.ROOT);
    return Arrays.stream(values()).filter(format -> format.name().equals(upper)).findFirst();
  }

  /**
   * The weights of a block.
   *
   * @return neighbours in a row
   */
  public int blockSize() {
    return blockSize;
  }

  /**
   * The size of a block.
   *
   * @return bytes
   */
  public int blockBytes() {
    return blockBytes;
  }

  /**
   * The width with everything that belongs to a block.
   *
   * @return bits
   */
  public double bitsPerWeight() {
    return (double) Byte.SIZE * blockBytes / blockSize;
  }

  /**
   * The size of a row.
   *
   * @param columns weights of the row
   * @return bytes
   * @throws IllegalArgumentException if they are not a whole number of blocks, or none
   */
  public long rowBytes(int columns) {
    if (columns < 1 || columns % blockSize != 0) {
      throw new IllegalArgumentException(
          "columns: " + columns + ", expected a multiple of " + blockSize + " for " + this);
    }
    return (long) (columns / blockSize) * blockBytes;
  }

  /**
   * What decodes blocks of the format.
   *
   * @return the decoder
   */
  public BlockDecoder decoder() {
    return decoder;
  }

  /**
   * What encodes weights in the format.
   *
   * @return the encoder, or empty for the formats that can only be read
   */
  public Optional<BlockEncoder> encoder() {
    return Optional.ofNullable(encoder);
  }

  /**
   * What puts blocks together from codes and scales.
   *
   * @return the packer, or empty if scales are integers times a number that several runs share, or
   *     weights are points of several numbers
   */
  public Optional<BlockPacker> packer() {
    return FlatPackers.of(this);
  }

  /**
   * The codes and scales of blocks, for whoever computes with them without decoding them first.
   *
   * @return how they are found, or empty if weights are points of several numbers
   */
  public Optional<CodedBlocks> coded() {
    return decoder instanceof CodedBlocks coded ? Optional.of(coded) : Optional.empty();
  }
}
