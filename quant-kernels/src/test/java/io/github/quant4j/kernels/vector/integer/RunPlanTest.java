// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector.integer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.testing.SeededRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RunPlanTest {
  private static final int LIMIT = 100;

  @ParameterizedTest
  @CsvSource({"1, 1, 1", "1, 5, 4", "2, 3, 7", "4, 8, 2", "4, 1, 30", "3, 6, 1"})
  void runsAreTheLongestThatStayWithinTheBound(int tokens, int segments, int unitsInSegment) {
    for (int seed = 0; seed < 20; seed++) {
      SeededRandom random = new SeededRandom(seed);
      int units = segments * unitsInSegment;
      SegmentLayout layout = new SegmentLayout(units * 8, unitsInSegment * 8, units * 8, 8);
      Tile tile = new Tile();
      tile.tokens = tokens;
      tile.offset = 2;
      tile.planAt = 3;
      tile.starts = new int[2 + segments * tokens];
      // Every fifth unit or so exceeds the bound and comes in two pieces.
      int most = 2 * units;
      tile.operands = new int[3 + RunPlan.length(segments, most, tokens)];
      int[] unitOf = new int[most];
      int[][] magnitudes = new int[most][tokens];
      int[][] biases = new int[most][tokens];
      int pieces = 0;
      for (int unit = 0; unit < units; unit++) {
        int parts = random.nextInt(0, 5) == 0 ? 2 : 1;
        for (int i = 0; i < parts; i++) {
          unitOf[pieces] = unit;
          RunPlan.setUnit(tile, layout, pieces, unit);
          for (int t = 0; t < tokens; t++) {
            magnitudes[pieces][t] = parts > 1 ? RunPlan.ALONE : random.nextInt(0, LIMIT + 1);
            biases[pieces][t] = random.nextInt(0, 1000);
            RunPlan.setToken(tile, layout, pieces, t, biases[pieces][t], magnitudes[pieces][t]);
          }
          pieces++;
        }
      }

      RunPlan.join(tile, layout, pieces, LIMIT);

      String message = "seed " + seed;
      int piece = 0;
      int entry = RunPlan.entriesAt(tile, layout);
      for (int s = 0; s < segments; s++) {
        int[] starts = new int[tokens];
        for (int run = RunPlan.firstRun(tile, s); run < RunPlan.firstRun(tile, s + 1); run++) {
          int at = entry + run * RunPlan.step(tokens);
          int count = tile.operands[at + RunPlan.PIECES];
          assertEquals(piece, tile.operands[at + RunPlan.PIECE], message);
          assertEquals(unitOf[piece], tile.operands[at + RunPlan.UNIT], message);
          assertEquals(s, tile.operands[at + RunPlan.SEGMENT], message);
          for (int t = 0; t < tokens; t++) {
            int bias = 0;
            int magnitude = 0;
            for (int i = piece; i < piece + count; i++) {
              bias += biases[i][t];
              magnitude += magnitudes[i][t];
            }
            assertEquals(bias, tile.operands[at + RunPlan.BIAS + t], message);
            assertTrue(count == 1 || magnitude <= LIMIT, message);
            starts[t] -= bias;
          }
          piece += count;
          if (piece < pieces && unitOf[piece] / unitsInSegment == s) {
            boolean isFull = false;
            for (int t = 0; t < tokens; t++) {
              int magnitude = 0;
              for (int i = piece - count; i <= piece; i++) {
                magnitude += magnitudes[i][t];
              }
              isFull |= magnitude > LIMIT;
            }
            assertTrue(isFull, message);
          }
        }
        for (int t = 0; t < tokens; t++) {
          assertEquals(starts[t], tile.starts[2 + s * tokens + t], message);
        }
      }
      assertEquals(pieces, piece, message);
    }
  }
}
