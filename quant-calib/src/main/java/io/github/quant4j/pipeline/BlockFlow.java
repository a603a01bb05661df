// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.pipeline;

import io.github.quant4j.graph.Block;
import io.github.quant4j.graph.BlockPass;
import io.github.quant4j.graph.SiteGroup;
import io.github.quant4j.graph.SiteInput;
import io.github.quant4j.kernel.KernelOptions;
import io.github.quant4j.layer.LayerInput;
import io.github.quant4j.progress.Cancellation;
import io.github.quant4j.statistic.StatisticNeed;
import io.github.quant4j.tensor.FloatMatrix;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * All calibration batches on their way through one block. As many passes as there is room for halt
 * before a group and go on from there; the others begin anew each time, which gives the same
 * numbers and takes more time.
 */
final class BlockFlow {
  private final Block block;
  private final CalibrationStates states;
  private final KernelOptions options;
  private final Cancellation cancellation;
  private final @Nullable BlockPass[] held;
  private final List<Optional<float[]>> given;
  private @Nullable List<Optional<float[]>> attention;

  /**
   * Begins before the first group.
   *
   * @param room bytes of heap that passes may take
   */
  BlockFlow(
      Block block,
      CalibrationStates states,
      TokenWeighting weighting,
      long room,
      KernelOptions options,
      Cancellation cancellation) {
    this.block = block;
    this.states = states;
    this.options = options;
    this.cancellation = cancellation;
    this.given = given(weighting);
    int fitting = 0;
    long left = room - bytesOf(0);
    while (fitting < states.batches() && left >= bytesOf(fitting)) {
      left -= bytesOf(fitting);
      fitting++;
    }
    this.held = new BlockPass[fitting];
  }

  /** The given weights of each batch, or empty where all tokens count alike. */
  private List<Optional<float[]>> given(TokenWeighting weighting) {
    return switch (weighting) {
      case TokenWeighting.Uniform() -> Collections.nCopies(states.batches(), Optional.empty());
      case TokenWeighting.Given weights ->
          weights.weights(states.layouts()).stream().map(Optional::of).toList();
    };
  }

  /** The attention that the tokens of each batch receive; empty in blocks without attention. */
  private List<Optional<float[]>> attention() {
    List<Optional<float[]>> known = attention;
    if (known == null) {
      known = new ArrayList<>();
      for (int b = 0; b < states.batches(); b++) {
        cancellation.check();
        known.add(block.attentionReceived(states.batch(b)));
      }
      attention = known;
    }
    return known;
  }

  private float @Nullable [] weights(int batch, double attentionWeight) {
    float[] chosen = given.get(batch).orElse(null);
    if (attentionWeight <= 1) {
      return chosen;
    }
    Optional<float[]> received = attention().get(batch);
    if (received.isEmpty()) {
      return chosen;
    }
    float[] weights =
        AttentionWeights.of(received.get(), attentionWeight, states.layouts().get(batch));
    for (int t = 0; chosen != null && t < weights.length; t++) {
      weights[t] *= chosen[t];
    }
    return weights;
  }

  private long bytesOf(int batch) {
    return passBytes(block, states.width(), states.layouts().get(batch).tokens());
  }

  /** What a pass takes, see {@link BlockPass}. */
  static long passBytes(Block block, int width, long tokens) {
    int widest = block.layout().groups().stream().mapToInt(SiteGroup::inFeatures).max().orElse(0);
    long stream = Math.max(width, block.layout().outFeatures());
    return tokens * Float.BYTES * (stream + widest + block.layout().carried());
  }

  /** How many batches there are. */
  int batches() {
    return states.batches();
  }

  /** A pass of a batch from the beginning, which is not held. */
  BlockPass begin(int batch) {
    cancellation.check();
    return block.begin(states.batch(batch), false);
  }

  /** A batch's pass, halted before a group that it has not passed yet. */
  private BlockPass passAt(int batch, int group) {
    BlockPass pass = batch < held.length ? held[batch] : null;
    if (pass == null) {
      pass = block.begin(states.batch(batch), false);
      if (batch < held.length) {
        held[batch] = pass;
      }
    }
    while (pass.nextGroup() < group) {
      pass.advance();
    }
    return pass;
  }

  /**
   * What there is to know of a group's input, with the groups before it as they are now.
   *
   * @param attentionWeight see {@link io.github.quant4j.recipe.Recipe#attentionWeight()}
   */
  LayerInput observe(int group, Set<StatisticNeed> needs, double attentionWeight) {
    return observe(group, needs, attentionWeight, null);
  }

  /**
   * The same with what quantization has done to the input, if that is needed.
   *
   * @param given the same batches on their way through the block as it was given; null if what
   *     quantization has done is not wanted
   */
  LayerInput observe(
      int group, Set<StatisticNeed> needs, double attentionWeight, @Nullable BlockFlow given) {
    int width = block.layout().groups().get(group).inFeatures();
    InputObserver observer = new InputObserver(width, needs, options.compute());
    @Nullable UpstreamObserver upstream = null;
    for (int b = 0; b < states.batches(); b++) {
      cancellation.check();
      BlockPass pass = passAt(b, group);
      float[] weights = weights(b, attentionWeight);
      observer.add(pass.input(), weights);
      if (given != null && needs.contains(StatisticNeed.CROSS_MOMENT)) {
        if (upstream == null) {
          upstream = new UpstreamObserver(width, residualWidth(pass, needs), options.compute());
        }
        upstream.add(pass, given.passAt(b, group), weights);
      }
    }
    LayerInput known = observer.result();
    return upstream == null ? known : known.withUpstreamError(upstream.result());
  }

  /** Channels of the residual stream; 0 if it is not asked for or passes do not show it. */
  private static int residualWidth(BlockPass pass, Set<StatisticNeed> needs) {
    return needs.contains(StatisticNeed.RESIDUAL_MOMENT)
        ? pass.residual().map(SiteInput::width).orElse(0)
        : 0;
  }

  /**
   * Takes the passes that are held through a group, as it is now. What they hold is the group's
   * input as it was computed; sites that are folded afterwards expect another one.
   */
  void pass(int group) {
    for (int b = 0; b < held.length; b++) {
      cancellation.check();
      passAt(b, group + 1);
    }
  }

  /** A batch's output, with all groups as they are now; its pass is given up. */
  FloatMatrix output(int batch) {
    cancellation.check();
    BlockPass pass = passAt(batch, block.layout().groups().size());
    if (batch < held.length) {
      held[batch] = null;
    }
    return pass.output().values();
  }
}
