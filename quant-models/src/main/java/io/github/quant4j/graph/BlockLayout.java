// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.graph;

import java.util.List;

/**
 * What a block consists of, known without its weights.
 *
 * @param name the block's name in the checkpoint, for example {@code model.layers.0}
 * @param groups the site groups in the order in which they run; within a block, a group's input may
 *     depend on all groups before it and on none after it
 * @param outFeatures the width of the block's output; that of its input unless it is a head
 * @param carried floats that a pass keeps for each token beside the stream and a group's input,
 *     such as the common input of experts
 */
public record BlockLayout(String name, List<SiteGroup> groups, int outFeatures, int carried) {

  /**
   * A block that keeps nothing beside the stream and a group's input.
   *
   * @param name the block's name in the checkpoint
   * @param groups the site groups in the order in which they run
   * @param outFeatures the width of the block's output
   */
  public BlockLayout(String name, List<SiteGroup> groups, int outFeatures) {
    this(name, groups, outFeatures, 0);
  }

  /** Copies the groups. */
  public BlockLayout {
    groups = List.copyOf(groups);
  }

  /**
   * All sites.
   *
   * @return in the order of the groups
   */
  public List<LinearSite> sites() {
    return groups.stream().flatMap(group -> group.sites().stream()).toList();
  }
}
