// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.quantized.awq;

import io.github.quant4j.json.JsonException;
import java.util.Locale;

/** How 4-bit codes are laid out. */
public enum AwqLayout {
  /**
   * {@code qweight} I32 {@code [in, out / 8]}: of each eight outputs, number {@code c} lies in
   * nibble {@code [0, 4, 1, 5, 2, 6, 3, 7][c]}; {@code qzeros} likewise.
   */
  GEMM,
  /** {@code qweight} I32 {@code [out, in / 8]}, all in order; scales and zeros padded in width. */
  GEMV,
  /**
   * {@code qweight} I16 {@code [out / 4, in]}: four rows interleaved by 64 inputs, and inputs
   * shuffled within 32; in place of zero points {@code -scale zero} in floating point.
   */
  GEMV_FAST;

  /**
   * The layout of a name.
   *
   * @param name as configs have it, in upper or lower case
   * @return the layout
   * @throws JsonException if it is not known
   */
  public static AwqLayout ofName(String name) {
    return switch (name.toLowerCase(Locale.ROOT)) {
      // Kernels of exllama turn this layout into theirs when they load it.
      case "gemm", "exllama", "exllamav2", "ipex" -> GEMM;
      case "gemv" -> GEMV;
      case "gemv_fast", "gemvfast", "llm-awq" -> GEMV_FAST;
      default ->
          throw new JsonException(
              "'version': '" + name + "' is not supported, expected gemm, gemv or gemv_fast");
    };
  }
}
