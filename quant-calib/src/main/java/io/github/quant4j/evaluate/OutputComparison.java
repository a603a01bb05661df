// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.evaluate;

import io.github.quant4j.graph.Block;
import io.github.quant4j.graph.BlockModel;
import io.github.quant4j.graph.HiddenStates;
import io.github.quant4j.graph.SiteObserver;
import io.github.quant4j.metric.SignalToNoise;
import io.github.quant4j.progress.Cancellation;
import io.github.quant4j.progress.ProgressListener;
import io.github.quant4j.tensor.FloatMatrix;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;

/**
 * How far the output of a quantized network is from that of the original: what there is to measure
 * where there is no perplexity, as of a speech encoder.
 *
 * <pre>{@code
 * try (SpeechEncoder original = SpeechEncoder.open(Path.of("whisper-base"));
 *     SpeechEncoder quantized = SpeechEncoder.open(Path.of("whisper-base-w8a8"))) {
 *   FloatMatrix speech = original.spectrogram(WaveFile.read(Path.of("unheard.wav")));
 *   double decibels =
 *       OutputComparison.of(original.graph(), quantized.graph()).run(List.of(speech)).sqnr();
 * }
 * }</pre>
 *
 * <p>Both networks are run block by block, with the weights of one block in memory and the states
 * of all inputs. Instances are immutable.
 *
 * @param <I> one input of the networks
 */
public final class OutputComparison<I> {
  private final BlockModel<I> original;
  private final BlockModel<I> quantized;
  private final ProgressListener progress;
  private final Cancellation cancellation;

  /**
   * What a comparison finds.
   *
   * @param sqnr signal to quantization noise of all outputs together, in decibels; infinite if they
   *     agree
   * @param inputs the same of each input's output by itself
   * @param energies those that the ratios of the inputs are of
   */
  public record Result(double sqnr, List<Double> inputs, List<SignalToNoise> energies) {

    /** Copies the lists. */
    public Result {
      inputs = List.copyOf(inputs);
      energies = List.copyOf(energies);
    }

    /**
     * The input that suffers most.
     *
     * @return decibels of the one with the least; infinite if all outputs agree
     */
    public double worst() {
      return inputs.stream().mapToDouble(Double::doubleValue).min().orElse(sqnr);
    }
  }

  private OutputComparison(
      BlockModel<I> original,
      BlockModel<I> quantized,
      ProgressListener progress,
      Cancellation cancellation) {
    this.original = original;
    this.quantized = quantized;
    this.progress = progress;
    this.cancellation = cancellation;
  }

  /**
   * Prepares a comparison.
   *
   * @param original the network whose outputs are right
   * @param quantized the same network, changed
   * @param <I> one input of either
   * @return the comparison, not yet run
   * @throws IllegalArgumentException if the outputs have different widths, or the networks
   *     different numbers of blocks
   */
  public static <I> OutputComparison<I> of(BlockModel<I> original, BlockModel<I> quantized) {
    int expected = original.head().outFeatures();
    int width = quantized.head().outFeatures();
    if (width != expected) {
      throw new IllegalArgumentException(
          "quantized: an output of "
              + width
              + " columns, expected "
              + expected
              + " as the original");
    }
    int blocks = original.blocks().size();
    if (quantized.blocks().size() != blocks) {
      throw new IllegalArgumentException(
          "quantized: "
              + quantized.blocks().size()
              + " blocks, expected "
              + blocks
              + " as the original");
    }
    return new OutputComparison<>(
        original, quantized, ProgressListener.none(), Cancellation.onInterrupt());
  }

  /**
   * The same with a listener.
   *
   * @param listener is told of blocks
   * @return the changed comparison
   */
  public OutputComparison<I> progress(ProgressListener listener) {
    return new OutputComparison<>(original, quantized, listener, cancellation);
  }

  /**
   * The same with another way to stop it.
   *
   * @param changed asked before each input and block, by default whether the calling thread is
   *     interrupted
   * @return the changed comparison
   */
  public OutputComparison<I> cancellation(Cancellation changed) {
    return new OutputComparison<>(original, quantized, progress, changed);
  }

  /**
   * Runs both networks. Inputs that the quantized one was not calibrated on tell most.
   *
   * @param inputs at least one
   * @return how far the outputs are apart
   * @throws IllegalArgumentException if there are no inputs, or one is not of these networks
   * @throws ArithmeticException if an output is not finite; the message says which
   * @throws CancellationException if it was stopped
   */
  public Result run(List<? extends I> inputs) {
    if (inputs.isEmpty()) {
      throw new IllegalArgumentException("inputs: none, expected at least one");
    }
    List<HiddenStates> expected = new ArrayList<>();
    List<HiddenStates> actual = new ArrayList<>();
    for (I input : inputs) {
      expected.add(original.embed(List.of(input)));
      actual.add(quantized.embed(List.of(input)));
    }
    int blocks = original.blocks().size();
    for (int b = 0; b < blocks; b++) {
      try (Block block = original.open(b);
          Block changed = quantized.open(b)) {
        for (int i = 0; i < inputs.size(); i++) {
          cancellation.check();
          expected.set(i, block.run(expected.get(i), SiteObserver.none()));
          actual.set(i, changed.run(actual.get(i), SiteObserver.none()));
        }
      }
      progress.progressed("compare", b + 1, blocks + 1);
    }
    SignalToNoise all = SignalToNoise.NONE;
    List<SignalToNoise> each = new ArrayList<>();
    try (Block head = original.openHead();
        Block changed = quantized.openHead()) {
      for (int i = 0; i < inputs.size(); i++) {
        cancellation.check();
        SignalToNoise energies =
            SignalToNoise.of(
                output(head, expected.get(i), "original", i),
                output(changed, actual.get(i), "quantized", i));
        each.add(energies);
        all = all.plus(energies);
      }
    }
    progress.progressed("compare", blocks + 1, blocks + 1);
    return new Result(all.decibels(), each.stream().map(SignalToNoise::decibels).toList(), each);
  }

  private static FloatMatrix output(Block head, HiddenStates states, String network, int input) {
    FloatMatrix output = head.run(states, SiteObserver.none()).values();
    if (!output.isFinite()) {
      throw new ArithmeticException(
          "the output of the " + network + " network on input " + input + " is not finite");
    }
    return output;
  }
}
