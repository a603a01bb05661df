// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.scheme;

import io.github.quant4j.format.Codebook;
import io.github.quant4j.format.CodebookFamilies;
import io.github.quant4j.format.IntegerFormat;
import io.github.quant4j.format.MiniFloat;
import io.github.quant4j.format.NumberFormat;
import io.github.quant4j.grammar.Phrase;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Which element format a matrix gets: one that is given, or one that is chosen or made when the
 * scales are fitted.
 *
 * <p>Text forms: the name of a format; {@code best(e2m1,int4)} for the best of several for the
 * whole matrix; {@code e?m?(4)} for the best minifloat of so many bits; {@code
 * best-per-tile(e2m1,nf4)}; {@code power?(4)}; {@code bitmod3} and {@code bitmod4}; {@code codebook(16)}.
 */
public sealed interface FormatChoice {

  /**
   * A given format.
   *
   * @param format the format
   */
  record Fixed(NumberFormat format) implements FormatChoice {
    @Override
    public String toString() {
      return format.name();
    }
  }

  /**
   * The format with the least error, one for the whole matrix (LLM-FP4, Liu et al., arXiv
   * 2310.16836; FP8 versus INT8, van Baalen et al., arXiv 2303.17951).
   *
   * @param candidates at least one, all of one width; of equal errors the first one wins
   */
  record BestPerMatrix(List<NumberFormat> candidates) implements FormatChoice {
    /**
     * Checks the candidates.
     *
     * @throws IllegalArgumentException if there is none or their widths differ
     */
    public BestPerMatrix {
      candidates = checked("best", candidates);
    }

    @Override
    public String toString() {
      return candidates.equals(minifloats(bits()))
          ? "e?m?(" + bits() + ")"
          : "best(" + names(candidates) + ")";
    }
  }

  /**
   * The format with the least error, chosen for each tile by itself (BitMoD, Chen et al., arXiv
   * 2411.11745).
   *
   * @param candidates at least two different ones, at most 256, all of one width; of equal errors
   *     the first one wins
   */
  record BestPerTile(List<NumberFormat> candidates) implements FormatChoice {
    /**
     * Checks the candidates.
     *
     * @throws IllegalArgumentException if there are too few or too many, or their widths differ
     */
    public BestPerTile {
      candidates = checked("best-per-tile", candidates);
      if (candidates.size() < 2
          || candidates.size() > 256
          || candidates.stream().distinct().count() != candidates.size()) {
        throw new IllegalArgumentException(
            "best-per-tile(" + names(candidates) + "): expected 2 to 256 different formats");
      }
    }

    @Override
    public String toString() {
      for (int bits = 3; bits <= 4; bits++) {
        if (candidates.equals(bitMod(bits))) {
          return "bitmod" + bits;
        }
      }
      return "best-per-tile(" + names(candidates) + ")";
    }
  }

  /**
   * A code book that is fitted to each tile: the values that minimise the squared error, weighted
   * by the second moment of the inputs if there is one (SqueezeLLM, Kim et al., arXiv 2306.07629).
   * Its levels are the weights' own values, so there are no scales.
   *
   * @param size levels, from 2 to 256
   */
  record FittedCodebook(int size) implements FormatChoice {
    /**
     * Checks the size.
     *
     * @throws IllegalArgumentException if it is not from 2 to 256
     */
    public FittedCodebook {
      if (size < 2 || size > 256) {
        throw new IllegalArgumentException("codebook(" + size + "): expected 2 to 256 levels");
      }
    }

    @Override
    public String toString() {
      return "codebook(" + size + ")";
    }
  }

  /**
   * Companding by a power whose exponent is searched for the matrix (PowerQuant, NUPES, Yvinec et
   * al., arXiv 2308.05600).
   *
   * @param bits the width, from 2 to 8
   */
  record Companded(int bits) implements FormatChoice {
    /**
     * Checks the width.
     *
     * @throws IllegalArgumentException if it is not from 2 to 8
     */
    public Companded {
      if (bits < 2 || bits > 8) {
        throw new IllegalArgumentException("power?(" + bits + "): expected 2 to 8 bits");
      }
    }

    @Override
    public String toString() {
      return "power?(" + bits + ")";
    }
  }

