// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.decoder;

import io.github.quant4j.tensor.Shape;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How a token's experts and their gates come from the router's scores.
 *
 * @param scoring what scores are made of before experts are chosen
 * @param used experts of a token
 * @param normalized whether the gates of a token's experts are divided by their sum
 * @param factor what gates are multiplied by
 * @param groups experts are in so many groups of consecutive ones, 1 for none
 * @param groupsUsed a token's experts are in so many of the groups
 * @param groupScore what groups are chosen by
 * @param correction the tensor that is added to the scores to choose by, but not to the gates; null
 *     if there is none
 * @param jitter the margin of {@link Scoring#SPARSE_MIXER}
 * @param scalesInput whether gates multiply what goes into the experts, not what comes out
 */
public record Routing(
    Scoring scoring,
    int used,
    boolean normalized,
    double factor,
    int groups,
    int groupsUsed,
    GroupScore groupScore,
    @Nullable String correction,
    double jitter,
    boolean scalesInput) {

  /** What scores are made of. */
  public enum Scoring {
    /** The softmax over all experts. */
    SOFTMAX,
    /** The sigmoid of each. */
    SIGMOID,
    /**
     * Two experts, one after the other: each gate is a softmax over the experts that are left and
     * whose scores are within a margin of the largest (SparseMixer-v2, arXiv:2409.12136).
     */
    SPARSE_MIXER
  }

  /** What groups of experts are chosen by. */
  public enum GroupScore {
    /** The best expert. */
    BEST,
    /** The sum of the two best. */
    BEST_TWO
  }

  List<VectorShape> vectors(int experts) {
    return correction == null ? List.of() : List.of(new VectorShape(correction, Shape.of(experts)));
  }
}
