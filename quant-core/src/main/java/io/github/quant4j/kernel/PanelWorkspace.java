// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernel;

import io.github.quant4j.lane.Lanes;
import io.github.quant4j.parallel.InstancePool;
import io.github.quant4j.parallel.ScratchPool;

/** What a part of a product of {@link WeightPanels} needs, reused: about 90 KiB. */
final class PanelWorkspace {
  /** Tokens that go through a panel together. */
  static final int TOKENS = 16;

  final float[][] sums = new float[TOKENS][WeightPanels.ROWS];
  final float[][] outputs = new float[TOKENS][WeightPanels.ROWS];
  final int[][] totals = new int[TOKENS][WeightPanels.ROWS];
  final long[][] multiples = new long[TOKENS][WeightPanels.ROWS];
  final float[][] columns = new float[Lanes.GROUP][WeightPanels.ROWS];
  final float[] factors = new float[Lanes.GROUP];
  final float[][] tables = new float[Lanes.GROUP][TablePanels.TABLE];
  final float[] scales = new float[WeightPanels.ROWS];
  final float[] zeros = new float[WeightPanels.ROWS];
  final int[] integerZeros = new int[WeightPanels.ROWS];
  final int[] integerScales = new int[WeightPanels.ROWS];

  /** Where they are kept between calls. */
  static final class Pool {
    private final InstancePool<PanelWorkspace> instances = new InstancePool<>(ScratchPool.SLOTS);

    PanelWorkspace borrow() {
      PanelWorkspace workspace = instances.poll();
      return workspace == null ? new PanelWorkspace() : workspace;
    }

    void release(PanelWorkspace workspace) {
      instances.offer(workspace);
    }
  }
}
