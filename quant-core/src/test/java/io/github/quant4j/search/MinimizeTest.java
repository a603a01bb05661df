// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.search;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.parallel.WorkerTeam;
import io.github.quant4j.testing.SeededRandom;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MinimizeTest {
  @Test
  void theFirstOfEqualCandidatesWins() {
    assertEquals(
        new Minimize.Minimum<>(3, 1.0), Minimize.argmin(List.of(5, 3, 7, 3), x -> x == 3 ? 1 : 2));
    assertEquals(5, Minimize.argmin(List.of(5, 3, 7), x -> 2).argument());
  }

  @Test
  void whatIsNotANumberNeverWins() {
    assertEquals(7, Minimize.argmin(List.of(5, 3, 7), x -> x == 7 ? 9 : Double.NaN).argument());
    assertTrue(Double.isNaN(Minimize.argmin(List.of(5, 3), x -> Double.NaN).error()));
  }

  @Test
  void threadsDoNotChangeTheChoice() {
    List<Double> candidates = Minimize.grid(0, 1, 101);
    for (int threads = 1; threads < 4; threads++) {
      assertEquals(
          0.37,
          Minimize.argmin(candidates, x -> Math.abs(x - 0.3712), WorkerTeam.ofThreads(threads))
              .argument(),
          1e-12);
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void valleysAreFound(long seed) {
    SeededRandom random = new SeededRandom(seed);
    double centre = random.nextDouble() * 4 - 2;
    Minimize.Minimum<Double> grids =
        Minimize.coarseToFine(-2, 2, 9, 8, x -> (x - centre) * (x - centre));
    assertEquals(centre, grids.argument(), 1e-3, random::toString);
    assertEquals((grids.argument() - centre) * (grids.argument() - centre), grids.error(), 1e-15);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void moreRoundsNeverDoWorse(long seed) {
    SeededRandom random = new SeededRandom(seed);
    double a = 3 + 5 * random.nextDouble();
    double last = Double.POSITIVE_INFINITY;
    for (int rounds = 1; rounds < 6; rounds++) {
      double error =
          Minimize.coarseToFine(0, 10, 7, rounds, x -> Math.sin(a * x) + 0.1 * x).error();
      assertTrue(error <= last, random::toString);
      last = error;
    }
  }

  @Test
  void badIntervalsAreRefused() {
    assertThrows(IllegalArgumentException.class, () -> Minimize.argmin(List.of(), x -> 0));
    assertThrows(IllegalArgumentException.class, () -> Minimize.grid(0, 1, 0));
    assertThrows(IllegalArgumentException.class, () -> Minimize.coarseToFine(0, 1, 2, 1, x -> x));
  }
}
