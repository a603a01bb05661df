// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.runtime;

import io.github.quant4j.graph.BlockLayout;
import io.github.quant4j.graph.BlockPass;
import io.github.quant4j.graph.SiteGroup;

/** A pass that counts the groups it has run, and refuses what comes too early or too late. */
public abstract class GroupPass implements BlockPass {
  private final BlockLayout layout;
  private int nextGroup;

  /** Stands before the first group of a block. */
  protected GroupPass(BlockLayout layout) {
    this.layout = layout;
  }

  @Override
  public final int nextGroup() {
    return nextGroup;
  }

  /** The next group. */
  protected final SiteGroup group() {
    if (nextGroup == layout.groups().size()) {
      throw new IllegalStateException("the pass through block " + layout.name() + " is finished");
    }
    return layout.groups().get(nextGroup);
  }

  /** Refuses to give what only all groups together make. */
  protected final void requireFinished() {
    if (nextGroup < layout.groups().size()) {
      throw new IllegalStateException(
          "the pass through block " + layout.name() + " stands before group " + group().name());
    }
  }

  @Override
  public final void advance() {
    group();
    run(nextGroup);
    nextGroup++;
  }

  /** Runs a group's sites and what lies between them and the next group. */
  protected abstract void run(int group);
}
