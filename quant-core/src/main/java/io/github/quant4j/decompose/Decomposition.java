// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.decompose;

import io.github.quant4j.format.IntegerFormat;
import io.github.quant4j.linear.SparseTerm;
import io.github.quant4j.linear.WeightTerm;
import io.github.quant4j.matrix.SparseMatrix;
import io.github.quant4j.quantize.Quantizer;
import io.github.quant4j.rounding.NearestRounding;
import io.github.quant4j.scheme.QuantScheme;
import io.github.quant4j.search.MinMaxSearch;
import io.github.quant4j.statistic.StatisticNeed;
import io.github.quant4j.tensor.FloatMatrix;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * A sum of terms fitted to a matrix, one after the other and, if wanted, over and over: each term
 * is fitted to what the others leave over. Published systems are choices of terms, their order and
 * the number of loops.
 *
 * <p>Terms come in the order first (sparse outliers, low rank before quantization), main (the
 * quantized matrix), last (further planes, low-rank and sparse corrections); within these in the
 * order given. Loops stop when the error stops falling, and the best state wins, so that more loops
 * never do worse than one.
 *
 * @param terms what is fitted; exactly one is the main term
 * @param loops the largest number of passes over the terms, at least 1
 */
public record Decomposition(List<TermSpec> terms, int loops) {
  private static final double LEAST_GAIN = 1e-6;

  /**
   * What was fitted.
   *
   * @param terms the terms of the best pass, in the order of fitting
   * @param weights their sum, {@code [out, in]}
   * @param errors the error after each pass: {@code tr(E H E^T)} per token, or the squared norm of
   *     E where the moment is not known
   * @param notes what the roundings of the best pass report, and which rows are too small to store
   */
  public record Result(
      List<WeightTerm> terms, FloatMatrix weights, List<Double> errors, List<String> notes) {

    /** Copies the lists. */
    public Result {
      terms = List.copyOf(terms);
      errors = List.copyOf(errors);
      notes = List.copyOf(notes);
    }

    /**
     * The error of the terms.
     *
     * @return the least of all passes
     */
    public double error() {
      return errors.stream().mapToDouble(Double::doubleValue).min().orElse(0);
    }
  }

  /**
   * Sorts the terms by stage.
   *
   * @throws IllegalArgumentException if there is not exactly one main term, or no loop, or outliers
   *     are to be chosen by a rounding that does not choose any
   */
  public Decomposition {
    long mains = terms.stream().filter(term -> term.stage() == TermSpec.Stage.MAIN).count();
    if (mains != 1) {
      throw new IllegalArgumentException(
          "terms: " + mains + " main terms, expected exactly one quantized matrix");
    }
    if (loops < 1 || loops > 1000) {
      throw new IllegalArgumentException("loops: " + loops + ", expected 1 to 1000");
    }
    terms = terms.stream().sorted(Comparator.comparing(TermSpec::stage)).toList();
    requireJoint(terms);
  }

  /** Outliers that are chosen while others are rounded need one matrix whose rounding can do so. */
  private static void requireJoint(List<TermSpec> terms) {
    List<SparseSpec> joint = terms.stream().flatMap(Decomposition::joint).toList();
    if (joint.isEmpty()) {
      return;
    }
    if (joint.size() > 1) {
      throw new IllegalArgumentException(
          "terms: "
              + joint.get(1).label()
              + " besides "
              + joint.getFirst().label()
              + ", expected one that chooses while others are rounded");
    }
    for (TermSpec term : terms) {
      if (term.stage() == TermSpec.Stage.MAIN) {
        if (!(term instanceof QuantizedSpec main)) {
          throw new IllegalArgumentException(
              joint.getFirst().label()
                  + ": expected one quantized matrix as weights, found "
                  + term.label());
        }
        JointOutliers.requireSuits(joint.getFirst().criterion(), main.quantizer());
      }
    }
  }

  private static Stream<SparseSpec> joint(TermSpec term) {
    return term instanceof SparseSpec spec && spec.criterion().isJoint()
        ? Stream.of(spec)
        : Stream.empty();
  }

