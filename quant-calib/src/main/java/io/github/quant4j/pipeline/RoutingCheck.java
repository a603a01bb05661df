// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.pipeline;

import io.github.quant4j.graph.Block;
import io.github.quant4j.graph.BlockPass;
import io.github.quant4j.graph.LinearSite;
import io.github.quant4j.graph.SiteGroup;
import io.github.quant4j.graph.SiteInput;
import io.github.quant4j.kernel.KernelOptions;
import io.github.quant4j.kernel.Kernels;
import io.github.quant4j.kernel.LinearKernel;
import io.github.quant4j.layer.LinearReport;
import io.github.quant4j.linear.QuantizedLinear;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What quantization of a router does to the choice of experts, on calibration tokens: the
 * Kullback-Leibler divergence of the softmax of its scores from what it was (EAQuant, arXiv
 * 2506.13329), and the share of experts chosen that are not chosen any more, by the family's own
 * rule of choice. A router beyond a limit of either is kept.
 */
final class RoutingCheck {
  /** The largest mean divergence of a token, in nats. */
  static final double MOST_DIVERGENCE = 0.01;

  /** The largest share of choices that change. */
  static final double MOST_CHANGED = 0.05;

  /** More tokens would not change the verdict. */
  private static final long ENOUGH_TOKENS = 4096;

  private final Block block;
  private final KernelOptions options;

  RoutingCheck(Block block, KernelOptions options) {
    this.block = block;
    this.options = options;
  }

  /**
   * What was found.
   *
   * @param divergence mean of the tokens, in nats
   * @param changed share of choices
   * @param tokens that were looked at
   */
  record Change(double divergence, double changed, long tokens) {
    boolean isAcceptable() {
      return divergence <= MOST_DIVERGENCE && changed <= MOST_CHANGED;
    }

    /** For the report. */
    @Override
    public String toString() {
      return String.format(
          Locale.ROOT,
          "routing: %.2f %% of the choices of experts changed, divergence %.2g nats, on %d tokens",
          100 * changed,
          divergence,
          tokens);
    }
  }

  /** The scores and the choices of one batch. */
  private record Routes(float[] input, int tokens, Map<Integer, BitSet> chosen) {}

  /**
   * Compares two forms of a router; the block has the second one afterwards.
   *
   * @param group the router's group
   * @param flow the calibration batches, on their way through the block
   */
  Change compare(
      int group, LinearSite router, QuantizedLinear exact, QuantizedLinear other, BlockFlow flow) {
    LinearKernel before = Kernels.forLinear(exact, options);
    LinearKernel after = Kernels.forLinear(other, options);
    double divergence = 0;
    long tokens = 0;
    long choices = 0;
    long changed = 0;
    for (int b = 0; b < flow.batches() && tokens < ENOUGH_TOKENS; b++) {
      block.replace(router, exact);
      Routes was = routes(group, flow.begin(b));
      block.replace(router, other);
      Routes is = routes(group, flow.begin(b));
      divergence += divergence(was, before, after);
      tokens += was.tokens;
      for (Map.Entry<Integer, BitSet> expert : was.chosen.entrySet()) {
        BitSet rows = expert.getValue();
        choices += rows.cardinality();
        BitSet lost = (BitSet) rows.clone();
        lost.andNot(is.chosen.getOrDefault(expert.getKey(), new BitSet()));
        changed += lost.cardinality();
      }
    }
    return new Change(
        divergence / Math.max(1, tokens), (double) changed / Math.max(1, choices), tokens);
  }

  private Routes routes(int group, BlockPass pass) {
    while (pass.nextGroup() < group) {
      pass.advance();
    }
    SiteInput input = pass.input();
    float[] rows = input.copy().data();
    Map<Integer, BitSet> chosen = new HashMap<>();
    List<SiteGroup> groups = block.layout().groups();
    while (pass.nextGroup() < groups.size()) {
      int next = pass.nextGroup();
      pass.input()
          .selection()
          .ifPresent(
              selection -> {
                BitSet tokens = new BitSet();
                for (int i = 0; i < selection.count(); i++) {
                  tokens.set(selection.rows()[i]);
                }
                chosen.put(next, tokens);
              });
      pass.advance();
    }
    return new Routes(rows, input.tokens(), chosen);
  }

  private static double divergence(Routes routes, LinearKernel before, LinearKernel after) {
    int experts = before.outFeatures();
    float[] expected = new float[Math.multiplyExact(routes.tokens, experts)];
    float[] actual = new float[expected.length];
    before.multiply(routes.input, 0, routes.tokens, expected, 0);
    after.multiply(routes.input, 0, routes.tokens, actual, 0);
    double sum = 0;
    for (int t = 0; t < routes.tokens; t++) {
      sum += divergence(expected, actual, t * experts, experts);
    }
    return sum;
  }

  /** Of the softmax of one row from that of another. */
  static double divergence(float[] expected, float[] actual, int from, int count) {
    double p = logSum(expected, from, count);
    double q = logSum(actual, from, count);
    double sum = 0;
    for (int i = from; i < from + count; i++) {
      double logP = expected[i] - p;
      sum += Math.exp(logP) * (logP - (actual[i] - q));
    }
    return Math.max(0, sum);
  }

  private static double logSum(float[] values, int from, int count) {
    double largest = Double.NEGATIVE_INFINITY;
    for (int i = from; i < from + count; i++) {
      largest = Math.max(largest, values[i]);
    }
    double sum = 0;
    for (int i = from; i < from + count; i++) {
      sum += Math.exp(values[i] - largest);
    }
    return largest + Math.log(sum);
  }

  /** The report of a router, with what is known of its change. */
  static LinearReport noted(@Nullable Change change, LinearReport report) {
    return report.withNote(
        change == null
            ? "the change of routing was not measured, as there is no calibration"
            : change.toString());
  }

  /** The report of a router that stays as it is. */
  static LinearReport kept(Change change, LinearReport attempt, double bitsPerWeight) {
    String refusal =
        String.format(
            Locale.ROOT,
            "kept as it is: quantized, %s; at most %.0f %% and %.2g nats are accepted",
            change,
            100 * MOST_CHANGED,
            MOST_DIVERGENCE);
    return new LinearReport(
        false,
        Double.NaN,
        0,
        List.of(),
        Double.POSITIVE_INFINITY,
        OptionalDouble.empty(),
        false,
        bitsPerWeight,
        0,
        attempt.tokens(),
        attempt.skippedTokens(),
        attempt.deadChannels(),
        Stream.concat(attempt.notes().stream(), Stream.of(refusal)).toList());
  }
}
