// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.study;

import io.github.quant4j.evaluate.OutputComparison;
import io.github.quant4j.graph.BlockModel;
import io.github.quant4j.model.SpeechEncoder;
import io.github.quant4j.pipeline.InputSignature;
import io.github.quant4j.progress.Cancellation;
import io.github.quant4j.progress.ProgressListener;
import io.github.quant4j.tensor.FloatMatrix;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.OptionalDouble;
import java.util.SequencedMap;

/**
 * How far the outputs of a network are from the original's on the same inputs, as {@link
 * OutputComparison} measures it.
 *
 * @param <I> one input of the network
 */
public final class OutputEvaluator<I> implements Evaluator {
  /** Signal to quantization noise of all outputs together, in decibels. */
  public static final String SQNR = "sqnr_db";

  /** That of the input on which it is least. */
  public static final String WORST_SQNR = "worst_sqnr_db";

  private final BlockModel<I> original;
  private final Opener<I> opener;
  private final List<I> inputs;

  private OutputEvaluator(BlockModel<I> original, Opener<I> opener, List<I> inputs) {
    this.original = original;
    this.opener = opener;
    this.inputs = inputs;
  }

  /**
   * Opens a quantized network.
   *
   * @param <I> one input of the network
   */
  @FunctionalInterface
  public interface Opener<I> {
    /**
     * Opens it.
     *
     * @param directory where it is stored
     * @return the network, which is closed after it has been measured
     * @throws IOException if it cannot be read
     */
    Opened<I> open(Path directory) throws IOException;
  }

  /**
   * A network that is to be closed.
   *
   * @param graph the network
   * @param closing closes it
   * @param <I> one input of the network
   */
  public record Opened<I>(BlockModel<I> graph, Runnable closing) implements AutoCloseable {
    @Override
    public void close() {
      closing.run();
    }
  }

  /**
   * Prepares the measuring of any network.
   *
   * @param original the original, which stays open
   * @param opener opens what recipes make of it
   * @param inputs what both read, at least one; those that recipes were not calibrated on tell most
   * @param <I> one input of the network
   * @return the evaluator
   * @throws IllegalArgumentException if there are no inputs
   */
  public static <I> OutputEvaluator<I> of(
      BlockModel<I> original, Opener<I> opener, List<? extends I> inputs) {
    if (inputs.isEmpty()) {
      throw new IllegalArgumentException("inputs: none, expected at least one");
    }
    return new OutputEvaluator<>(original, opener, List.copyOf(inputs));
  }

  /**
   * Prepares the measuring of a speech encoder.
   *
   * @param original the original, which stays open; quantized ones are opened with its options
   * @param speech spectrograms, at least one, see {@link SpeechEncoder#spectrogram}
   * @return the evaluator
   * @throws IllegalArgumentException if there is no speech
   */
  public static OutputEvaluator<FloatMatrix> of(SpeechEncoder original, List<FloatMatrix> speech) {
    return of(
        original.graph(),
        directory -> {
          SpeechEncoder encoder = SpeechEncoder.open(directory, original.options());
          return new Opened<>(encoder.graph(), encoder::close);
        },
        speech);
  }

  @Override
  public SequencedMap<String, String> dependencies() {
    SequencedMap<String, String> parts = new LinkedHashMap<>();
    parts.put("inputs", InputSignature.of(original, inputs).toString());
    return parts;
  }

  /** Infinite ratios: an original has no noise, and need not run for that. */
  @Override
  public Measures original(ProgressListener progress, Cancellation cancellation) {
    return new Measures(
        List.of(
            Measure.of(SQNR, Double.POSITIVE_INFINITY),
            Measure.of(WORST_SQNR, Double.POSITIVE_INFINITY)),
        OptionalDouble.empty());
  }

  @Override
  public Measures quantized(Path directory, ProgressListener progress, Cancellation cancellation)
      throws IOException {
    try (Opened<I> quantized = opener.open(directory)) {
      OutputComparison.Result result =
          OutputComparison.of(original, quantized.graph())
              .progress(progress)
              .cancellation(cancellation)
              .run(inputs);
      List<Measure.Part> energies =
          result.energies().stream()
              .map(energy -> new Measure.Part(energy.signal(), energy.noise()))
              .toList();
      return new Measures(
          List.of(
              new Measure(SQNR, result.sqnr(), Measure.Form.DECIBELS, energies),
              Measure.of(WORST_SQNR, result.worst())),
          OptionalDouble.empty());
    }
  }
}
