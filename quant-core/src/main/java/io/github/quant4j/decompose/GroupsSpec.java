// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.decompose;

import io.github.quant4j.linear.MixedTerm;
import io.github.quant4j.linear.WeightTerm;
import io.github.quant4j.quantize.Quantizer;
import io.github.quant4j.scheme.Granularity;
import io.github.quant4j.statistic.StatisticNeed;
import io.github.quant4j.tensor.FloatMatrix;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/**
 * Some groups of columns in a wide format, the others in a narrow one: those of the largest range
 * in 4 bits beside 2 (Li et al., arXiv 2311.16442), or the most salient ones.
 *
 * @param narrow quantizer of the other groups, with scales for groups of inputs
 * @param share of the groups that are wide, above 0, below 1; rounded up to whole groups
 * @param wide quantizer of the wide groups; the size of its own groups divides the narrow one's
 * @param criterion which groups are wide
 */
public record GroupsSpec(Quantizer narrow, double share, Quantizer wide, Criterion criterion)
    implements TermSpec {
  private static final String WORD = "groups";

  /** What tells wide groups from narrow ones. */
  public enum Criterion {
    /** The range of a group's weights in a row, the mean over the rows. */
    RANGE,
    /** The squared range times the mean square of the inputs, the mean over the rows. */
    SENSITIVITY,
    /** {@code w^2 / [H^-1]_jj^2}, the mean over the rows and columns of the group. */
    SALIENCE
  }

  /**
   * Checks the parts.
   *
   * @throws IllegalArgumentException if the share is not between 0 and 1, the narrow quantizer has
   *     no groups of inputs, or the wide one's do not divide them
   */
  public GroupsSpec {
    OrderedColumns.refuse(narrow, "groups");
    BlockTerms.refuse(narrow, "groups");
    OrderedColumns.refuse(wide, "groups");
    BlockTerms.refuse(wide, "groups");
    if (!(share > 0 && share < 1)) {
      throw new IllegalArgumentException("share: " + share + ", expected above 0, below 1");
    }
    int size = ColumnGroups.size(WORD, narrow);
    if (wide.scheme().granularity() instanceof Granularity.PerGroup(int other)
        && size % other != 0) {
      throw new IllegalArgumentException(
          WORD + ": wide groups of " + other + ", expected a size that divides " + size);
    }
  }

  @Override
  public List<WeightTerm> fit(FloatMatrix residual, FitProblem problem) {
    int size = ColumnGroups.size(WORD, narrow);
    int wideGroups = wideGroups(residual.columns());
    double[] values =
        switch (criterion) {
          case RANGE -> ColumnGroups.ranges(residual, size, 1);
          case SENSITIVITY -> ColumnGroups.sensitivities(residual, problem, size);
          case SALIENCE -> ColumnGroups.salience(residual, problem, size);
        };
    int[] order = ColumnGroups.ascending(values);
    int[] index = new int[order.length];
    for (int i = order.length - wideGroups; i < order.length; i++) {
      index[order[i]] = 1;
    }
    return List.of(ColumnParts.fit(residual, problem, size, List.of(narrow, wide), index));
  }

  private int wideGroups(int columns) {
    int groups = ColumnGroups.count(WORD, columns, ColumnGroups.size(WORD, narrow));
    int count = (int) Math.ceil(share * groups);
    if (count >= groups) {
      throw new IllegalArgumentException(
          WORD
              + ": "
              + count
              + " wide groups of "
              + groups
              + " leave none to "
              + narrow
              + ", expected a smaller share or smaller groups");
    }
    return count;
  }

  /** Both the narrow and the wide columns are a multiple of so many. */
  int partColumns(int columns) {
    int size = ColumnGroups.size(WORD, narrow);
    int wideGroups = wideGroups(columns);
    return size * ColumnGroups.greatestDivisor(wideGroups, columns / size - wideGroups);
  }

  @Override
  public Stage stage() {
    return Stage.MAIN;
  }

  @Override
  public Set<StatisticNeed> needs() {
    return criterion != Criterion.RANGE || narrow.needsGram() || wide.needsGram()
        ? EnumSet.of(StatisticNeed.GRAM)
        : EnumSet.noneOf(StatisticNeed.class);
  }

  @Override
  public String label() {
    return WidthSteps.GROUPS.label(this);
  }

  @Override
  public long storageBits(int rows, int columns) {
    int size = ColumnGroups.size(WORD, narrow);
    int wideGroups = wideGroups(columns);
    int groups = columns / size;
    return SchemeBits.of(narrow.scheme(), rows, (groups - wideGroups) * size)
        + SchemeBits.of(wide.scheme(), rows, wideGroups * size)
        + MixedTerm.indexStorageBits(2, groups);
  }
}
