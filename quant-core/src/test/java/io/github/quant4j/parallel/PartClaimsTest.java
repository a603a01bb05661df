// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.parallel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(60)
class PartClaimsTest {

  private static PartClaims opened(int shares, int job, int count) {
    PartClaims claims = new PartClaims(shares);
    claims.close(job);
    claims.open(job, count);
    return claims;
  }

  private static List<Integer> takeAll(PartClaims claims, int job, int share) {
    List<Integer> taken = new ArrayList<>();
    for (int part = claims.take(job, share);
        part != PartClaims.NONE;
        part = claims.take(job, share)) {
      taken.add(part);
    }
    return taken;
  }

  @Test
  void eachShareIsTheSameInEachJobAndTheirOwnersComeFirst() {
    PartClaims claims = new PartClaims(3);
    for (int job = 1; job < 4; job++) {
      claims.close(job);
      claims.open(job, 9);
      for (int i = 0; i < 3; i++) {
        assertEquals(3 + i, claims.take(job, 1));
        assertEquals(i, claims.take(job, 0));
        assertEquals(6 + i, claims.take(job, 2));
      }
      assertEquals(PartClaims.NONE, claims.take(job, 0));
    }
  }

  @Test
  void whoIsDoneTakesFromTheNextShares() {
    assertEquals(List.of(4, 5, 6, 7, 0, 1, 2, 3), takeAll(opened(2, 1, 8), 1, 1));
  }

  @ParameterizedTest
  @CsvSource({"1, 0", "1, 5", "2, 1", "4, 2", "4, 3", "3, 100", "7, 65537", "64, 2147483647"})
  void sharesCoverAllPartsWithoutOverlap(int shares, int count) {
    PartClaims claims = opened(shares, 1, count);
    if (count > 1 << 20) {
      int next = claims.take(1, shares - 1);
      assertEquals((int) ((long) count * (shares - 1) / shares), next);
      return;
    }
    List<Integer> taken = takeAll(claims, 1, shares / 2);
    taken.sort(null);
    assertEquals(IntStream.range(0, count).boxed().toList(), taken);
  }

  @Test
  void whoComesLateTakesNothingOfTheNextJob() {
    PartClaims claims = opened(2, 7, 4);
    claims.close(8);
    assertEquals(PartClaims.NONE, claims.take(7, 1), "closed");
    assertEquals(PartClaims.NONE, claims.take(8, 1), "not yet open");
    claims.open(8, 1000);
    assertEquals(PartClaims.NONE, claims.take(7, 1), "the last job is over");
    assertEquals(500, claims.take(8, 1));
  }

  @Test
  void numbersOfJobsMayOverflow() {
    PartClaims claims = opened(2, Integer.MAX_VALUE, 2);
    assertEquals(0, claims.take(Integer.MAX_VALUE, 0));
    claims.close(Integer.MIN_VALUE);
    claims.open(Integer.MIN_VALUE, 2);
    assertEquals(1, claims.take(Integer.MIN_VALUE, 1));
    claims.close(-1);
    claims.open(-1, 2);
    assertEquals(List.of(0, 1), takeAll(claims, -1, 0));
  }

  @Test
  void threadsTakeEachPartOnce() throws InterruptedException {
    int count = 200_000;
    PartClaims claims = opened(4, 1, count);
    AtomicIntegerArray taken = new AtomicIntegerArray(count);
    Thread[] threads = new Thread[4];
    for (int t = 0; t < threads.length; t++) {
      int share = t;
      threads[t] =
          Thread.ofPlatform()
              .start(
                  () -> {
                    for (int part = claims.take(1, share);
                        part != PartClaims.NONE;
                        part = claims.take(1, share)) {
                      taken.incrementAndGet(part);
                    }
                  });
    }
    for (Thread thread : threads) {
      thread.join();
    }
    int[] expected = new int[count];
    Arrays.fill(expected, 1);
    assertArrayEquals(expected, IntStream.range(0, count).map(taken::get).toArray());
  }
}