  /**
   * The quantizer of the main term.
   *
   * @return the first one of a choice; empty for ternary planes, for trellis-coded,
   *     vector-quantized and float weights
   */
  public Optional<Quantizer> mainQuantizer() {
    for (TermSpec term : terms) {
      switch (term) {
        case QuantizedSpec(var quantizer, var isResidual) when !isResidual -> {
          return Optional.of(quantizer);
        }
        case SplitSpec(var quantizer, var _) -> {
          return Optional.of(quantizer);
        }
        case ColumnsSpec columns -> {
          return Optional.of(columns.narrow());
        }
        case WidthsSpec widths -> {
          return Optional.of(widths.quantizer());
        }
        case GroupsSpec groups -> {
          return Optional.of(groups.narrow());
        }
        case RowsSpec rows -> {
          return Optional.of(rows.narrow());
        }
        case ChoiceSpec(var quantizers) -> {
          return Optional.of(quantizers.getFirst());
        }
        default -> {
          // Not the main term, or one without a quantizer.
        }
      }
    }
    return Optional.empty();
  }

  /**
   * A quantizer that resembles the main term, for searches that try transforms with nearest
   * rounding.
   *
   * @return that of the main term; 3 bits for two ternary planes, integers of as many bits for
   *     trellis-coded and vector-quantized weights, 8 bits for float weights
   */
  public Quantizer trialQuantizer() {
    for (TermSpec term : terms) {
      if (term instanceof PairsSpec(var scheme)) {
        return Quantizer.of(scheme, new MinMaxSearch(), List.of(new NearestRounding()));
      }
      if (term instanceof TrellisSpec trellis) {
        return Quantizer.of("int" + trellis.bits() + ":channel:asym mse rtn");
      }
      if (term instanceof VectorSpec vectors) {
        long bits = Math.clamp(Math.round(vectors.width()), 2, 8);
        return Quantizer.of("int" + bits + ":channel:asym mse rtn");
      }
      if (term instanceof PlanesSpec planes) {
        return Quantizer.of(
            QuantScheme.of(new IntegerFormat(3), planes.scheme().granularity(), true),
            new MinMaxSearch(),
            List.of(new NearestRounding()));
      }
    }
    return mainQuantizer().orElseGet(() -> Quantizer.of("int8:channel:sym rtn"));
  }

  /**
   * Whether the quantized matrix has its columns in another order than the inputs.
   *
   * @return true for error feedback whose groups follow the order in which it rounds
   */
  public boolean reordersColumns() {
    return terms.stream()
        .anyMatch(
            term ->
                term instanceof QuantizedSpec(var quantizer, var _)
                    && OrderedColumns.areNeededBy(quantizer));
  }

  /**
   * What must be known of the input.
   *
   * @return the needs of all terms
   */
  public Set<StatisticNeed> needs() {
    Set<StatisticNeed> needs = EnumSet.noneOf(StatisticNeed.class);
    terms.forEach(term -> needs.addAll(term.needs()));
    return needs;
  }

  /**
   * What the terms will take, see {@link TermSpec#storageBits}.
   *
   * @param rows outputs of the matrix
   * @param columns inputs of the matrix
   * @return bits
   * @throws IllegalArgumentException if a term does not suit a matrix of that shape
   */
  public long storageBits(int rows, int columns) {
    return terms.stream().mapToLong(term -> term.storageBits(rows, columns)).sum();
  }

  /**
   * Fits the terms.
   *
   * <p>Cost: in each pass that of every term, one dense sum for each term, and {@code out in^2}
   * multiply-adds for the error.
   *
   * @param weights the matrix, {@code [out, in]}, finite; not changed
   * @param problem statistics and means to compute
   * @return the best state of all passes
   * @throws IllegalArgumentException if a term does not suit the shape, or needs what is not known
   */
  public Result fit(FloatMatrix weights, FitProblem problem) {
    FitProblem fitting = mainQuantizer().map(problem::withMain).orElse(problem);
    List<List<WeightTerm>> fitted = new ArrayList<>();
    terms.forEach(term -> fitted.add(List.of()));
    List<Double> errors = new ArrayList<>();
    List<WeightTerm> best = List.of();
    List<String> bestNotes = List.of();
    double least = Double.POSITIVE_INFINITY;
    for (int pass = 0; pass < loops; pass++) {
      List<String> notes = new ArrayList<>();
      FitProblem passing = fitting.withNotes(notes);
      for (int i = 0; i < terms.size(); i++) {
        TermSpec term = terms.get(i);
        if (joint(term).findAny().isPresent()) {
          // Comes with the main term.
          fitted.set(i, List.of());
          continue;
        }
        FloatMatrix residual = residual(weights, fitted, i);
        if (term.stage() != TermSpec.Stage.MAIN) {
          fitted.set(i, term.fit(residual, passing));
          continue;
        }
        FitProblem left = passing.withRemoved(removed(fitted));
        if (!fitJointly(term, residual, fitted, left)) {
          fitted.set(i, term.fit(residual, left));
        }
        refitOutliers(weights, fitted, fitting);
      }
      List<WeightTerm> flat = fitted.stream().flatMap(List::stream).toList();
      FloatMatrix sum = Matrices.dense(weights.rows(), weights.columns(), flat);
      if (!sum.isFinite()) {
        // Corrections of weights at the end of binary32's range may lead beyond it.
        flat = withoutCorrections(fitted);
        sum = Matrices.dense(weights.rows(), weights.columns(), flat);
        notes.add("corrections of the quantized matrix overflow and were left out");
      }
      LostRows.note(weights, sum).ifPresent(notes::add);
      double error = fitting.moment().error(Matrices.difference(sum, weights));
      errors.add(error);
      boolean gained = error < least * (1 - LEAST_GAIN);
      if (error < least || best.isEmpty()) {
        least = error;
        best = flat;
        bestNotes = notes;
      }
      if (!gained || error == 0) {
        break;
      }
    }
    return new Result(
        best, Matrices.dense(weights.rows(), weights.columns(), best), errors, bestNotes);
  }

