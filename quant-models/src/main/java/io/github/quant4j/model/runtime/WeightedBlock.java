// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.runtime;

import io.github.quant4j.graph.Block;
import io.github.quant4j.graph.BlockLayout;
import io.github.quant4j.graph.LinearSite;
import io.github.quant4j.linear.QuantizedLinear;
import org.jspecify.annotations.Nullable;

/**
 * A block of any network whose sites and vectors are {@link BlockWeights}. Closing gives up the
 * weights and the program that runs on them.
 *
 * @param <P> the program
 */
public abstract class WeightedBlock<P> implements Block {
  private final BlockLayout layout;
  private volatile @Nullable Contents<P> contents;

  private record Contents<P>(BlockWeights weights, P program) {}

  /** Puts a block together. */
  protected WeightedBlock(BlockWeights weights, P program) {
    this.layout = weights.layout();
    this.contents = new Contents<>(weights, program);
  }

  private Contents<P> contents() {
    Contents<P> present = contents;
    if (present == null) {
      throw new IllegalStateException("block " + layout.name() + " is closed");
    }
    return present;
  }

  public final BlockWeights weights() {
    return contents().weights;
  }

  public final P program() {
    return contents().program;
  }

  @Override
  public final BlockLayout layout() {
    return layout;
  }

  @Override
  public final QuantizedLinear linear(LinearSite site) {
    return weights().linear(site);
  }

  @Override
  public final void replace(LinearSite site, QuantizedLinear linear) {
    weights().replace(site, linear);
  }

  @Override
  public final float[] vector(String tensor) {
    return weights().vector(tensor).clone();
  }

  @Override
  public final void replaceVector(String tensor, float[] values) {
    weights().replaceVector(tensor, values);
  }

  @Override
  public final void close() {
    contents = null;
  }

  /** The name of the block. */
  @Override
  public final String toString() {
    return layout.name();
  }
}
