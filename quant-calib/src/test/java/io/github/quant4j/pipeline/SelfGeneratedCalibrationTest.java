// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.pipeline;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.generate.AutoregressiveModel;
import io.github.quant4j.progress.Cancellation;
import io.github.quant4j.progress.ProgressListener;
import io.github.quant4j.testing.models.ChainModel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class SelfGeneratedCalibrationTest {

  private static int[][] write(AutoregressiveModel model, SelfGeneratedCalibration calibration) {
    return calibration.write(model, ProgressListener.none(), Cancellation.never());
  }

  @Test
  void windowsBeginWithTheBeginTokenAndAreFull() {
    AutoregressiveModel model = ChainModel.random(20, OptionalInt.of(4), List.of(4, 9));
    int[][] windows = write(model, SelfGeneratedCalibration.of(50, 30, 1));
    assertEquals(50, windows.length);
    boolean[] drawn = new boolean[20];
    for (int[] window : windows) {
      assertEquals(30, window.length);
      assertEquals(4, window[0]);
      for (int i = 1; i < 30; i++) {
        drawn[window[i]] = true;
      }
    }
    for (int token = 0; token < 20; token++) {
      assertEquals(token != 4 && token != 9, drawn[token], "token " + token);
    }
  }

  @Test
  void withoutABeginTokenTheFirstIsRandom() {
    AutoregressiveModel model = ChainModel.random(8, OptionalInt.empty(), List.of(0, 3, 7));
    int[][] windows = write(model, SelfGeneratedCalibration.of(600, 2, 1));
    int[] counts = new int[8];
    for (int[] window : windows) {
      counts[window[0]]++;
    }
    for (int token = 0; token < 8; token++) {
      if (token == 0 || token == 3 || token == 7) {
        assertEquals(0, counts[token]);
      } else {
        // 120 expected, standard deviation 10.
        assertTrue(counts[token] > 70 && counts[token] < 170, Arrays.toString(counts));
      }
    }
  }

  @Test
  void theSeedDecidesAndTheBatchDoesNot() {
    AutoregressiveModel model = ChainModel.random(50, OptionalInt.empty(), List.of(2));
    SelfGeneratedCalibration calibration = SelfGeneratedCalibration.of(7, 20, 3);
    int[][] windows = write(model, calibration);
    for (int sideBySide : new int[] {1, 2, 7, 100}) {
      assertArrayEquals(
          windows,
          write(model, new SelfGeneratedCalibration(7, 20, calibration.sampling(), sideBySide)));
    }
    assertFalse(Arrays.deepEquals(windows, write(model, SelfGeneratedCalibration.of(7, 20, 4))));
    assertFalse(Arrays.equals(windows[0], windows[1]));
  }

  @Test
  void progressIsToldAndCancellationHeard() {
    AutoregressiveModel model = ChainModel.random(10, OptionalInt.of(1), List.of());
    List<Long> done = new ArrayList<>();
    SelfGeneratedCalibration.of(20, 5, 1)
        .write(
            model,
            (stage, now, total) -> {
              assertEquals(100, total);
              done.add(now);
            },
            Cancellation.never());
    assertEquals(List.of(32L, 48L, 64L, 80L, 88L, 92L, 96L, 100L), done);
    AtomicInteger asked = new AtomicInteger();
    assertThrows(
        CancellationException.class,
        () ->
            SelfGeneratedCalibration.of(20, 5, 1)
                .write(model, ProgressListener.none(), () -> asked.incrementAndGet() == 3));
    assertEquals(3, asked.get());
  }

  @Test
  void badNumbersAreRefused() {
    assertThrows(IllegalArgumentException.class, () -> SelfGeneratedCalibration.of(0, 5, 1));
    assertThrows(IllegalArgumentException.class, () -> SelfGeneratedCalibration.of(1, 1, 1));
    AutoregressiveModel nothing = ChainModel.random(2, OptionalInt.of(0), List.of(1));
    assertThrows(
        IllegalArgumentException.class, () -> write(nothing, SelfGeneratedCalibration.of(1, 2, 1)));
  }
}
