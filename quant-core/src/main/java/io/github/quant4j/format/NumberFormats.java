// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.format;

import io.github.quant4j.wording.Suggestion;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Names of number formats. */
public final class NumberFormats {
  private static final Pattern INTEGER = Pattern.compile("int([1-9][0-9]*)");
  private static final Pattern MINIFLOAT =
      Pattern.compile("(?:fp([468]))?e([0-9])m([0-9])(?:b(-?[0-9]{1,3}))?(fn|ieee|fnuz)?");
  private static final Pattern LEVELS = Pattern.compile("levels\\(([^()]*)\\)");

  /** Names to suggest. */
  private static final List<String> KNOWN =
      List.of(
          "int1",
          "int2",
          "int3",
          "int4",
          "int5",
          "int6",
          "int7",
          "int8",
          "fp8e4m3",
          "fp8e5m2",
          "fp6e2m3",
          "fp6e3m2",
          "fp4e2m1",
          "nf4",
          "ternary",
          "binary",
          "bitmod3",
          "bitmod4",
          "mxfp4",
          "mxfp8",
          "mxint8",
          "nvfp4",
          "levels",
          "codebook",
          "best",
          "best-per-tile");

  private NumberFormats() {}

  /**
   * Reads a format's name.
   *
   * <p>Known are {@code int1} to {@code int8}; {@code fp8e4m3}, {@code fp8e5m2}, {@code fp6e2m3},
   * {@code fp6e3m2} and {@code fp4e2m1} as OCP defines them; any {@code eEmM} of 3 to 8 bits in
   * which every code is finite, with {@code bB} for an unusual bias and {@code fn}, {@code ieee} or
   * {@code fnuz} for reserved codes; {@code nf4}, {@code ternary}, {@code binary}; and {@code
   * levels(a,b,...)} for a list of values.
   *
   * @param name the name, lower case
   * @return the format; its {@link NumberFormat#name()} is the canonical spelling
   * @throws IllegalArgumentException if the name is not one of these
   */
  public static NumberFormat parse(String name) {
    for (Codebook known : new Codebook[] {Codebook.NF4, Codebook.TERNARY, Codebook.BINARY}) {
      if (known.name().equals(name)) {
        return known;
      }
    }
    Matcher integer = INTEGER.matcher(name);
    if (integer.matches() && integer.group(1).length() == 1) {
      return new IntegerFormat(Integer.parseInt(integer.group(1)));
    }
    Matcher minifloat = MINIFLOAT.matcher(name);
    if (minifloat.matches()) {
      return miniFloat(name, minifloat);
    }
    Matcher levels = LEVELS.matcher(name);
    if (levels.matches()) {
      return levels(name, levels.group(1));
    }
    throw new IllegalArgumentException(
        "format: '"
            + name
            + "' is not known; expected int1 to int8, fp8e4m3, fp8e5m2, fp6e2m3,"
            + " fp6e3m2, fp4e2m1, eEmM of 3 to 8 bits (such as e3m2), nf4, ternary, binary or"
            + " levels(a,b,...)"
            + Suggestion.of(name, KNOWN));
  }

  private static NumberFormat miniFloat(String name, Matcher match) {
    int exponentBits = Integer.parseInt(match.group(2));
    int mantissaBits = Integer.parseInt(match.group(3));
    if (match.group(1) != null) {
      for (MiniFloat known :
          new MiniFloat[] {
            MiniFloat.FP8_E4M3,
            MiniFloat.FP8_E5M2,
            MiniFloat.FP6_E2M3,
            MiniFloat.FP6_E3M2,
            MiniFloat.FP4_E2M1
          }) {
        if (known.name().equals(name)) {
          return known;
        }
      }
      throw new IllegalArgumentException(
          "format: '"
              + name
              + "' is not an OCP format; those are fp8e4m3, fp8e5m2, fp6e2m3, fp6e3m2"
              + " and fp4e2m1 (write e"
              + exponentBits
              + "m"
              + mantissaBits
              + " for the finite one)");
    }
    MiniFloat finite = MiniFloat.finite(exponentBits, mantissaBits);
    MiniFloat.Specials specials =
        switch (match.group(5)) {
          case null -> MiniFloat.Specials.FINITE;
          case "fn" -> MiniFloat.Specials.NAN_ONLY;
          case "ieee" -> MiniFloat.Specials.IEEE;
          default -> MiniFloat.Specials.UNSIGNED_ZERO;
        };
    int usual = finite.bias() + (specials == MiniFloat.Specials.UNSIGNED_ZERO ? 1 : 0);
    int bias = match.group(4) == null ? usual : Integer.parseInt(match.group(4));
    return new MiniFloat(exponentBits, mantissaBits, bias, specials);
  }

  private static NumberFormat levels(String name, String list) {
    String[] parts = list.split(",", -1);
    float[] values = new float[parts.length];
    for (int i = 0; i < parts.length; i++) {
      try {
        values[i] = Float.parseFloat(parts[i].trim());
      } catch (NumberFormatException e) {
        throw new IllegalArgumentException(
            "format: '" + name + "': '" + parts[i] + "' is not a number", e);
      }
    }
    return Codebook.of(values);
  }
}
