// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.scheme;

import io.github.quant4j.format.Codebook;
import io.github.quant4j.format.IntegerFormat;
import io.github.quant4j.format.MiniFloat;
import io.github.quant4j.format.NumberFormat;
import io.github.quant4j.wording.Suggestion;
import io.github.quant4j.wording.Word;
import java.util.List;

/**
 * How the elements of a weight matrix are represented: {@code w = scale * (value(code) - zero)}
 * with one scale, and one zero point if the scheme is asymmetric, for each tile of the granularity.
 *
 * <p>The text form is {@code format:granularity[:sym|asym][:codec]}, for example {@code
 * int4:g64:asym} or {@code e2m1:g32:sym:e8m0}. Short names stand for {@code mxfp4}, {@code
 * mxfp6e2m3}, {@code mxfp6e3m2}, {@code mxfp8e4m3} (also {@code mxfp8}), {@code mxfp8e5m2}, {@code
 * mxint8} and {@code nvfp4}. Where a format stands, there may also be a choice of formats, see
 * {@link FormatChoice}.
 *
 * @param choice the element format, or how it is chosen
 * @param granularity which elements share a scale
 * @param symmetric whether there is no zero point
 * @param scaleCodec how scales are stored
 */
public record QuantScheme(
    FormatChoice choice, Granularity granularity, boolean symmetric, ScaleCodec scaleCodec) {

  private record Preset(String name, QuantScheme scheme) {}

  private static final List<String> SYMMETRIES = List.of("sym", "asym");

  private static final Granularity MX_BLOCK = Granularity.group(32);

  private static final List<Preset> PRESETS =
      List.of(
          new Preset("mxfp4", mx(MiniFloat.FP4_E2M1)),
          new Preset("mxfp6e2m3", mx(MiniFloat.FP6_E2M3)),
          new Preset("mxfp6e3m2", mx(MiniFloat.FP6_E3M2)),
          new Preset("mxfp8", mx(MiniFloat.FP8_E4M3)),
          new Preset("mxfp8e4m3", mx(MiniFloat.FP8_E4M3)),
          new Preset("mxfp8e5m2", mx(MiniFloat.FP8_E5M2)),
          new Preset("mxint8", mx(new IntegerFormat(8))),
          new Preset(
              "nvfp4",
              new QuantScheme(
                  MiniFloat.FP4_E2M1,
                  Granularity.group(16),
                  true,
                  new TensorRelativeScaleCodec())));

  private static QuantScheme mx(NumberFormat format) {
    return new QuantScheme(format, MX_BLOCK, true, PowerOfTwoScaleCodec.FLOOR);
  }

  /**
   * Checks that the parts go together.
   *
   * @throws IllegalArgumentException if a zero point is asked for with a format that is not an
   *     integer one (its levels are not evenly spaced, so a shift changes the grid), or a fitted
   *     code book comes with scales or unit scales with something else than a code book
   */
  public QuantScheme {
    if (!symmetric
        && !(choice instanceof FormatChoice.Fixed(NumberFormat format)
            && format instanceof IntegerFormat)) {
      throw new IllegalArgumentException(
          "asym: a zero point needs an integer format, found " + choice);
    }
    boolean unit = scaleCodec instanceof UnitScaleCodec;
    if (choice instanceof FormatChoice.FittedCodebook && !unit) {
      throw new IllegalArgumentException(
          choice
              + ": a fitted code book has no scales, expected codec unit, found "
              + scaleCodec.label());
    }
    if (unit && !(choice.representative() instanceof Codebook)) {
      throw new IllegalArgumentException("unit: scales of 1 need a code book, found " + choice);
    }
  }

  /**
   * A scheme with a given format.
   *
   * @param format the element format
   * @param granularity which elements share a scale
   * @param symmetric whether there is no zero point
   * @param scaleCodec how scales are stored
   * @throws IllegalArgumentException if the parts do not go together
   */
  public QuantScheme(
      NumberFormat format, Granularity granularity, boolean symmetric, ScaleCodec scaleCodec) {
    this(new FormatChoice.Fixed(format), granularity, symmetric, scaleCodec);
  }

  /**
   * The element format. Where it is chosen for each tile or made to measure, and before it is
   * chosen for a matrix, this is a format that only stands for the width, and never an integer one
   * unless there is no other; what the tiles of a matrix have is told by its grid's palette.
   *
   * @return the format
   */
  public NumberFormat format() {
    return choice.representative();
  }

  /**
   * The bits of a code.
   *
   * @return 1 to 8
   */
  public int bits() {
    return choice.bits();
  }

  /**
   * A scheme with binary16 scales.
   *
   * @param format the element format
   * @param granularity which elements share a scale
   * @param symmetric whether there is no zero point
   * @return the scheme
   * @throws IllegalArgumentException if a zero point is asked for with a non-integer format
   */
  public static QuantScheme of(NumberFormat format, Granularity granularity, boolean symmetric) {
    return new QuantScheme(format, granularity, symmetric, FloatScaleCodec.FLOAT16);
  }

  /**
   * The same scheme with scales stored otherwise.
   *
   * @param codec how scales are stored
   * @return the changed scheme
   */
  public QuantScheme withScaleCodec(ScaleCodec codec) {
    return new QuantScheme(choice, granularity, symmetric, codec);
  }

  /**
   * The same scheme with other elements sharing a scale.
   *
   * @param other which elements share a scale
   * @return the changed scheme
   */
  public QuantScheme withGranularity(Granularity other) {
    return new QuantScheme(choice, other, symmetric, scaleCodec);
  }

  /**
   * The same scheme with another element format.
   *
   * @param other the element format
   * @return the changed scheme
   */
  public QuantScheme withFormat(NumberFormat other) {
    return new QuantScheme(other, granularity, symmetric, scaleCodec);
  }

  /**
   * Reads the text form.
   *
   * @param text for example {@code int4:g64:asym} or {@code nvfp4}
   * @return the scheme; symmetric and with binary16 scales unless the text says otherwise
   * @throws IllegalArgumentException if the text is not a scheme; the message names the part
   */
  public static QuantScheme parse(String text) {
    for (Preset preset : PRESETS) {
      if (preset.name.equals(text)) {
        return preset.scheme;
      }
    }
    List<String> parts = Word.split(text, ':');
    if (parts.size() < 2 || parts.size() > 4) {
      List<String> presets = PRESETS.stream().map(Preset::name).toList();
      throw new IllegalArgumentException(
          "scheme: '"
              + text
              + "', expected format:granularity[:sym|asym][:codec], such as"
              + " int4:g64:asym, or one of "
              + presets
              + Suggestion.of(text, presets));
    }
    FormatChoice choice = FormatChoice.parse(parts.get(0));
    Granularity granularity = Granularity.parse(parts.get(1));
    boolean symmetric = true;
    ScaleCodec codec = usualCodec(choice);
    int next = 2;
    if (next < parts.size() && SYMMETRIES.contains(parts.get(next))) {
      symmetric = parts.get(next).equals(SYMMETRIES.getFirst());
      next++;
    }
    if (next < parts.size()) {
      codec = codec(parts.get(next), next == 2);
      next++;
    }
    if (next < parts.size()) {
      throw new IllegalArgumentException(
          "scheme: '"
              + text
              + "': nothing may follow '"
              + parts.get(next - 1)
              + "', found '"
              + parts.get(next)
              + "'"
              + (SYMMETRIES.contains(parts.get(next)) ? "; it stands before the codec" : ""));
    }
    return new QuantScheme(choice, granularity, symmetric, codec);
  }

  private static ScaleCodec codec(String text, boolean symmetryPossible) {
    try {
      return ScaleCodec.parse(text);
    } catch (IllegalArgumentException e) {
      String suggestion = symmetryPossible ? Suggestion.of(text, SYMMETRIES) : "";
      if (suggestion.isEmpty()) {
        throw e;
      }
      throw new IllegalArgumentException(
          "scheme: '" + text + "' is neither sym nor asym nor a scale codec" + suggestion, e);
    }
  }

  private static ScaleCodec usualCodec(FormatChoice choice) {
    return choice instanceof FormatChoice.FittedCodebook
        ? new UnitScaleCodec()
        : FloatScaleCodec.FLOAT16;
  }

  /** The canonical text form, which {@link #parse} reads back. */
  @Override
  public String toString() {
    for (Preset preset : PRESETS) {
      if (preset.scheme.equals(this)) {
        return preset.name;
      }
    }
    // A code book has no zero point to speak of, and its codec goes without saying.
    boolean fitted = choice instanceof FormatChoice.FittedCodebook;
    return choice
        + ":"
        + granularity
        + (fitted ? "" : symmetric ? ":sym" : ":asym")
        + (scaleCodec.equals(usualCodec(choice)) ? "" : ":" + scaleCodec.label());
  }
}