  /**
   * The bits of a code.
   *
   * @return 1 to 8
   */
  default int bits() {
    return switch (this) {
      case Fixed(NumberFormat format) -> format.bits();
      case BestPerMatrix(List<NumberFormat> candidates) -> candidates.getFirst().bits();
      case BestPerTile(List<NumberFormat> candidates) -> candidates.getFirst().bits();
      case FittedCodebook(int size) -> 32 - Integer.numberOfLeadingZeros(size - 1);
      case Companded(int width) -> width;
    };
  }

  /**
   * A format that stands for the choice where only the width counts. It is an integer format only
   * if every tile will have that format, so that whoever sees one may compute with integers.
   *
   * @return the given format, or one of the width of those that there will be
   */
  default NumberFormat representative() {
    return switch (this) {
      case Fixed(NumberFormat format) -> format;
      case BestPerMatrix(List<NumberFormat> candidates) -> notInteger(candidates);
      case BestPerTile(List<NumberFormat> candidates) -> notInteger(candidates);
      case Companded(int width) -> CodebookFamilies.power(1, width);
      case FittedCodebook(int size) -> {
        float[] levels = new float[size];
        for (int i = 0; i < size; i++) {
          levels[i] = i;
        }
        yield Codebook.of(levels);
      }
    };
  }

  private static NumberFormat notInteger(List<NumberFormat> candidates) {
    return candidates.stream()
        .filter(format -> !(format instanceof IntegerFormat))
        .findFirst()
        .orElse(candidates.getFirst());
  }

  private static List<NumberFormat> checked(String name, List<NumberFormat> candidates) {
    if (candidates.isEmpty()) {
      throw new IllegalArgumentException(name + "(): no formats, expected at least one");
    }
    for (NumberFormat format : candidates) {
      if (format.bits() != candidates.getFirst().bits()) {
        throw new IllegalArgumentException(
            name
                + "("
                + names(candidates)
                + "): "
                + format.name()
                + " has "
                + format.bits()
                + " bits, expected "
                + candidates.getFirst().bits()
                + " as "
                + candidates.getFirst().name());
      }
    }
    return List.copyOf(candidates);
  }

  private static String names(List<NumberFormat> formats) {
    return formats.stream().map(NumberFormat::name).collect(Collectors.joining(","));
  }

  /**
   * All minifloats of a width in which every code is finite, from one exponent bit on.
   *
   * @param bits from 3 to 8, the sign included
   * @return the formats
   * @throws IllegalArgumentException if the width is out of range
   */
  static List<NumberFormat> minifloats(int bits) {
    if (bits < 3 || bits > 8) {
      throw new IllegalArgumentException("e?m?(" + bits + "): expected 3 to 8 bits");
    }
    List<NumberFormat> formats = new ArrayList<>();
    for (int exponent = 1; exponent < bits; exponent++) {
      formats.add(MiniFloat.finite(exponent, bits - 1 - exponent));
    }
    return formats;
  }

  /**
   * The four code books of BitMoD: a minifloat without mantissa (3 bits) or FP4, whose negative
   * zero is put to use as one more value.
   *
   * @param bits 3 or 4
   * @return the code books, in the order of the additional values: the inner ones, then the outer
   *     ones, negative first
   * @throws IllegalArgumentException if the width is another
   */
  static List<NumberFormat> bitMod(int bits) {
    if (bits != 3 && bits != 4) {
      throw new IllegalArgumentException("bitmod" + bits + ": expected bitmod3 or bitmod4");
    }
    float[] basic = bits == 3 ? new float[] {1, 2, 4} : new float[] {0.5f, 1, 1.5f, 2, 3, 4, 6};
    float[] additional = bits == 3 ? new float[] {-3, 3, -6, 6} : new float[] {-5, 5, -8, 8};
    List<NumberFormat> formats = new ArrayList<>();
    for (float value : additional) {
      float[] levels = new float[2 * basic.length + 2];
      for (int i = 0; i < basic.length; i++) {
        levels[2 * i] = basic[i];
        levels[2 * i + 1] = -basic[i];
      }
      levels[levels.length - 1] = value;
      java.util.Arrays.sort(levels);
      formats.add(Codebook.of(levels));
    }
    return formats;
  }

  /**
   * Reads the text form.
   *
   * @param text for example {@code int4} or {@code best(e2m1,int4)}
   * @return the choice
   * @throws IllegalArgumentException if the text is neither a choice nor the name of a format
   */
  static FormatChoice parse(String text) {
    return FormatChoices.STEPS.read(Phrase.of("format", text));
  }
}
