// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.quantize;

import io.github.quant4j.grammar.Phrase;
import io.github.quant4j.grammar.SyntaxException;
import io.github.quant4j.linalg.Compute;
import io.github.quant4j.matrix.Grid;
import io.github.quant4j.matrix.QuantizedMatrix;
import io.github.quant4j.rounding.GptqRounding;
import io.github.quant4j.rounding.OutlierRoundingResult;
import io.github.quant4j.rounding.Rounding;
import io.github.quant4j.rounding.RoundingReport;
import io.github.quant4j.rounding.RoundingResult;
import io.github.quant4j.rounding.RoundingTask;
import io.github.quant4j.scheme.QuantScheme;
import io.github.quant4j.search.FitTask;
import io.github.quant4j.search.ScaleSearch;
import io.github.quant4j.statistic.Gram;
import io.github.quant4j.tensor.DType;
import io.github.quant4j.tensor.FloatMatrix;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Quantizes weight matrices: a scheme says what can be represented, a search fits the grid, and a
 * chain of roundings chooses the codes.
 *
 * <pre>{@code
 * Compute compute = KernelOptions.defaults().compute();
 * QuantizedMatrix packed = Quantizer.of("int4:g128:sym rtn").quantize(weights, compute);
 * }</pre>
 *
 * <p>The text form is {@code scheme [search] [rounding{>rounding}]}, see {@link QuantizerText}.
 * Instances are immutable and thread-safe; the result does not depend on the number of threads.
 */
public final class Quantizer {
  private final QuantScheme scheme;
  private final ScaleSearch search;
  private final List<Rounding> roundings;

  private Quantizer(QuantScheme scheme, ScaleSearch search, List<Rounding> roundings) {
    if (roundings.isEmpty()) {
      throw new IllegalArgumentException("roundings: none, expected at least one");
    }
    BlockSteps.require(scheme, search, roundings);
    this.scheme = scheme;
    this.search = search;
    this.roundings = List.copyOf(roundings);
  }

  /**
   * Reads the text form.
   *
   * @param text for example {@code int4:g64:asym mse rtn}
   * @return the quantizer
   * @throws IllegalArgumentException if the text is not one; the message names the word
   */
  public static Quantizer of(String text) {
    return of(Phrase.of("quantizer", text));
  }

  /**
   * Reads the text form.
   *
   * @param phrase where it stands
   * @return the quantizer, on the calling thread
   * @throws SyntaxException if the phrase is not one
   */
  public static Quantizer of(Phrase phrase) {
    return QuantizerText.parse(phrase);
  }

  /**
   * Puts a quantizer together.
   *
   * @param scheme what can be represented
   * @param search how the grid is fitted
   * @param roundings how codes are chosen, in order; at least one
   * @return the quantizer
   * @throws IllegalArgumentException if there is no rounding, or a step does not suit the scheme
   */
  public static Quantizer of(QuantScheme scheme, ScaleSearch search, List<Rounding> roundings) {
    return new Quantizer(scheme, search, roundings);
  }

  /**
   * What can be represented.
   *
   * @return the scheme
   */
  public QuantScheme scheme() {
    return scheme;
  }

  /**
   * How the grid is fitted.
   *
   * @return the search
   */
  public ScaleSearch search() {
    return search;
  }

  /**
   * How codes are chosen.
   *
   * @return the chain, at least one
   */
  public List<Rounding> roundings() {
    return roundings;
  }

  /**
   * Whether the second moment of the inputs is needed.
   *
   * @return true if the search or a rounding of the chain is calibrated
   */
  public boolean needsGram() {
    return search.needsGram() || roundings.stream().anyMatch(Rounding::needsGram);
  }

  /**
   * Quantizes without calibration.
   *
   * @param weights the weights, {@code [out, in]}; not changed
   * @param compute the linear algebra and the threads
   * @return the packed matrix
   * @throws IllegalArgumentException if a weight is not finite, the scheme does not fit the shape,
   *     or the second moment is needed
   */
  public QuantizedMatrix quantize(FloatMatrix weights, Compute compute) {
    return run(weights, compute).matrix();
  }

