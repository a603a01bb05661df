// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector.weightonly;

import io.github.quant4j.format.Codebook;
import io.github.quant4j.format.NumberFormat;
import io.github.quant4j.matrix.FormatPalette;
import io.github.quant4j.matrix.Grid;
import io.github.quant4j.matrix.QuantizedMatrix;
import io.github.quant4j.scheme.GroupParameters;
import io.github.quant4j.scheme.QuantScheme;
import io.github.quant4j.scheme.ScaleLayout;
import io.github.quant4j.tensor.Shape;
import io.github.quant4j.tensor.Tensor;
import io.github.quant4j.testing.SeededRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;

/** Quantized matrices with arbitrary codes, scales and zero points: every code occurs. */
public final class RandomMatrices {
  private RandomMatrices() {}

  public static QuantizedMatrix of(QuantScheme scheme, int rows, int columns, SeededRandom random) {
    ScaleLayout layout = scheme.granularity().layout(rows, columns);
    return of(scheme, layout, FormatPalette.uniform(scheme.format()), random);
  }

  /** A code book of 16 values for each tile. */
  static QuantizedMatrix withCodebooks(
      QuantScheme scheme, int rows, int columns, int levels, SeededRandom random) {
    ScaleLayout layout = scheme.granularity().layout(rows, columns);
    List<NumberFormat> books = new ArrayList<>();
    for (int i = 0; i < layout.count(); i++) {
      float[] values = random.gaussians(levels);
      Arrays.sort(values);
      books.add(Codebook.of(values));
    }
    return of(scheme, layout, FormatPalette.fitted(books), random);
  }

  private static QuantizedMatrix of(
      QuantScheme scheme, ScaleLayout layout, FormatPalette palette, SeededRandom random) {
    double[] scales = new double[layout.count()];
    for (int i = 0; i < scales.length; i++) {
      scales[i] = Math.exp(random.nextGaussian()) * 0.02;
    }
    GroupParameters zeros = null;
    if (!scheme.symmetric()) {
      float[] values = new float[scales.length];
      for (int i = 0; i < values.length; i++) {
        values[i] =
            random.nextInt((int) scheme.format().minimum(), (int) scheme.format().maximum() + 1);
      }
      SequencedMap<String, Tensor> parts = new LinkedHashMap<>();
      parts.put("", Tensor.ofFloats(Shape.of(values.length), values));
      zeros = new GroupParameters(values, parts);
    }
    Grid grid =
        new Grid(
            scheme,
            layout,
            palette,
            scheme.scaleCodec().encode(scales, layout, scheme.format()),
            zeros);
    return QuantizedMatrix.of(grid, codes(layout, palette, random));
  }

  private static byte[] codes(ScaleLayout layout, FormatPalette palette, SeededRandom random) {
    byte[] codes = new byte[layout.rows() * layout.columns()];
    for (int i = 0; i < codes.length; i++) {
      NumberFormat format =
          palette.format(layout.index(i / layout.columns(), i % layout.columns()));
      int code;
      do {
        code = random.nextInt(0, 1 << format.bits());
      } while (!Float.isFinite(format.decode(code)));
      codes[i] = (byte) code;
    }
    return codes;
  }
}
