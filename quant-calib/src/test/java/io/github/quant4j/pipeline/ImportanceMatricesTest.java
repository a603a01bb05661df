// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.pipeline;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.io.gguf.ImportanceMatrix;
import io.github.quant4j.linalg.Compute;
import io.github.quant4j.statistic.InputStatistics;
import io.github.quant4j.tensor.FloatMatrix;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ImportanceMatricesTest {
  private static final FloatMatrix INPUTS =
      FloatMatrix.wrap(3, 2, new float[] {1, -2, 3, 4, -5, 0});

  @Test
  void sumsOfSquaresAreTheDiagonalOfTheMoment() {
    InputStatistics statistics = InputStatistics.withGram(2);
    statistics.add(INPUTS, Compute.scalar());
    ImportanceMatrix matrix = ImportanceMatrices.of(Map.of("w", statistics));
    ImportanceMatrix.Entry entry = matrix.find("w").orElseThrow();
    assertArrayEquals(new float[] {35, 20}, entry.sums());
    assertArrayEquals(new long[] {3}, entry.counts());
    assertEquals(1, matrix.chunkCount());
  }

  /** Weights 2, 1, 1: the mean square of the first channel is (2 + 9 + 25) / 4. */
  @Test
  void meanSquaresOfWeightedTokensAreWeighted() {
    InputStatistics statistics = InputStatistics.withGram(2);
    statistics.add(INPUTS, new float[] {2, 1, 1}, Compute.scalar());
    ImportanceMatrix matrix = ImportanceMatrices.of(Map.of("w", statistics));
    assertArrayEquals(new float[] {9, 6}, matrix.meanSquares("w", 2, 0).orElseThrow(), 1e-5f);
    assertArrayEquals(new long[] {3}, matrix.find("w").orElseThrow().counts());
  }

  @Test
  void statisticsWithoutMomentAreRefused() {
    Map<String, InputStatistics> statistics = Map.of("w", InputStatistics.ofChannels(2));
    String message =
        assertThrows(IllegalArgumentException.class, () -> ImportanceMatrices.of(statistics))
            .getMessage();
    assertTrue(message.contains("'w'") && message.contains("moment"), message);
  }
}
