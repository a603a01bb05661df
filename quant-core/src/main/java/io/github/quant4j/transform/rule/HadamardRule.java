// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.transform.rule;

import io.github.quant4j.statistic.StatisticNeed;
import io.github.quant4j.transform.HadamardTransform;
import io.github.quant4j.transform.InputTransform;
import io.github.quant4j.transform.TransformChain;
import java.util.EnumSet;
import java.util.Set;

/**
 * A randomized Hadamard rotation, see {@link HadamardTransform}: the rotations of QuaRot (Ashkboos
 * et al., arXiv 2404.00456). In a model it is folded into the residual stream where its layers
 * allow it (R1) and into the heads of values behind attention (R2), and it runs before layers whose
 * input cannot be rotated beforehand, such as down projections (R4); with {@code online} it runs
 * everywhere, and with {@code folded} nowhere: inputs that cannot be rotated beforehand are then
 * not rotated (R1 and R2 alone), so that the model is one of its family as before.
 *
 * @param block channels of a block, or 0 for the largest that suits the width
 * @param seed of the signs, or {@link HadamardTransform#NO_SIGNS}
 * @param online whether it runs with the model even where it could be folded
 * @param folded whether inputs are rotated only where the rotation can be folded
 */
public record HadamardRule(int block, long seed, boolean online, boolean folded)
    implements TransformRule {

  /**
   * Checks block and seed.
   *
   * @throws IllegalArgumentException if the block is negative, 1 or has no Hadamard matrix, the
   *     seed is below -1, or the rotation is to run everywhere and nowhere
   */
  public HadamardRule {
    if (online && folded) {
      throw new IllegalArgumentException("online and folded, expected one of them");
    }
    if (block != 0) {
      if (block < 2) {
        throw new IllegalArgumentException("block: " + block + ", expected at least 2");
      }
      HadamardTransform.of(block, block, HadamardTransform.NO_SIGNS);
    }
    if (seed < HadamardTransform.NO_SIGNS) {
      throw new IllegalArgumentException("seed: " + seed + ", expected at least 0");
    }
  }

  /**
   * A rotation that is folded where it can be, and runs where it cannot unless it is to run
   * everywhere.
   *
   * @param block channels of a block, or 0 for the largest that suits the width
   * @param seed of the signs, or {@link HadamardTransform#NO_SIGNS}
   * @param online whether it runs with the model even where it could be folded
   */
  public HadamardRule(int block, long seed, boolean online) {
    this(block, seed, online, false);
  }

  /** The rotation; none if it is to be folded, as a layer by itself has nothing to fold it into. */
  @Override
  public InputTransform fit(LayerGroup group, QuantizationTrial trial) {
    return folded ? TransformChain.identity(group.size()) : rotation(group.size());
  }

  /**
   * The rotation, which depends on nothing but the width.
   *
   * @param size channels
   * @return the transform
   * @throws IllegalArgumentException if there is no such rotation of that width
   */
  public HadamardTransform rotation(int size) {
    if (block != 0) {
      return HadamardTransform.of(size, block, seed);
    }
    HadamardTransform rotation = HadamardTransform.of(size, seed);
    if (rotation.block() < 2 && size > 1) {
      throw new IllegalArgumentException(
          label()
              + ": no divisor of the "
              + size
              + " channels has a Hadamard matrix, expected an even number");
    }
    return rotation;
  }

  @Override
  public Set<StatisticNeed> needs(boolean quantizedActivations) {
    return EnumSet.noneOf(StatisticNeed.class);
  }

  @Override
  public boolean isOnline() {
    return online;
  }

  @Override
  public boolean mixesChannels() {
    return true;
  }

  @Override
  public void requireWidth(int channels) {
    if (!folded) {
      rotation(channels);
    }
  }

  @Override
  public String label() {
    return TransformSteps.HADAMARD.label(this);
  }
}
