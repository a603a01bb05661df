// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.linear;

import io.github.quant4j.format.IntegerFormat;
import io.github.quant4j.format.OutlierPairs;
import io.github.quant4j.matrix.PackedCodes;
import io.github.quant4j.scheme.GroupParameters;
import io.github.quant4j.scheme.QuantScheme;
import io.github.quant4j.scheme.ScaleLayout;
import java.util.Objects;

/**
 * A matrix of outlier-victim pairs: OliVe (Guo et al., arXiv 2304.07493). Neighbours in a row, from
 * the first column on, are pairs as {@link OutlierPairs} decodes them, times the scale of their
 * tile; the last column of an odd number has a normal value.
 */
public final class PairTerm implements WeightTerm {
  private final QuantScheme scheme;
  private final ScaleLayout layout;
  private final PackedCodes codes;
  private final GroupParameters scales;

  /**
   * Puts codes and scales together.
   *
   * @param scheme granularity and codec of the scales; symmetric 4-bit integers
   * @param codes of 4 bits, {@code [out, in]}
   * @param scales one positive scale for each tile
   * @throws IllegalArgumentException if the codes have another width, there is not one scale for
   *     each tile, or tiles end within a pair
   */
  public PairTerm(QuantScheme scheme, PackedCodes codes, GroupParameters scales) {
    this.scheme = scheme;
    this.layout = requireWholePairs(scheme, codes.rows(), codes.columns());
    this.codes = codes;
    this.scales = scales;
    if (codes.bits() != OutlierPairs.BITS || scales.values().length != layout.count()) {
      throw new IllegalArgumentException(
          "codes and scales: "
              + codes.bits()
              + " bits and "
              + scales.values().length
              + " scales, expected 4 bits and "
              + layout.count()
              + " scales");
    }
  }

  /**
   * Checks the scheme.
   *
   * @param scheme granularity and codec of the scales
   * @throws IllegalArgumentException if it has a zero point, another format, or scales that share
   *     something
   */
  public static void requireScheme(QuantScheme scheme) {
    if (!scheme.symmetric()
        || !scheme.format().equals(new IntegerFormat(OutlierPairs.BITS))
        || !scheme.scaleCodec().isIndependent()) {
      throw new IllegalArgumentException(
          "scheme: "
              + scheme
              + ", expected symmetric int4 with scales that are stored by themselves");
    }
  }

  /**
   * The tiles of a scheme on a matrix.
   *
   * @param scheme granularity of the scales
   * @param rows outputs
   * @param columns inputs
   * @return the tiles
   * @throws IllegalArgumentException if they end within a pair, or do not suit the matrix, or the
   *     scheme {@linkplain #requireScheme does not suit}
   */
  public static ScaleLayout requireWholePairs(QuantScheme scheme, int rows, int columns) {
    requireScheme(scheme);
    ScaleLayout layout = scheme.granularity().layout(rows, columns);
    if (layout.blockColumns() < columns && layout.blockColumns() % 2 != 0) {
      throw new IllegalArgumentException(
          "pairs: a scale for "
              + layout.blockColumns()
              + " consecutive inputs divides a pair, expected an even number");
    }
    return layout;
  }

  /**
   * Granularity and codec of the scales.
   *
   * @return a scheme of symmetric 4-bit integers
   */
  public QuantScheme scheme() {
    return scheme;
  }

  /**
   * The codes.
   *
   * @return of 4 bits
   */
  public PackedCodes codes() {
    return codes;
  }

  /**
   * The scales.
   *
   * @return one for each tile
   */
  public GroupParameters scales() {
    return scales;
  }

  @Override
  public int rows() {
    return codes.rows();
  }

  @Override
  public int columns() {
    return codes.columns();
  }

  @Override
  public void addRow(int row, float[] target, int offset) {
    int columns = columns();
    Objects.checkIndex(row, rows());
    Objects.checkFromIndexSize(offset, columns, target.length);
    byte[] line = new byte[columns];
    codes.unpackRow(row, line, 0);
    for (int column = 0; column < columns; column++) {
      int partner = column ^ 1;
      int neighbour = partner < columns ? line[partner] : 0;
      float value = OutlierPairs.decode(line[column], neighbour);
      target[offset + column] += value * scales.values()[layout.index(row, column)];
    }
  }

  @Override
  public long storageBits() {
    return codes.storageBits() + scales.storageBits();
  }

  @Override
  public String describe() {
    return scheme.toString().replaceFirst("int4", "olive4");
  }

  /** As {@link #describe()}. */
  @Override
  public String toString() {
    return describe();
  }
}
