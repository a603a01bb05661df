// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.decompose;

import io.github.quant4j.linear.WeightTerm;
import io.github.quant4j.statistic.StatisticNeed;
import io.github.quant4j.tensor.FloatMatrix;
import java.util.List;
import java.util.Set;

/** How a term of a decomposition is fitted to what the other terms leave over. */
public sealed interface TermSpec
    permits QuantizedSpec,
        ChoiceSpec,
        DenseSpec,
        PlanesSpec,
        PairsSpec,
        SplitSpec,
        ColumnsSpec,
        WidthsSpec,
        GroupsSpec,
        RowsSpec,
        SparseSpec,
        LowRankSpec,
        TrellisSpec,
        VectorSpec {

  /** When a term is fitted. */
  enum Stage {
    /** Before the quantized matrix, to the weights themselves. */
    FIRST,
    /** The quantized matrix. */
    MAIN,
    /** After the quantized matrix, to what it leaves over. */
    LAST
  }

  /**
   * Fits the term.
   *
   * @param residual what is to be represented, {@code [out, in]}; not changed
   * @param problem statistics and means to compute
   * @return the term, or several that belong together
   * @throws IllegalArgumentException if the spec does not suit the shape, or needs what is not
   *     known
   */
  List<WeightTerm> fit(FloatMatrix residual, FitProblem problem);

  /**
   * When the term is fitted.
   *
   * @return its place in the order
   */
  Stage stage();

  /**
   * What must be known of the input.
   *
   * @return the needs; none for data-free terms
   */
  Set<StatisticNeed> needs();

  /**
   * The text form in recipes.
   *
   * @return for example {@code sparse(0.005)}
   */
  String label();

  /**
   * What the term will take, known before it is fitted.
   *
   * @param rows outputs of the matrix
   * @param columns inputs of the matrix
   * @return bits, scales included; exact but for the number of outliers, the choice among
   *     quantizers, of which the widest counts, and fitted code books, which are not counted
   * @throws IllegalArgumentException if the term does not suit a matrix of that shape
   */
  long storageBits(int rows, int columns);
}