  /** The main term with the outliers that its rounding chooses, if there are any. */
  private boolean fitJointly(
      TermSpec main, FloatMatrix residual, List<List<WeightTerm>> fitted, FitProblem problem) {
    for (int i = 0; i < terms.size(); i++) {
      if (main instanceof QuantizedSpec(var quantizer, var _)
          && terms.get(i) instanceof SparseSpec spec
          && spec.criterion().isJoint()) {
        JointOutliers.Fitted both = JointOutliers.fit(quantizer, spec, residual, problem);
        fitted.set(i, List.of(both.sparse()));
        fitted.set(terms.indexOf(main), List.of(both.main()));
        return true;
      }
    }
    return false;
  }

  /** The weights that sparse terms stand for, before the main term is fitted. */
  private BitSet removed(List<List<WeightTerm>> fitted) {
    BitSet removed = new BitSet();
    for (int i = 0; i < terms.size(); i++) {
      if (terms.get(i).stage() == TermSpec.Stage.FIRST) {
        for (WeightTerm term : fitted.get(i)) {
          if (term instanceof SparseTerm sparse) {
            removed.or(SparseSpec.places(sparse));
          }
        }
      }
    }
    return removed;
  }

  private List<WeightTerm> withoutCorrections(List<List<WeightTerm>> fitted) {
    for (int i = 0; i < fitted.size(); i++) {
      if (terms.get(i).stage() == TermSpec.Stage.LAST) {
        fitted.set(i, List.of());
      }
    }
    return fitted.stream().flatMap(List::stream).toList();
  }

  private void refitOutliers(
      FloatMatrix weights, List<List<WeightTerm>> fitted, FitProblem problem) {
    for (int i = 0; i < terms.size(); i++) {
      if (terms.get(i) instanceof SparseSpec spec
          && (spec.criterion().isRefitted() || spec.stage() == TermSpec.Stage.FIRST)
          && !fitted.get(i).isEmpty()
          && fitted.get(i).getFirst() instanceof SparseTerm term) {
        FloatMatrix residual = residual(weights, fitted, i);
        boolean isRefitted = spec.criterion().isRefitted();
        if (!isRefitted && isExact(term, residual)) {
          continue;
        }
        SparseTerm changed =
            isRefitted ? spec.refit(term, residual, problem) : spec.exact(term, residual);
        double before = error(residual, term, problem);
        double after = error(residual, changed, problem);
        if (after < before) {
          fitted.set(i, List.of(changed));
        }
      }
    }
  }

  /**
   * Whether the matrix under a sparse term is zero at its places: a grid need not have a zero, and
   * what it has there in its place belongs to the kept weight.
   */
  private static boolean isExact(SparseTerm term, FloatMatrix residual) {
    SparseTerm rounded =
        new SparseTerm(
            SparseMatrix.of(residual, SparseSpec.places(term), term.matrix().valueType()));
    return rounded.matrix().hasSameElements(term.matrix());
  }

  private static double error(FloatMatrix residual, WeightTerm term, FitProblem problem) {
    FloatMatrix dense = Matrices.dense(residual.rows(), residual.columns(), List.of(term));
    return problem.moment().error(Matrices.difference(dense, residual));
  }

  private static FloatMatrix residual(
      FloatMatrix weights, List<List<WeightTerm>> fitted, int without) {
    List<WeightTerm> others = new ArrayList<>();
    for (int i = 0; i < fitted.size(); i++) {
      if (i != without) {
        others.addAll(fitted.get(i));
      }
    }
    return others.isEmpty()
        ? weights.copy()
        : Matrices.difference(weights, Matrices.dense(weights.rows(), weights.columns(), others));
  }
}
