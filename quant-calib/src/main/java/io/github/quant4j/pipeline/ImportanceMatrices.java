// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.pipeline;

import io.github.quant4j.io.gguf.ImportanceMatrix;
import io.github.quant4j.statistic.Gram;
import io.github.quant4j.statistic.InputStatistics;
import java.util.Map;

/** Importance matrices of llama.cpp, out of what calibration remembers of inputs. */
public final class ImportanceMatrices {
  private ImportanceMatrices() {}

  /**
   * Takes the mean squares of all channels, which are the diagonals of the second moments.
   *
   * @param statistics by the names that the weights have in the importance matrix
   * @return the importance matrix; of weighted tokens the mean squares are weighted too, and the
   *     counts are those of tokens
   * @throws IllegalArgumentException if a moment is not collected, or is not finite
   */
  public static ImportanceMatrix of(Map<String, InputStatistics> statistics) {
    ImportanceMatrix.Builder builder = ImportanceMatrix.builder();
    statistics.forEach((name, input) -> builder.add(name, entry(name, input)));
    return builder.build();
  }

  private static ImportanceMatrix.Entry entry(String name, InputStatistics input) {
    Gram gram =
        input
            .gram()
            .orElseThrow(
                () ->
                    new IllegalArgumentException(
                        "statistics of '" + name + "': " + input + ", expected the moment"));
    float[] sums = gram.diagonal();
    if (gram.weight() > 0) {
      for (int j = 0; j < sums.length; j++) {
        sums[j] = (float) (sums[j] / gram.weight() * gram.tokens());
      }
    }
    try {
      return new ImportanceMatrix.Entry(sums, new long[] {gram.tokens()});
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("statistics of '" + name + "': " + e.getMessage(), e);
    }
  }
}