  /**
   * Quantizes with calibration.
   *
   * @param weights the weights, {@code [out, in]}; not changed
   * @param gram the second moment of the inputs, {@code [in, in]}
   * @param compute the linear algebra and the threads
   * @return the packed matrix
   * @throws IllegalArgumentException if a weight is not finite, the scheme does not fit the shape,
   *     or the moment has another size
   */
  public QuantizedMatrix quantize(FloatMatrix weights, Gram gram, Compute compute) {
    return run(weights, gram, compute).matrix();
  }

  /**
   * Quantizes without calibration, and tells how it went.
   *
   * @param weights the weights, {@code [out, in]}; not changed
   * @param compute the linear algebra and the threads
   * @return the packed matrix and a report of each rounding
   * @throws IllegalArgumentException if a weight is not finite, the scheme does not fit the shape,
   *     or the second moment is needed
   */
  public QuantizationResult run(FloatMatrix weights, Compute compute) {
    if (needsGram()) {
      throw new IllegalArgumentException(
          "gram: none, but '" + this + "' is calibrated; pass Gram.of(inputs, compute)");
    }
    return runChecked(weights, null, compute);
  }

  /**
   * Quantizes with calibration, and tells how it went.
   *
   * @param weights the weights, {@code [out, in]}; not changed
   * @param gram the second moment of the inputs, {@code [in, in]}; one that is not usable makes
   *     roundings fall back, see their reports
   * @param compute the linear algebra and the threads
   * @return the packed matrix and a report of each rounding
   * @throws IllegalArgumentException if a weight is not finite, the scheme does not fit the shape,
   *     or the moment has another size
   */
  public QuantizationResult run(FloatMatrix weights, Gram gram, Compute compute) {
    return runChecked(weights, gram, compute);
  }

  /**
   * Quantizes what is left of weights of which some are kept elsewhere: these have no say in the
   * fit of the grid.
   *
   * @param weights what is left, {@code [out, in]}; not changed
   * @param gram the second moment of the inputs, or empty without calibration
   * @param removed which weights are kept elsewhere, by row-major position
   * @param compute the linear algebra and the threads
   * @return the packed matrix and a report of each rounding
   * @throws IllegalArgumentException if a weight is not finite, the scheme does not fit the shape,
   *     the moment has another size, or is needed and not there
   */
  public QuantizationResult run(
      FloatMatrix weights, Optional<Gram> gram, BitSet removed, Compute compute) {
    if (gram.isEmpty() && needsGram()) {
      return run(weights, compute);
    }
    return runChecked(weights, gram.orElse(null), removed, compute);
  }

  /**
   * Quantizes with calibration and keeps the weights apart whose rounding costs most, as the errors
   * of others have left them (SpQR); see {@link GptqRounding#roundKeeping}. What follows in the
   * chain works on the weights without those.
   *
   * @param weights the weights, {@code [out, in]}; not changed
   * @param gram the second moment of the inputs, {@code [in, in]}
   * @param share of the weights that are kept, above 0, at most 0.5
   * @param stored F16 or F32: how kept values are rounded
   * @param compute the linear algebra and the threads
   * @return the packed matrix and the weights that are kept
   * @throws IllegalArgumentException if a weight is not finite, the scheme does not fit the shape,
   *     the moment has another size, or the chain does not begin with error feedback
   */
  public SparseQuantizationResult runKeeping(
      FloatMatrix weights, Gram gram, double share, DType stored, Compute compute) {
    if (!(roundings.getFirst() instanceof GptqRounding feedback)) {
      throw new IllegalArgumentException(
          "roundings: '" + this + "', expected a chain that begins with gptq");
    }
    requireFinite(weights);
    RoundingTask task = task(weights, gram, new BitSet(), compute);
    OutlierRoundingResult kept = feedback.roundKeeping(task, share, stored);
    FloatMatrix left = weights.copy();
    for (int i = 0; i < left.data().length; i++) {
      left.data()[i] -= kept.values().data()[i];
    }
    List<RoundingReport> reports = new ArrayList<>(List.of(kept.rounding().report()));
    RoundingResult result =
        goOn(
            new RoundingTask(left, kept.rounding().grid(), gram, search, compute),
            kept.rounding(),
            reports);
    return new SparseQuantizationResult(
        QuantizedMatrix.of(result.grid(), result.codes()),
        kept.places(),
        kept.values(),
        kept.threshold(),
        reports);
  }

