// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.rounding;

import io.github.quant4j.tensor.FloatMatrix;
import org.jspecify.annotations.Nullable;

/** Round to nearest (RTN): each weight on its own; what came before it in a chain is discarded. */
public record NearestRounding() implements Rounding {
  private static final int ROWS_IN_PART = 16;

  @Override
  public RoundingResult round(RoundingTask task, byte @Nullable [] start) {
    return new RoundingResult(task.grid(), codes(task, start), new RoundingReport.Simple(label()));
  }

  static byte[] codes(RoundingTask task, byte @Nullable [] reuse) {
    FloatMatrix weights = task.weights();
    int columns = weights.columns();
    float[] data = weights.data();
    byte[] codes = reuse == null ? new byte[data.length] : reuse;
    task.compute()
        .team()
        .run(
            Math.ceilDiv(weights.rows(), ROWS_IN_PART),
            part -> {
              int end = Math.min(weights.rows(), (part + 1) * ROWS_IN_PART);
              for (int row = part * ROWS_IN_PART; row < end; row++) {
                task.grid().encodeRow(row, data, row * columns, codes, row * columns);
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
