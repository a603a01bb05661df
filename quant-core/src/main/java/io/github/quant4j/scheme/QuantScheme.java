// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.scheme;

import io.github.quant4j.format.IntegerFormat;
import io.github.quant4j.format.MiniFloat;
import io.github.quant4j.format.NumberFormat;
import io.github.quant4j.format.NumberFormats;
import java.util.List;

/**
 * How the elements of a weight matrix are represented: {@code w = scale * (value(code) - zero)}
 * with one scale, and one zero point if the scheme is asymmetric, for each tile of the granularity.
 *
 * <p>The text form is {@code format:granularity[:sym|asym][:codec]}, for example {@code
 * int4:g64:asym} or {@code e2m1:g32:sym:e8m0}. Short names stand for {@code mxfp4}, {@code
 * mxfp6e2m3}, {@code mxfp6e3m2}, {@code mxfp8e4m3} (also {@code mxfp8}), {@code mxfp8e5m2}, {@code
 * mxint8} and {@code nvfp4}.
 *
 * @param format the element format
 * @param granularity which elements share a scale
 * @param symmetric whether there is no zero point
 * @param scaleCodec how scales are stored
 */
public record QuantScheme(
    NumberFormat format, Granularity granularity, boolean symmetric, ScaleCodec scaleCodec) {

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
   *     integer one (its levels are not evenly spaced, so a shift changes the grid)
   */
  public QuantScheme {
    if (!symmetric && !(format instanceof IntegerFormat)) {
      throw new IllegalArgumentException(
          "asym: a zero point needs an integer format, found " + format.name());
    }
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
    return new QuantScheme(format, granularity, symmetric, codec);
  }

  /**
   * The same scheme with other elements sharing a scale.
   *
   * @param other which elements share a scale
   * @return the changed scheme
   */
  public QuantScheme withGranularity(Granularity other) {
    return new QuantScheme(format, other, symmetric, scaleCodec);
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
    String[] parts = text.split(":", -1);
    if (parts.length < 2 || parts.length > 4) {
      throw new IllegalArgumentException(
          "scheme: '"
              + text
              + "', expected format:granularity[:sym|asym][:codec], such as"
              + " int4:g64:asym, or one of "
              + PRESETS.stream().map(Preset::name).toList());
    }
    NumberFormat format = NumberFormats.parse(parts[0]);
    Granularity granularity = Granularity.parse(parts[1]);
    boolean symmetric = true;
    ScaleCodec codec = FloatScaleCodec.FLOAT16;
    int next = 2;
    if (next < parts.length && (parts[next].equals("sym") || parts[next].equals("asym"))) {
      symmetric = parts[next].equals("sym");
      next++;
    }
    if (next < parts.length) {
      codec = ScaleCodec.parse(parts[next]);
      next++;
    }
    if (next < parts.length) {
      throw new IllegalArgumentException(
          "scheme: '" + text + "': nothing may follow '" + parts[next - 1] + "'");
    }
    return new QuantScheme(format, granularity, symmetric, codec);
  }

  /** The canonical text form, which {@link #parse} reads back. */
  @Override
  public String toString() {
    for (Preset preset : PRESETS) {
      if (preset.scheme.equals(this)) {
        return preset.name;
      }
    }
    return format.name()
        + ":"
        + granularity
        + (symmetric ? ":sym" : ":asym")
        + (scaleCodec.equals(FloatScaleCodec.FLOAT16) ? "" : ":" + scaleCodec.label());
  }
}
