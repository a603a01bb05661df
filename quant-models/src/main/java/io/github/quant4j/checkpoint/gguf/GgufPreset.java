// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.checkpoint.gguf;

import io.github.quant4j.io.gguf.GgufTensorType;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** The types of whole files, as llama.cpp names and numbers them. */
public enum GgufPreset {
  /** Everything in binary32. */
  F32(0, GgufTensorType.F32),
  /** Matrices in binary16. */
  F16(1, GgufTensorType.F16),
  /** Matrices in bfloat16. */
  BF16(32, GgufTensorType.BF16),
  /** Blocks of 32 with 4-bit codes and a scale. */
  Q4_0(2, GgufTensorType.Q4_0),
  /** Blocks of 32 with 4-bit codes, a scale and a minimum. */
  Q4_1(3, GgufTensorType.Q4_1),
  /** Blocks of 32 with 5-bit codes and a scale. */
  Q5_0(8, GgufTensorType.Q5_0),
  /** Blocks of 32 with 5-bit codes, a scale and a minimum. */
  Q5_1(9, GgufTensorType.Q5_1),
  /** Blocks of 32 with 8-bit codes and a scale. */
  Q8_0(7, GgufTensorType.Q8_0),
  /** Super-blocks of 2 bits, what matters more in 3 and 4. */
  Q2_K(10, GgufTensorType.Q2_K),
  /** Super-blocks of 2 bits. */
  Q2_K_S(21, GgufTensorType.Q2_K),
  /** Super-blocks of 3 bits. */
  Q3_K_S(11, GgufTensorType.Q3_K),
  /** Super-blocks of 3 bits, what matters more in 4 and 5. */
  Q3_K_M(12, GgufTensorType.Q3_K),
  /** Super-blocks of 3 bits, what matters more in 5. */
  Q3_K_L(13, GgufTensorType.Q3_K),
  /** Super-blocks of 4 bits. */
  Q4_K_S(14, GgufTensorType.Q4_K),
  /** Super-blocks of 4 bits, what matters more in 6. */
  Q4_K_M(15, GgufTensorType.Q4_K),
  /** Super-blocks of 5 bits. */
  Q5_K_S(16, GgufTensorType.Q5_K),
  /** Super-blocks of 5 bits, what matters more in 6. */
  Q5_K_M(17, GgufTensorType.Q5_K),
  /** Super-blocks of 6 bits. */
  Q6_K(18, GgufTensorType.Q6_K),
  /** Blocks of 32 with 4-bit codes of a table. */
  IQ4_NL(25, GgufTensorType.IQ4_NL),
  /** Super-blocks of 4-bit codes of a table. */
  IQ4_XS(30, GgufTensorType.IQ4_XS),
  /** Ternary codes, five in a byte. */
  TQ1_0(36, GgufTensorType.TQ1_0),
  /** Ternary codes, four in a byte. */
  TQ2_0(37, GgufTensorType.TQ2_0),
  /** Experts in MXFP4, everything else in 8 bits. */
  MXFP4_MOE(38, GgufTensorType.MXFP4);

  private final int fileType;
  private final GgufTensorType type;

  GgufPreset(int fileType, GgufTensorType type) {
    this.fileType = fileType;
    this.type = type;
  }

  /**
   * The number of the type.
   *
   * @return {@code general.file_type}
   */
  public int fileType() {
    return fileType;
  }

  /**
   * What most matrices are stored as.
   *
   * @return the type
   */
  public GgufTensorType type() {
    return type;
  }

  /**
   * Whether matrices are quantized.
   *
   * @return false for the floating-point types
   */
  public boolean isQuantized() {
    return type.dtype().isEmpty();
  }

  /**
   * The names.
   *
   * @return those of {@link #find}
   */
  public static List<String> names() {
    return Arrays.stream(values()).map(GgufPreset::name).toList();
  }

  /**
   * A preset by its name.
   *
   * @param name in any case; {@code Q4_K} is {@code Q4_K_M}, as in llama.cpp
   * @return the preset, or empty if there is none
   */
  public static Optional<GgufPreset> find(String name) {
    String wanted =
        switch (name.toUpperCase(Locale.ROOT)) {
          case "Q3_K" -> "Q3_K_M";
          case "Q4_K" -> "Q4_K_M";
          case "Q5_K" -> "Q5_K_M";
          default -> name.toUpperCase(Locale.ROOT);
        };
    return Arrays.stream(values()).filter(preset -> preset.name().equals(wanted)).findFirst();
  }
}
