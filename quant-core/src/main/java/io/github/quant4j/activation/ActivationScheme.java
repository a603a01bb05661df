// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.activation;

import io.github.quant4j.format.IntegerFormat;
import io.github.quant4j.format.NumberFormat;
import io.github.quant4j.format.NumberFormats;
import io.github.quant4j.grammar.Phrase;
import io.github.quant4j.grammar.SyntaxException;
import io.github.quant4j.scheme.E8m0ScaleCodec;
import io.github.quant4j.scheme.FloatScaleCodec;
import io.github.quant4j.scheme.FormatChoice;
import io.github.quant4j.scheme.FormatChoices;
import io.github.quant4j.scheme.Nvfp4ScaleCodec;
import io.github.quant4j.scheme.QuantScheme;
import io.github.quant4j.scheme.ScaleCodec;
import io.github.quant4j.scheme.SchemeText;
import java.util.List;
import java.util.stream.Stream;

/**
 * How the input of a linear layer is quantized: {@code x = scale * (value(code) - zero)}.
 *
 * @param format the element format
 * @param granularity which elements share a scale
 * @param symmetric whether there is no zero point
 * @param scaleCodec which scales there can be; {@link FloatScaleCodec#FLOAT32} unless the format
 *     prescribes another (MXFP, NVFP4)
 */
