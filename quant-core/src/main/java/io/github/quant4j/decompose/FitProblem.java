// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.decompose;

import io.github.quant4j.linalg.Compute;
import io.github.quant4j.matrix.QuantizedMatrix;
import io.github.quant4j.quantize.QuantizationResult;
import io.github.quant4j.quantize.Quantizer;
import io.github.quant4j.rounding.NearestRounding;
import io.github.quant4j.rounding.RoundingReport;
import io.github.quant4j.statistic.Gram;
import io.github.quant4j.statistic.InputStatistics;
import io.github.quant4j.tensor.FloatMatrix;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What terms are fitted with: the statistics of the input, scores of the caller, and the means to
 * compute. Immutable but for the reports that it gathers; everything is shared.
 */
public final class FitProblem {
  private final int rows;
  private final int columns;
  private final @Nullable InputStatistics statistics;
  private final @Nullable FloatMatrix sample;
  private final float @Nullable [] scores;
  private final @Nullable Quantizer main;
  private final InputMoment moment;

  /** Weights that other terms stand for, by row-major position. */
  private final BitSet removed;

  /** What roundings report; a decomposition gives each of its passes a list of its own. */
  private final List<String> notes;

  private FitProblem(
      int rows,
      int columns,
      @Nullable InputStatistics statistics,
      @Nullable FloatMatrix sample,
      float @Nullable [] scores,
      @Nullable Quantizer main,
      InputMoment moment,
      BitSet removed,
      List<String> notes) {
    this.removed = removed;
    this.notes = notes;
    this.rows = rows;
    this.columns = columns;
    this.statistics = statistics;
    this.sample = sample;
    this.scores = scores;
    this.main = main;
    this.moment = moment;
  }

  /**
   * A problem of which only the shape is known.
   *
   * @param rows output features, at least 1
   * @param columns input features, at least 1
   * @param compute the linear algebra and the threads
   * @return the problem
   */
  public static FitProblem of(int rows, int columns, Compute compute) {
    InputMoment moment = new InputMoment(columns, Optional.empty(), compute);
    return new FitProblem(
        rows, columns, null, null, null, null, moment, new BitSet(), new ArrayList<>());
  }

  /**
   * The same problem with statistics of the input.
   *
   * @param known the statistics
   * @return the changed problem
   * @throws IllegalArgumentException if they have another width
   */
  public FitProblem withStatistics(InputStatistics known) {
    if (known.size() != columns) {
      throw new IllegalArgumentException(
          "statistics: " + known + ", expected " + columns + " channels");
    }
    return new FitProblem(
        rows,
        columns,
        known,
        sample,
        scores,
        main,
        new InputMoment(columns, known.gram(), moment.compute()),
        removed,
        notes);
  }

  /**
   * The same problem with some of the inputs themselves.
   *
   * @param inputs {@code [tokens, in]}; shared
   * @return the changed problem
   * @throws IllegalArgumentException if they have another width
   */
  public FitProblem withSample(FloatMatrix inputs) {
    if (inputs.columns() != columns) {
      throw new IllegalArgumentException(
          "sample: " + inputs + ", expected " + columns + " channels");
    }
    return new FitProblem(rows, columns, statistics, inputs, scores, main, moment, removed, notes);
  }

  /**
   * The same problem with scores by which outliers are chosen.
   *
   * @param values one for each weight, row-major {@code [out, in]}, finite and not negative; shared
   * @return the changed problem
   * @throws IllegalArgumentException if there is not one score for each weight, or one is negative
   *     or not finite
   */
  public FitProblem withScores(float[] values) {
    if (values.length != (long) rows * columns) {
      throw new IllegalArgumentException(
          "scores: "
              + values.length
              + ", expected one for each of ["
              + rows
              + ", "
              + columns
              + "]");
    }
    for (int i = 0; i < values.length; i++) {
      if (!(values[i] >= 0) || values[i] == Float.POSITIVE_INFINITY) {
        throw new IllegalArgumentException(
            "scores: number " + i + " is " + values[i] + ", expected a finite value of at least 0");
      }
    }
    return new FitProblem(
        rows, columns, statistics, sample, values, main, moment, removed, notes);
  }

  FitProblem withMain(Quantizer quantizer) {
    return new FitProblem(
        rows, columns, statistics, sample, scores, quantizer, moment, removed, notes);
  }

  FitProblem withNotes(List<String> list) {
    return new FitProblem(rows, columns, statistics, sample, scores, main, moment, removed, list);
  }

  /** The same problem, some of whose weights other terms stand for. */
  FitProblem withRemoved(BitSet places) {
    return new FitProblem(
        rows, columns, statistics, sample, scores, main, moment, places, notes);
  }

  /**
   * The statistics of the input.
   *
   * @return empty if they are not known
   */
  public Optional<InputStatistics> statistics() {
    return Optional.ofNullable(statistics);
  }

  /** Some of the inputs; empty if they are not known. */
  Optional<FloatMatrix> sample() {
    return Optional.ofNullable(sample);
  }

  InputMoment moment() {
    return moment;
  }

  Compute compute() {
    return moment.compute();
  }

  float[] scores() {
    if (scores == null) {
      throw new IllegalArgumentException("scores: none, but outliers are to be chosen by them");
    }
    return scores;
  }

  /** Nearest rounding in the main term's format, as a stand-in for it. */
  QuantizedMatrix nearest(FloatMatrix matrix) {
    if (main == null) {
      throw new IllegalArgumentException(
          "rounding: there is no quantized term whose rounding errors could choose outliers");
    }
    return quantize(
        Quantizer.of(main.scheme(), main.search(), List.of(new NearestRounding())), matrix);
  }

  QuantizedMatrix quantize(Quantizer quantizer, FloatMatrix matrix) {
    return quantize(quantizer, matrix, moment.given());
  }

  QuantizedMatrix quantize(Quantizer quantizer, FloatMatrix matrix, Optional<Gram> gram) {
    // What takes a part of the columns has other positions.
    boolean isWhole = matrix.rows() == rows && matrix.columns() == columns;
    QuantizationResult result =
        quantizer.run(matrix, gram, isWhole ? removed : new BitSet(), compute());
    note(result.reports());
    return result.matrix();
  }

  /** Keeps what roundings report, unless there is nothing to say. */
  void note(List<RoundingReport> reports) {
    for (RoundingReport report : reports) {
      if (!(report instanceof RoundingReport.Simple)) {
        notes.add(report.describe());
      }
    }
  }

  void note(String text) {
    notes.add(text);
  }
}
