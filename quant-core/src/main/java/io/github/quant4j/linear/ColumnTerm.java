// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.linear;

import java.util.Arrays;
import java.util.BitSet;
import java.util.Objects;

/**
 * A term that reads only some of the input features: input channels of large activations can be
 * kept in a wider format than the others (QUIK, Ashkboos et al., arXiv 2310.09259; PTQ1.61, arXiv
 * 2502.13179). It may also read all of them, in an order of its own.
 */
public final class ColumnTerm implements WeightTerm {
  private final WeightTerm inner;
  private final int[] sources;
  private final int inFeatures;
  private final boolean quantizedInput;

  private ColumnTerm(WeightTerm inner, int[] sources, int inFeatures, boolean quantizedInput) {
    this.inner = inner;
    this.sources = sources;
    this.inFeatures = inFeatures;
    this.quantizedInput = quantizedInput;
  }

  /**
   * A term on some columns.
   *
   * @param inner the weights of these columns, {@code [out, sources.length]}: dense, quantized or
   *     vector-quantized
   * @param sources the input features that it reads, each at most once; copied
   * @param inFeatures all input features
   * @param quantizedInput whether the layer's activation quantizer applies, to the features read
   *     alone; if not, they are taken as they are
   * @return the term
   * @throws IllegalArgumentException if the columns are not those of the inner term, or not in
   *     range, or one stands twice, or the inner term is of another kind
   */
  public static ColumnTerm of(
      WeightTerm inner, int[] sources, int inFeatures, boolean quantizedInput) {
    if (!(inner instanceof DenseTerm
        || inner instanceof QuantizedTerm
        || inner instanceof VectorTerm)) {
      throw new IllegalArgumentException(
          "inner: "
              + inner.describe()
              + ", expected a dense, a quantized or a vector-quantized term");
    }
    if (sources.length != inner.columns()) {
      throw new IllegalArgumentException(
          "sources: "
              + sources.length
              + " columns, expected "
              + inner.columns()
              + " for ["
              + inner.rows()
              + ", "
              + inner.columns()
              + "]");
    }
    BitSet read = new BitSet(inFeatures);
    for (int i = 0; i < sources.length; i++) {
      if (sources[i] < 0 || sources[i] >= inFeatures || read.get(sources[i])) {
        throw new IllegalArgumentException(
            "sources: number "
                + i
                + " is "
                + sources[i]
                + ", expected columns from 0 to "
                + (inFeatures - 1)
                + ", each at most once");
      }
      read.set(sources[i]);
    }
    return new ColumnTerm(inner, sources.clone(), inFeatures, quantizedInput);
  }

  /**
   * The weights of the columns.
   *
   * @return {@code [out, n]} for {@code n} columns
   */
  public WeightTerm inner() {
    return inner;
  }

  /**
   * The columns.
   *
   * @return a copy, in the order of the inner term's columns
   */
  public int[] sources() {
    return sources.clone();
  }

  /**
   * Whether the activation quantizer applies.
   *
   * @return false if the columns are read as they are
   */
  public boolean hasQuantizedInput() {
    return quantizedInput;
  }

  @Override
  public int rows() {
    return inner.rows();
  }

  @Override
  public int columns() {
    return inFeatures;
  }

  @Override
  public void addRow(int row, float[] target, int offset) {
    Objects.checkFromIndexSize(offset, inFeatures, target.length);
    float[] narrow = new float[sources.length];
    inner.addRow(row, narrow, 0);
    for (int i = 0; i < sources.length; i++) {
      target[offset + sources[i]] += narrow[i];
    }
  }

  /** The weights, and 32 bits for each column. */
  @Override
  public long storageBits() {
    return inner.storageBits() + 32L * sources.length;
  }

  @Override
  public String describe() {
    return inner.describe() + " on " + sources.length + " columns";
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof ColumnTerm term
        && inner.equals(term.inner)
        && Arrays.equals(sources, term.sources)
        && inFeatures == term.inFeatures
        && quantizedInput == term.quantizedInput;
  }

  @Override
  public int hashCode() {
    return 31 * inner.hashCode() + Arrays.hashCode(sources);
  }

  /** As {@link #describe()}. */
  @Override
  public String toString() {
    return describe();
  }
}
