// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.graph;

/** A hook that sees what goes into the linear sites of a model. */
@FunctionalInterface
public interface SiteObserver {

  /**
   * Called once for each group and batch, before the group's sites run, on the thread that runs the
   * model.
   *
   * @param group the sites that read the input
   * @param input the input; valid during the call only
   */
  void observe(SiteGroup group, SiteInput input);

  /**
   * Sees nothing.
   *
   * @return an observer that does nothing
   */
  static SiteObserver none() {
    return (group, input) -> {};
  }
}
