// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.scheme;

import io.github.quant4j.block.BlockFormat;
import io.github.quant4j.format.Codebook;
import io.github.quant4j.format.IntegerFormat;
import io.github.quant4j.format.MiniFloat;
import io.github.quant4j.format.NumberFormat;
import io.github.quant4j.grammar.Phrase;
import io.github.quant4j.grammar.SyntaxException;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * How the elements of a weight matrix are represented: {@code w = scale * (value(code) - zero)}
 * with one scale, and one zero point if the scheme is asymmetric, for each tile of the granularity.
 *
 * <p>The text form is {@code format:granularity[:sym|asym][:codec]}, for example {@code
 * int4:g64:asym} or {@code e2m1:g32:sym:e8m0}. Short names stand for {@code mxfp4}, {@code
 * mxfp6e2m3}, {@code mxfp6e3m2}, {@code mxfp8e4m3} (also {@code mxfp8}), {@code mxfp8e5m2}, {@code
 * mxint8} and {@code nvfp4}, and for the block types of ggml: {@code q4_0}, {@code q4_k} and
 * others. Where a format stands, there may also be a choice of formats, see {@link FormatChoice}.
 *
 * @param choice the element format, or how it is chosen
 * @param granularity which elements share a scale
 * @param symmetric whether there is no zero point
 * @param scaleCodec how scales are stored
 */
public record QuantScheme(
    FormatChoice choice, Granularity granularity, boolean symmetric, ScaleCodec scaleCodec) {

  private record Preset(String name, QuantScheme scheme) {}

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
                  MiniFloat.FP4_E2M1, Granularity.group(16), true, new Nvfp4ScaleCodec())));

  private static QuantScheme mx(NumberFormat format) {
    return new QuantScheme(format, MX_BLOCK, true, E8m0ScaleCodec.FLOOR);
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
   * The grid of blocks of ggml.
   *
   * @param blocks the type of the blocks
   * @return the scheme; integers have zero points in it, as scales of either sign are expressed by
   *     them
   * @throws IllegalArgumentException if there is no grid of the type
   */
  public static QuantScheme ofBlocks(BlockFormat blocks) {
    BlockScaleCodec codec = new BlockScaleCodec(blocks);
    NumberFormat element = codec.element();
    return new QuantScheme(
        element,
        Granularity.group(codec.tileColumns()),
        !(element instanceof IntegerFormat),
        codec);
  }

  /**
   * The blocks of ggml in which matrices of the scheme are kept.
   *
   * @return the codec that knows them, or empty if matrices are codes, scales and zero points
   */
  public Optional<BlockScaleCodec> blocks() {
    return scaleCodec instanceof BlockScaleCodec codec ? Optional.of(codec) : Optional.empty();
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
    return parse(Phrase.of("scheme", text));
  }

  /**
   * Reads the text form.
   *
   * @param phrase where it stands
   * @return the scheme
   * @throws SyntaxException if the phrase is not a scheme
   */
  public static QuantScheme parse(Phrase phrase) {
    for (Preset preset : PRESETS) {
      if (phrase.is(preset.name)) {
        return preset.scheme;
      }
    }
    for (BlockFormat blocks : BlockScaleCodec.formats()) {
      QuantScheme scheme = ofBlocks(blocks);
      if (phrase.is(scheme.scaleCodec.label())) {
        return scheme;
      }
    }
    SchemeText text =
        SchemeText.read(
            phrase, Stream.concat(presets().stream(), blockPresets().stream()).toList());
    FormatChoice choice = FormatChoices.STEPS.read(text.format());
    Granularity granularity = Granularities.STEPS.read(text.granularity());
    ScaleCodec codec = text.codec(usualCodec(choice));
    try {
      return new QuantScheme(choice, granularity, text.isSymmetric(), codec);
    } catch (IllegalArgumentException e) {
      throw phrase.error(e);
    }
  }

  /**
   * The short names of schemes.
   *
   * @return those of the OCP microscaling formats and NVFP4
   */
  public static List<String> presets() {
    return PRESETS.stream().map(Preset::name).toList();
  }

  /**
   * The short names of schemes that are blocks of ggml.
   *
   * @return in the order of ggml; these are schemes of weights only
   */
  public static List<String> blockPresets() {
    return BlockScaleCodec.formats().stream()
        .map(blocks -> new BlockScaleCodec(blocks).label())
        .toList();
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
    if (scaleCodec instanceof BlockScaleCodec codec && equals(ofBlocks(codec.blocks()))) {
      return scaleCodec.label();
    }
    boolean fitted = choice instanceof FormatChoice.FittedCodebook;
    return choice
        + ":"
        + granularity
        + (fitted ? "" : symmetric ? ":sym" : ":asym")
        + (scaleCodec.equals(usualCodec(choice)) ? "" : ":" + scaleCodec.label());
  }
}
