// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.format;

import io.github.quant4j.grammar.Numerals;
import io.github.quant4j.grammar.Phrase;
import io.github.quant4j.grammar.Range;
import io.github.quant4j.grammar.Step;
import io.github.quant4j.grammar.Steps;
import java.util.List;
import java.util.regex.Matcher;

/** Names of number formats. */
public final class NumberFormats {
  private static final List<MiniFloat> OPEN_COMPUTE =
      List.of(
          MiniFloat.FP8_E4M3,
          MiniFloat.FP8_E5M2,
          MiniFloat.FP6_E2M3,
          MiniFloat.FP6_E3M2,
          MiniFloat.FP4_E2M1);

  /** The formats as steps of recipes. */
  public static final Steps<NumberFormat> STEPS =
      Steps.of(
          "format",
          Step.family(
              "int1 to int8",
              List.of("int1", "int2", "int3", "int4", "int5", "int6", "int7", "int8"),
              "int([1-9])",
              "integers of so many bits",
              (_, match) -> new IntegerFormat(Integer.parseInt(match.group(1)))),
          Step.family(
              String.join(", ", OPEN_COMPUTE.stream().map(MiniFloat::name).toList()),
              OPEN_COMPUTE.stream().map(MiniFloat::name).toList(),
              "fp([468])e([0-9])m([0-9])",
              "minifloats as the Open Compute Project defines them",
              NumberFormats::openCompute),
          Step.family(
              "eEmM[bBIAS][fn|ieee|fnuz]",
              List.of(),
              "e([0-9])m([0-9])(?:b(-?[0-9]{1,3}))?(fn|ieee|fnuz)?",
              "any minifloat of 3 to 8 bits, such as e3m2; every code is finite unless reserved"
                  + " codes are named",
              NumberFormats::miniFloat),
          Step.word("nf4", "NormalFloat: 16 quantiles of a normal distribution", Codebook.NF4),
          Step.word("ternary", "-1, 0 and 1", Codebook.TERNARY),
          Step.word("binary", "-1 and 1", Codebook.BINARY),
          Step.word(
              "dynamic8", "the dynamic map of 8-bit Optimizers: 256 values", Codebook.DYNAMIC8),
          Step.<Codebook>named("power", "companded by a power (PowerQuant, NUPES)")
              .required(
                  "EXPONENT",
                  Range.from(
                      CodebookFamilies.LEAST_EXPONENT, CodebookFamilies.LARGEST_EXPONENT),
                  _ -> 1,
                  "of the power, such as 0.6; below 1 levels are dense near zero")
              .required("BITS", Range.whole(2, 8), Codebook::bits, "the width")
              .make(
                  values ->
                      CodebookFamilies.power(values.number("EXPONENT"), values.count("BITS"))),
          Step.<Codebook>named("pot", "signed powers of two, no zero (DenseShift)")
              .required("BITS", Range.whole(2, 6), Codebook::bits, "the width")
              .make(values -> CodebookFamilies.powersOfTwo(values.count("BITS"))),
          Step.<Codebook>named("levels", "a list of values")
              .list("VALUE", Codebook::name, "2 to 256 numbers in ascending order")
              .make(values -> levels(values.list("VALUE"))));

  private NumberFormats() {}

  /**
   * Reads a format's name.
   *
   * <p>Known are {@code int1} to {@code int8}; {@code fp8e4m3}, {@code fp8e5m2}, {@code fp6e2m3},
   * {@code fp6e3m2} and {@code fp4e2m1} as OCP defines them; any {@code eEmM} of 3 to 8 bits in
   * which every code is finite, with {@code bB} for an unusual bias and {@code fn}, {@code ieee} or
   * {@code fnuz} for reserved codes; {@code nf4}, {@code ternary}, {@code binary}, {@code dynamic8};
   * {@code power(a,bits)} and {@code pot(bits)}; and {@code levels(a,b,...)} for a list of values.
   *
   * @param name the name, lower case
   * @return the format; its {@link NumberFormat#name()} is the canonical spelling
   * @throws IllegalArgumentException if the name is not one of these
   */
  public static NumberFormat parse(String name) {
    return STEPS.read(Phrase.of("format", name));
  }

  private static NumberFormat openCompute(Phrase phrase, Matcher match) {
    for (MiniFloat known : OPEN_COMPUTE) {
      if (phrase.is(known.name())) {
        return known;
      }
    }
    throw phrase.error(
        phrase.quoted()
            + " is not an OCP format; those are fp8e4m3, fp8e5m2, fp6e2m3, fp6e3m2"
            + " and fp4e2m1 (write e"
            + match.group(2)
            + "m"
            + match.group(3)
            + " for the finite one)");
  }

  private static NumberFormat miniFloat(Phrase phrase, Matcher match) {
    int exponentBits = Integer.parseInt(match.group(1));
    int mantissaBits = Integer.parseInt(match.group(2));
    MiniFloat finite = MiniFloat.finite(exponentBits, mantissaBits);
    MiniFloat.Specials specials =
        switch (match.group(4)) {
          case null -> MiniFloat.Specials.FINITE;
          case "fn" -> MiniFloat.Specials.NAN_ONLY;
          case "ieee" -> MiniFloat.Specials.IEEE;
          default -> MiniFloat.Specials.UNSIGNED_ZERO;
        };
    int usual = finite.bias() + (specials == MiniFloat.Specials.UNSIGNED_ZERO ? 1 : 0);
    int bias = match.group(3) == null ? usual : Integer.parseInt(match.group(3));
    return new MiniFloat(exponentBits, mantissaBits, bias, specials);
  }

  private static Codebook levels(List<Phrase> list) {
    float[] values = new float[list.size()];
    for (int i = 0; i < values.length; i++) {
      double value = Numerals.number(list.get(i));
      if (Math.abs(value) > Float.MAX_VALUE) {
        throw list.get(i).error(list.get(i).quoted() + " is too large");
      }
      values[i] = Float.parseFloat(list.get(i).text());
      if (values[i] == 0 && value != 0) {
        throw list.get(i).error(list.get(i).quoted() + " is too small");
      }
    }
    return Codebook.of(values);
  }
}