public record ActivationScheme(
    NumberFormat format,
    ActivationGranularity granularity,
    boolean symmetric,
    ScaleCodec scaleCodec) {

  private record Preset(String name, ActivationScheme scheme) {}

  private static final List<Preset> PRESETS =
      QuantScheme.presets().stream().flatMap(ActivationScheme::presets).toList();

  private static final String ROUNDED = ":round";

  private static Stream<Preset> presets(String name) {
    ActivationScheme scheme = ofWeights(QuantScheme.parse(name));
    Preset plain = new Preset(name, scheme);
    return scheme.scaleCodec.equals(E8m0ScaleCodec.FLOOR)
        ? Stream.of(
            plain, new Preset(name + ROUNDED, scheme.withScaleCodec(E8m0ScaleCodec.ROUNDED)))
        : Stream.of(plain);
  }

  private ActivationScheme withScaleCodec(ScaleCodec codec) {
    return new ActivationScheme(format, granularity, symmetric, codec);
  }

  private static ActivationScheme ofWeights(QuantScheme scheme) {
    ActivationGranularity granularity =
        ActivationGranularity.parse(scheme.granularity().toString());
    return new ActivationScheme(
        scheme.format(), granularity, scheme.symmetric(), scheme.scaleCodec());
  }

  /**
   * Checks that the parts go together.
   *
   * @throws IllegalArgumentException if a zero point is asked for with a format that is not an
   *     integer one, if a symmetric format has no positive value, or the scales of the codec share
   *     what a weight matrix has and a token has not
   */
  public ActivationScheme {
    if (!symmetric && !(format instanceof IntegerFormat)) {
      throw new IllegalArgumentException(
          "asym: a zero point needs an integer format, found " + format.name());
    }
    if (symmetric && !(format.maximum() > 0)) {
      throw new IllegalArgumentException(
          "activations: "
              + format.name()
              + " has no value above "
              + format.maximum()
              + ", so a symmetric scale would have to be infinite; use asym, or a format with"
              + " positive values such as int2");
    }
    if (!scaleCodec.isIndependent() && !(scaleCodec instanceof Nvfp4ScaleCodec)) {
      throw new IllegalArgumentException(
          "scale codec: '" + scaleCodec.label() + "' is for weights, found in activations");
    }
  }

  /**
   * A scheme with binary32 scales.
   *
   * @param format the element format
   * @param granularity which elements share a scale
   * @param symmetric whether there is no zero point
   * @return the scheme
   * @throws IllegalArgumentException if a zero point is asked for with a non-integer format
   */
  public static ActivationScheme of(
      NumberFormat format, ActivationGranularity granularity, boolean symmetric) {
    return new ActivationScheme(format, granularity, symmetric, FloatScaleCodec.FLOAT32);
  }

  /**
   * Reads the text form {@code format:granularity[:sym|asym][:codec]}, or one of the short names
   * {@code mxfp4}, {@code mxfp6e2m3}, {@code mxfp6e3m2}, {@code mxfp8} ({@code mxfp8e4m3}), {@code
   * mxfp8e5m2}, {@code mxint8} and {@code nvfp4}.
   *
   * <p>The shared exponents of {@code mxfp8} and its like follow the OCP specification ({@link
   * E8m0ScaleCodec#FLOOR}), those of {@code mxfp8:round} and its like the rule of
   * compressed-tensors ({@link E8m0ScaleCodec#ROUNDED}).
   *
   * @param text for example {@code int8:token} or {@code nvfp4}
   * @return the scheme; symmetric and with binary32 scales unless the text says otherwise
   * @throws IllegalArgumentException if the text is not a scheme; the message names the part
   */
  public static ActivationScheme parse(String text) {
    return parse(Phrase.of("activations", text));
  }

  /**
   * Reads the text form.
   *
   * @param phrase where it stands
   * @return the scheme
   * @throws SyntaxException if the phrase is not a scheme
   */
  public static ActivationScheme parse(Phrase phrase) {
    for (Preset preset : PRESETS) {
      if (phrase.is(preset.name)) {
        return preset.scheme;
      }
    }
    SchemeText text = SchemeText.read(phrase, QuantScheme.presets());
    NumberFormat format = NumberFormats.STEPS.read(text.format());
    ActivationGranularity granularity = ActivationGranularities.STEPS.read(text.granularity());
    ScaleCodec codec = text.codec(FloatScaleCodec.FLOAT32);
    try {
      return new ActivationScheme(format, granularity, text.isSymmetric(), codec);
    } catch (IllegalArgumentException e) {
      throw phrase.error(e);
    }
  }

  /**
   * Reads the text form with a choice of formats in place of one, such as {@code
   * best(int8,e4m3):tensor} or {@code e?m?(4):token}.
   *
   * @param phrase where it stands
   * @return a scheme for each format, all alike but for that; one if the format is given
   * @throws SyntaxException if the phrase is not a scheme, or formats are to be chosen for parts of
   *     a tensor
   */
  public static List<ActivationScheme> parseCandidates(Phrase phrase) {
    for (Preset preset : PRESETS) {
      if (phrase.is(preset.name)) {
        return List.of(preset.scheme);
      }
    }
    SchemeText text = SchemeText.read(phrase, QuantScheme.presets());
    List<NumberFormat> formats =
        switch (FormatChoices.STEPS.read(text.format())) {
          case FormatChoice.Fixed(var format) -> List.of(format);
          case FormatChoice.BestPerMatrix(var candidates) -> candidates;
          default ->
              throw text.format()
                  .error(
                      text.format().quoted()
                          + " is for weights; expected a format, best(FORMAT,...) or e?m?(BITS)");
        };
    ActivationGranularity granularity = ActivationGranularities.STEPS.read(text.granularity());
    ScaleCodec codec = text.codec(FloatScaleCodec.FLOAT32);
    try {
      return formats.stream()
          .map(format -> new ActivationScheme(format, granularity, text.isSymmetric(), codec))
          .toList();
    } catch (IllegalArgumentException e) {
      throw phrase.error(e);
    }
  }

  /**
   * The text form with other words for the format.
   *
   * @param words in place of the format's name
   * @return for example {@code e?m?(4):tensor:sym}
   */
  public String withFormatText(String words) {
    return words
        + ":"
        + granularity
        + (symmetric ? ":sym" : ":asym")
        + (scaleCodec.equals(FloatScaleCodec.FLOAT32) ? "" : ":" + scaleCodec.label());
  }

  /**
   * The canonical text form, which {@link #parse} reads back: for example {@code int8:token:sym}.
   */
  @Override
  public String toString() {
    for (Preset preset : PRESETS) {
      if (preset.scheme.equals(this)) {
        return preset.name;
      }
    }
    return withFormatText(format.name());
  }
}
