// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.rounding;

import io.github.quant4j.matrix.Grid;
import io.github.quant4j.parallel.WorkerTeam;
import io.github.quant4j.statistic.Gram;
import io.github.quant4j.tensor.FloatMatrix;
import org.jspecify.annotations.Nullable;

/** Round to nearest (RTN): each weight on its own; what came before it in a chain is discarded. */
public record NearestRounding() implements Rounding {
  private static final int ROWS_IN_PART = 16;

  @Override
  public byte[] round(
      FloatMatrix weights,
      Grid grid,
      @Nullable Gram gram,
      byte @Nullable [] start,
      WorkerTeam team) {
    int columns = weights.columns();
    float[] data = weights.data();
    byte[] codes = start == null ? new byte[data.length] : start;
    team.run(
        Math.ceilDiv(weights.rows(), ROWS_IN_PART),
        part -> {
          int end = Math.min(weights.rows(), (part + 1) * ROWS_IN_PART);
          for (int row = part * ROWS_IN_PART; row < end; row++) {
            for (int column = 0; column < columns; column++) {
              int at = row * columns + column;
              codes[at] = (byte) grid.encode(row, column, data[at]);
            }
          }
        });
    return codes;
  }

  @Override
  public boolean needsGram() {
    return false;
  }

  @Override
  public String label() {
    return "rtn";
  }
}