  private QuantizationResult runChecked(FloatMatrix weights, @Nullable Gram gram, Compute compute) {
    return runChecked(weights, gram, new BitSet(), compute);
  }

  private QuantizationResult runChecked(
      FloatMatrix weights, @Nullable Gram gram, BitSet removed, Compute compute) {
    requireFinite(weights);
    RoundingTask task = task(weights, gram, removed, compute);
    List<RoundingReport> reports = new ArrayList<>();
    RoundingResult result = roundings.getFirst().round(task, null);
    reports.add(result.report());
    result = goOn(task, result, reports);
    return new QuantizationResult(QuantizedMatrix.of(result.grid(), result.codes()), reports);
  }

  private RoundingTask task(
      FloatMatrix weights, @Nullable Gram gram, BitSet removed, Compute compute) {
    FloatMatrix live = needsGram() && gram != null ? withoutDeadInputs(weights, gram) : weights;
    Grid grid = search.fit(new FitTask(live, scheme, gram, compute).withRemoved(removed));
    return new RoundingTask(weights, grid, gram, search, compute);
  }

  /** The chain after its first step. */
  private RoundingResult goOn(
      RoundingTask task, RoundingResult first, List<RoundingReport> reports) {
    RoundingResult result = first;
    for (Rounding rounding : roundings.subList(1, roundings.size())) {
      result = rounding.round(task.withGrid(result.grid()), result.codes());
      reports.add(result.report());
    }
    return result;
  }

  /**
   * The weights with zeros where an input was always zero, so that they do not stretch the grid of
   * those that matter; in tiles without any live input all are kept.
   */
  private FloatMatrix withoutDeadInputs(FloatMatrix weights, Gram gram) {
    if (gram.size() != weights.columns() || gram.deadInputs() == 0) {
      return weights;
    }
    float[] diagonal = gram.diagonal();
    int columns = weights.columns();
    int width = scheme.granularity().layout(weights.rows(), columns).blockColumns();
    FloatMatrix live = weights.copy();
    for (int start = 0; start < columns; start += width) {
      int end = Math.min(columns, start + width);
      boolean anyLive = false;
      for (int column = start; column < end; column++) {
        anyLive |= diagonal[column] != 0;
      }
      for (int column = start; anyLive && column < end; column++) {
        for (int row = 0; diagonal[column] == 0 && row < weights.rows(); row++) {
          live.put(row, column, 0);
        }
      }
    }
    return live;
  }

  private static void requireFinite(FloatMatrix weights) {
    float[] data = weights.data();
    for (int i = 0; i < data.length; i++) {
      if (!Float.isFinite(data[i])) {
        throw new IllegalArgumentException(
            "weights: element ("
                + i / weights.columns()
                + ", "
                + i % weights.columns()
                + ") is "
                + data[i]
                + ", expected finite values");
      }
    }
  }

  /** The canonical text form, which {@link #of(String)} reads back. */
  @Override
  public String toString() {
    String fit = search.label().equals("minmax") ? "" : " " + search.label();
    return scheme
        + fit
        + roundings.stream().map(Rounding::label).collect(Collectors.joining(">", " ", ""));
  }
}
