// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.parallel;

import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.testing.SeededRandom;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

class ScratchPoolTest {
  @Test
  void arraysAreAtLeastAsLongAsAskedForAndAtMostAQuarterLongerAndTheGap() {
    ScratchPool pool = new ScratchPool();
    SeededRandom random = new SeededRandom(41);
    for (int i = 0; i < 2_000; i++) {
      int length = i < 600 ? i : random.nextInt(0, 1 << 20);
      int got = pool.floats(length).length;
      assertTrue(got >= length, () -> length + " gave " + got);
      assertTrue(got <= Math.max(256, length * 1.25 + 1) + 32, () -> length + " gave " + got);
    }
  }

  @Test
  void behindEachArrayIsAGapOfTwoCacheLines() {
    ScratchPool pool = new ScratchPool();
    for (int length = 1; length < 3_000; length++) {
      assertTrue(pool.floats(length).length >= length + 32, "floats");
      assertTrue(pool.ints(length).length >= length + 32, "ints");
      assertTrue(pool.shorts(length).length >= length + 64, "shorts");
      assertTrue(pool.bytes(length).length >= length + 128, "bytes");
    }
  }

  @Test
  void whatWasGivenBackIsLentAgain() {
    ScratchPool pool = new ScratchPool();
    float[] floats = pool.floats(1000);
    int[] ints = pool.ints(1000);
    short[] shorts = pool.shorts(1000);
    byte[] bytes = pool.bytes(1000);
    assertNotSame(floats, pool.floats(1000), "an array that is lent is not lent again");
    pool.release(floats);
    pool.release(ints);
    pool.release(shorts);
    pool.release(bytes);
    assertSame(floats, pool.floats(1001));
    assertSame(ints, pool.ints(999));
    assertSame(shorts, pool.shorts(1000));
    assertSame(bytes, pool.bytes(1000));
  }

  @Test
  void keepsABoundedNumber() {
    InstancePool<Object> pool = new InstancePool<>(4);
    for (int i = 0; i < 10; i++) {
      pool.offer(new Object());
    }
    Set<Object> seen = Collections.newSetFromMap(new IdentityHashMap<>());
    for (int i = 0; i < 4; i++) {
      assertTrue(seen.add(pool.poll()));
    }
    assertNull(pool.poll());
    assertThrows(IllegalArgumentException.class, () -> new InstancePool<>(3));
    assertThrows(IllegalArgumentException.class, () -> new InstancePool<>(0));
  }

  @Test
  void twoThreadsNeverHoldTheSameArray() throws Exception {
    ScratchPool pool = new ScratchPool();
    try (ExecutorService executor = Executors.newFixedThreadPool(4)) {
      List<Future<Boolean>> results = new ArrayList<>();
      for (int t = 0; t < 4; t++) {
        int mark = t + 1;
        Callable<Boolean> work =
            () -> {
              for (int i = 0; i < 20_000; i++) {
                int[] array = pool.ints(300 + (i & 3) * 100);
                array[0] = mark;
                array[array.length - 1] = mark;
                Thread.onSpinWait();
                if (array[0] != mark || array[array.length - 1] != mark) {
                  return false;
                }
                pool.release(array);
              }
              return true;
            };
        results.add(executor.submit(work));
      }
      for (Future<Boolean> result : results) {
        assertTrue(result.get(), "another thread wrote to a borrowed array");
      }
    }
  }
}
