// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.runtime;

import io.github.quant4j.parallel.WorkerTeam;

/** Splits work on the rows of an activation matrix over threads. */
public final class RowParts {
  /** Enough work to be worth handing over, few enough rows for two threads to share a window. */
  private static final int ROWS = 16;

  private RowParts() {}

  /** Work on one row. */
  public interface RowTask {
    void run(int row);
  }

  public static void run(WorkerTeam team, int rows, RowTask task) {
    team.run(
        Math.ceilDiv(rows, ROWS),
        part -> {
          int to = Math.min(rows, (part + 1) * ROWS);
          for (int row = part * ROWS; row < to; row++) {
            task.run(row);
          }
        });
  }
}
