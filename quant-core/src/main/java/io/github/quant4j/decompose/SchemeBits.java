// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.decompose;

import io.github.quant4j.format.IntegerFormat;
import io.github.quant4j.matrix.PackedCodes;
import io.github.quant4j.scheme.BlockScaleCodec;
import io.github.quant4j.scheme.FormatChoice;
import io.github.quant4j.scheme.QuantScheme;
import io.github.quant4j.scheme.ScaleLayout;
import java.util.Arrays;

/** The size of quantized matrices that do not exist yet. */
final class SchemeBits {
  private SchemeBits() {}

  /**
   * Codes, scales and zero points; codecs are asked, as only they know how they store.
   *
   * @throws IllegalArgumentException if the granularity does not suit the shape
   */
  static long of(QuantScheme scheme, int rows, int columns) {
    if (scheme.scaleCodec() instanceof BlockScaleCodec codec) {
      ScaleLayout tiles = codec.layout(rows, columns);
      return Byte.SIZE * codec.blocks().rowBytes(tiles.columns()) * tiles.rows();
    }
    ScaleLayout layout = scheme.granularity().layout(rows, columns);
    double[] ones = new double[layout.count()];
    Arrays.fill(ones, 1);
    // Rows of integer codes are whole words, others whole bytes.
    int unit = scheme.format() instanceof IntegerFormat ? Integer.BYTES : 1;
    long bits = PackedCodes.rowBytes(columns, scheme.bits(), unit) * Byte.SIZE * rows;
    bits += choiceBits(scheme, layout.count());
    bits += scheme.scaleCodec().encode(ones, layout, scheme.format()).storageBits();
    if (!scheme.symmetric() && scheme.format() instanceof IntegerFormat integers) {
      bits +=
          scheme
              .scaleCodec()
              .encodeZeroPoints(new float[layout.count()], layout, integers)
              .storageBits();
    }
    return bits;
  }

  /** What it takes to tell which formats the tiles have. */
  private static long choiceBits(QuantScheme scheme, int tiles) {
    return switch (scheme.choice()) {
      case FormatChoice.Fixed _, FormatChoice.BestPerMatrix _, FormatChoice.Companded _ -> 0;
      case FormatChoice.BestPerTile(var candidates) ->
          (long) tiles * (32 - Integer.numberOfLeadingZeros(candidates.size() - 1));
      case FormatChoice.FittedCodebook(int size) -> (long) tiles * size * Short.SIZE;
    };
  }
}
