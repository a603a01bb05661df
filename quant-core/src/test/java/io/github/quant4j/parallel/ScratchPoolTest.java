// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.parallel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class ScratchPoolTest {

  @Test
  void whatIsGivenBackIsLentAgain() {
    ScratchPool pool = new ScratchPool();
    float[] first = pool.floats(100);
    float[] second = pool.floats(100);
    assertNotSame(first, second);
    pool.release(first);
    assertTrue(pool.floats(101).length >= 101);
    assertSame(first, pool.floats(50));
    assertNotSame(first, pool.floats(50));
  }

  @Test
  void longArraysDisplaceShortOnes() {
    ScratchPool pool = new ScratchPool();
    List<float[]> arrays = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      arrays.add(pool.floats(1));
    }
    arrays.forEach(pool::release);
    float[] longer = pool.floats(1000);
    pool.release(longer);
    assertSame(longer, pool.floats(1000));
  }

  @Test
  void noArrayHasTwoBorrowers() {
    ScratchPool pool = new ScratchPool();
    WorkerTeam team = WorkerTeam.ofThreads(4);
    AtomicInteger clashes = new AtomicInteger();
    for (int round = 0; round < 2_000; round++) {
      team.run(
          8,
          part -> {
            float[] scratch = pool.floats(64);
            for (int i = 0; i < 64; i++) {
              scratch[i] = part;
            }
            for (int i = 0; i < 64; i++) {
              if (scratch[i] != part) {
                clashes.incrementAndGet();
              }
            }
            pool.release(scratch);
          });
    }
    assertEquals(0, clashes.get());
  }
}
