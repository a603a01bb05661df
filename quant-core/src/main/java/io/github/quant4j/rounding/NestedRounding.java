// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.rounding;

import io.github.quant4j.format.IntegerFormat;
import io.github.quant4j.matrix.FormatPalette;
import io.github.quant4j.matrix.Grid;
import io.github.quant4j.matrix.QuantizedMatrix;
import io.github.quant4j.scheme.QuantScheme;
import io.github.quant4j.search.FitTask;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Nested codes: weights are rounded to wide integers, and these to narrow ones, so that one
 * checkpoint in the wide format serves every narrower width, {@code q_low = clip(round(q_high /
 * 2^(high - low)))} (Nearly Lossless Adaptive Bit Switching, Huang et al., arXiv 2502.01199). With 8
 * bits for 4 the wide integers are the fixed-point numbers with 4 fractional bits that LR-QAT
 * (Bondarenko et al., arXiv 2406.06385) keeps its frozen weights in.
 *
 * <p>Scales are those that the search fits to the wide integers, times the power of two. What came
 * before it in a chain is discarded. Cost: two roundings.
 *
 * @param bits of the wide integers, from 3 to 8
 */
public record NestedRounding(int bits) implements Rounding {

  /**
   * Checks the width.
   *
   * @throws IllegalArgumentException if it is not from 3 to 8
   */
  public NestedRounding {
    if (bits < 3 || bits > 8) {
      throw new IllegalArgumentException("nested: " + bits + " bits, expected 3 to 8");
    }
  }

  @Override
  public RoundingResult round(RoundingTask task, byte @Nullable [] start) {
    QuantScheme scheme = task.grid().scheme();
    IntegerFormat narrow = requireNarrower(scheme, bits);
    Grid wide =
        task.search()
            .fit(
                new FitTask(
                    task.weights(),
                    scheme.withFormat(new IntegerFormat(bits)),
                    task.gram(),
                    task.compute()));
    byte[] codes = NearestRounding.codes(task.withGrid(wide), start);
    narrow(codes, bits, narrow);
    return new RoundingResult(
        narrowed(wide, bits, narrow), codes, new RoundingReport.Simple(label()));
  }

  private static IntegerFormat requireNarrower(QuantScheme scheme, int bits) {
    if (!scheme.symmetric()
        || !(scheme.format() instanceof IntegerFormat narrow)
        || narrow.bits() >= bits) {
      throw new IllegalArgumentException(
          "nested("
              + bits
              + "): expected symmetric integers of fewer bits than "
              + bits
              + ", found "
              + scheme);
    }
    return narrow;
  }

  /**
   * The narrow matrix within a wide one.
   *
   * @param wide symmetric integers
   * @param bits of the narrow integers, fewer than those of the wide ones
   * @return codes that are the rounded wide ones, on scales times a power of two
   * @throws IllegalArgumentException if the matrix has no symmetric integers, or not more bits
   */
  public static QuantizedMatrix narrow(QuantizedMatrix wide, int bits) {
    int wideBits = wide.codes().bits();
    IntegerFormat narrow =
        requireNarrower(wide.scheme().withFormat(new IntegerFormat(bits)), wideBits);
    if (!(wide.scheme().format() instanceof IntegerFormat)) {
      throw new IllegalArgumentException("wide: " + wide.scheme() + ", expected integers");
    }
    byte[] codes = new byte[Math.multiplyExact(wide.rows(), wide.columns())];
    for (int row = 0; row < wide.rows(); row++) {
      wide.codes().unpackRow(row, codes, row * wide.columns());
    }
    narrow(codes, wideBits, narrow);
    return QuantizedMatrix.of(narrowed(wide.grid(), wideBits, narrow), codes);
  }

  private static void narrow(byte[] codes, int bits, IntegerFormat narrow) {
    double unit = 1 << bits - narrow.bits();
    int offset = 1 << bits - 1;
    for (int i = 0; i < codes.length; i++) {
      double rounded = Math.rint(((codes[i] & 0xff) - offset) / unit);
      double inside = Math.clamp(rounded, narrow.minimum(), narrow.maximum());
      codes[i] = (byte) ((int) inside + narrow.offset());
    }
  }

  private static Grid narrowed(Grid wide, int bits, IntegerFormat narrow) {
    double unit = 1 << bits - narrow.bits();
    float[] scales = wide.scales().values();
    double[] wanted = new double[scales.length];
    Arrays.setAll(wanted, i -> scales[i] * unit);
    QuantScheme scheme = wide.scheme().withFormat(narrow);
    return new Grid(
        scheme,
        wide.layout(),
        FormatPalette.uniform(narrow),
        scheme.scaleCodec().encode(wanted, wide.layout(), narrow),
        null);
  }

  @Override
  public boolean needsGram() {
    return false;
  }

  @Override
  public String label() {
    return Roundings.NESTED.label(this);
  }
}
