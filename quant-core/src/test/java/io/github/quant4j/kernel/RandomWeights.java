// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernel;

import io.github.quant4j.format.Codebook;
import io.github.quant4j.format.HalfPrecision;
import io.github.quant4j.format.NumberFormat;
import io.github.quant4j.format.NumberFormats;
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
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;

/** Matrices in which every finite code occurs, with scales and zero points of all sizes. */
final class RandomWeights {
  private RandomWeights() {}

  static QuantizedMatrix of(String scheme, int rows, int columns, SeededRandom random) {
    QuantScheme parsed = QuantScheme.parse(scheme);
    ScaleLayout layout = parsed.granularity().layout(rows, columns);
    return of(parsed, layout, FormatPalette.uniform(parsed.format()), random);
  }

  /** A code book of 16 values, in binary16 or in float, for each tile. */
  static QuantizedMatrix withCodeBooks(
      String scheme, int rows, int columns, boolean half, SeededRandom random) {
    QuantScheme parsed = QuantScheme.parse(scheme);
    ScaleLayout layout = parsed.granularity().layout(rows, columns);
    List<NumberFormat> books = new ArrayList<>();
    for (int i = 0; i < layout.count(); i++) {
      float[] values = new float[16];
      for (int j = 0; j < values.length; j++) {
        float value = (float) ((j - 8 + 0.9 * random.nextDouble()) / 8);
        values[j] = half ? HalfPrecision.fromFloat16(HalfPrecision.toFloat16(value)) : value;
      }
      books.add(Codebook.of(values));
    }
    return of(parsed, layout, FormatPalette.fitted(books), random);
  }

  /** Formats that alternate from tile to tile. */
  static QuantizedMatrix mixed(
      String scheme, List<String> formats, int rows, int columns, SeededRandom random) {
    QuantScheme parsed = QuantScheme.parse(scheme);
    ScaleLayout layout = parsed.granularity().layout(rows, columns);
    short[] selector = new short[layout.count()];
    for (int i = 0; i < selector.length; i++) {
      selector[i] = (short) random.nextInt(0, formats.size());
    }
    List<NumberFormat> parsedFormats = formats.stream().map(NumberFormats::parse).toList();
    return of(parsed, layout, FormatPalette.selected(parsedFormats, selector), random);
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
    GroupParameters stored = scheme.scaleCodec().encode(scales, layout, scheme.format());
    Grid grid = new Grid(scheme, layout, palette, stored, zeros);
    byte[] codes = new byte[layout.rows() * layout.columns()];
    for (int i = 0; i < codes.length; i++) {
      int tile = layout.index(i / layout.columns(), i % layout.columns());
      do {
        codes[i] = (byte) random.nextInt(0, 1 << palette.bits());
      } while (!Float.isFinite(palette.format(tile).decode(codes[i] & 0xff)));
    }
    return QuantizedMatrix.of(grid, codes);
  }
}
