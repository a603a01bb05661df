// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector.integer;

import io.github.quant4j.activation.ActivationGranularity;
import io.github.quant4j.activation.ActivationQuantizer;
import io.github.quant4j.activation.ActivationScheme;
import io.github.quant4j.format.IntegerFormat;
import io.github.quant4j.format.NumberFormats;
import io.github.quant4j.matrix.FormatPalette;
import io.github.quant4j.matrix.Grid;
import io.github.quant4j.matrix.QuantizedMatrix;
import io.github.quant4j.scheme.GroupParameters;
import io.github.quant4j.scheme.QuantScheme;
import io.github.quant4j.scheme.ScaleLayout;
import io.github.quant4j.scheme.ZeroPointCodec;
import io.github.quant4j.testing.SeededRandom;

/** Matrices with any codes, and activations that hit any codes. */
final class Samples {
  private Samples() {}

  /** How codes or activations are drawn. */
  enum Draw {
    UNIFORM,
    ALL_SMALLEST,
    ALL_LARGEST,
    EXTREMES,
    SPARSE
  }

  /** A matrix whose codes, scales and zero points are drawn, not fitted. */
  static QuantizedMatrix matrix(
      String scheme, int rows, int columns, Draw draw, SeededRandom random) {
    QuantScheme parsed = QuantScheme.parse(scheme);
    ScaleLayout layout = parsed.granularity().layout(rows, columns);
    double[] scales = new double[layout.count()];
    float[] zeros = new float[layout.count()];
    for (int i = 0; i < scales.length; i++) {
      scales[i] = 0.01 + random.nextDouble();
      if (!parsed.symmetric()) {
        IntegerFormat format = (IntegerFormat) parsed.format();
        zeros[i] =
            draw == Draw.UNIFORM
                ? random.nextInt(-format.offset(), format.offset())
                : random.nextInt(0, 2) == 0 ? format.minimum() : format.maximum();
      }
    }
    GroupParameters zeroPoints =
        parsed.symmetric()
            ? null
            : ZeroPointCodec.encode(zeros, layout, (IntegerFormat) parsed.format());
    Grid grid =
        new Grid(
            parsed,
            layout,
            FormatPalette.uniform(parsed.format()),
            parsed.scaleCodec().encode(scales, layout, parsed.format()),
            zeroPoints);
    int largest = parsed.format().levels().length - 1;
    byte[] codes = new byte[rows * columns];
    for (int i = 0; i < codes.length; i++) {
      codes[i] = (byte) pick(draw, 0, largest, random);
    }
    return QuantizedMatrix.of(grid, codes);
  }

  private static int pick(Draw draw, int least, int most, SeededRandom random) {
    return switch (draw) {
      case UNIFORM -> random.nextInt(least, most + 1);
      case ALL_SMALLEST -> least;
      case ALL_LARGEST -> most;
      case EXTREMES -> random.nextInt(0, 2) == 0 ? least : most;
      case SPARSE -> random.nextInt(0, 20) == 0 ? random.nextInt(least, most + 1) : 0;
    };
  }

  /** A dynamic quantizer. */
  static ActivationQuantizer dynamic(String format, String granularity, boolean symmetric) {
    return ActivationQuantizer.dynamic(
        ActivationScheme.of(
            NumberFormats.parse(format),
            granularity.equals("token")
                ? ActivationGranularity.token()
                : ActivationGranularity.group(Integer.parseInt(granularity.substring(1))),
            symmetric));
  }

  /** A static quantizer of scale 1 and a zero point: activations that are integers stay exact. */
  static ActivationQuantizer fixed(String format, int zero) {
    return ActivationQuantizer.fixed(
        ActivationScheme.of(NumberFormats.parse(format), ActivationGranularity.tensor(), zero == 0),
        new float[] {1f},
        new float[] {zero});
  }

  /** Integers from {@code least} to {@code most} as activations. */
  static float[] integers(int count, int least, int most, Draw draw, SeededRandom random) {
    float[] x = new float[count];
    for (int i = 0; i < count; i++) {
      x[i] = pick(draw, least, most, random);
    }
    return x;
  }
}
