// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.runtime;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.model.runtime.Rotary.Pairing;
import io.github.quant4j.testing.SeededRandom;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class RotaryTableTest {
  private static final RotaryScaling.Dynamic DYNAMIC = new RotaryScaling.Dynamic(2, 32);

  private static final RotaryScaling.LongRope LONG =
      new RotaryScaling.LongRope(
          List.of(1.0, 1.5, 2.0, 2.5), List.of(2.0, 3.0, 5.0, 9.0), 32, 1.25);

  private static Rotary eight(RotaryScaling scaling) {
    return new Rotary(8, 10_000, scaling, Pairing.HALVES);
  }

  /** Complex multiplication of each pair in float64, with frequencies that are exact. */
  private static void assertRotated(
      float[] before, float[] after, int offset, int position, Pairing pairing, int width) {
    for (int i = 0; i < width / 2; i++) {
      boolean isHalves = pairing != Pairing.INTERLEAVED;
      int first = offset + (isHalves ? i : 2 * i);
      int second = offset + (isHalves ? width / 2 + i : 2 * i + 1);
      int direction = pairing == Pairing.HALVES_BACKWARD ? -1 : 1;
      double angle = direction * position * Math.pow(10_000, -2.0 * i / width);
      double real = before[first] * Math.cos(angle) - before[second] * Math.sin(angle);
      double imaginary = before[first] * Math.sin(angle) + before[second] * Math.cos(angle);
      assertEquals(real, after[first], 2e-4, "channel " + first);
      assertEquals(imaginary, after[second], 2e-4, "channel " + second);
    }
  }

  /** The rotated channels are the first 12 of a head of 20 that lies in the middle of an array. */
  @ParameterizedTest
  @EnumSource(Pairing.class)
  void pairsTurnByTheirAngleAndTheRestOfTheHeadStays(Pairing pairing) {
    SeededRandom random = new SeededRandom(7);
    RotaryTable table = new RotaryTable(new Rotary(12, 10_000, new RotaryScaling.None(), pairing));
    for (int position : new int[] {0, 1, 17, 511, 512, 700}) {
      float[] before = new float[40];
      for (int i = 0; i < before.length; i++) {
        before[i] = random.nextGaussian();
      }
      float[] after = before.clone();
      table.upTo(position + 1).rotate(position, after, 9);
      assertRotated(before, after, 9, position, pairing, 12);
      assertArrayEquals(Arrays.copyOf(before, 9), Arrays.copyOf(after, 9));
      assertArrayEquals(Arrays.copyOfRange(before, 21, 40), Arrays.copyOfRange(after, 21, 40));
    }
  }

  /** The definition in float64: the base of the whole length, for all positions. */
  @ParameterizedTest
  @CsvSource({"1", "31", "32", "33", "40", "1000"})
  void dynamicBasesFollowTheWholeLength(int length) {
    RotaryTable.Angles angles = new RotaryTable(eight(DYNAMIC)).upTo(length);
    double base = length <= 32 ? 10_000 : 10_000 * Math.pow(2 * length / 32.0 - (2 - 1), 8 / 6.0);
    for (int position = 0; position < length; position++) {
      for (int i = 0; i < 4; i++) {
        double angle = position * Math.pow(base, -i / 4.0);
        assertEquals(Math.cos(angle), angles.cosines()[position * 4 + i], 2e-4);
        assertEquals(Math.sin(angle), angles.sines()[position * 4 + i], 2e-4);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"1, short", "32, short", "33, long", "600, long"})
  void longRopeHasFactorsForTheWholeLength(int length, String which) {
    RotaryTable.Angles angles = new RotaryTable(eight(LONG)).upTo(length);
    List<Double> factors = which.equals("short") ? LONG.shortFactors() : LONG.longFactors();
    for (int position = 0; position < length; position++) {
      for (int i = 0; i < 4; i++) {
        double angle = position * Math.pow(10_000, -i / 4.0) / factors.get(i);
        assertEquals(1.25 * Math.cos(angle), angles.cosines()[position * 4 + i], 2e-4);
        assertEquals(1.25 * Math.sin(angle), angles.sines()[position * 4 + i], 2e-4);
      }
    }
  }

  private static void assertSameRows(Rotary rotary, RotaryTable.Angles found, int length) {
    RotaryTable.Angles alone = new RotaryTable(rotary).upTo(length);
    int end = length * alone.pairs();
    assertArrayEquals(Arrays.copyOf(alone.cosines(), end), Arrays.copyOf(found.cosines(), end));
    assertArrayEquals(Arrays.copyOf(alone.sines(), end), Arrays.copyOf(found.sines(), end));
  }

  @Test
  void whatWasAskedForBeforeChangesNothing() {
    SeededRandom random = new SeededRandom(3);
    for (RotaryScaling scaling : List.of(DYNAMIC, LONG, new RotaryScaling.None())) {
      RotaryTable table = new RotaryTable(eight(scaling));
      for (int round = 0; round < 60; round++) {
        int length = random.nextInt(1, 90);
        assertSameRows(eight(scaling), table.upTo(length), length);
      }
    }
  }

  @Test
  void theLastTwoLengthsAreKept() {
    RotaryTable table = new RotaryTable(eight(DYNAMIC));
    RotaryTable.Angles forty = table.upTo(40);
    RotaryTable.Angles fifty = table.upTo(50);
    assertSame(forty, table.upTo(40));
    assertSame(fifty, table.upTo(50));
    table.upTo(60);
    assertSame(fifty, table.upTo(50));
    assertEquals(50, fifty.positions());
    assertNotEquals(fifty.cosines()[5], forty.cosines()[5]);
  }

  /** A table that all lengths share is computed once for many of them. */
  @Test
  void sharedTablesGrowInSteps() {
    RotaryTable table = new RotaryTable(eight(new RotaryScaling.None()));
    assertSame(table.upTo(1), table.upTo(512));
    assertSame(table.upTo(513), table.upTo(1024));
    RotaryTable longer = new RotaryTable(eight(LONG));
    assertSame(longer.upTo(33), longer.upTo(512));
    assertNotSame(longer.upTo(32), longer.upTo(33));
  }

  @Test
  void threadsGetTheTableOfTheirLength() throws Exception {
    Rotary rotary = eight(DYNAMIC);
    RotaryTable table = new RotaryTable(rotary);
    List<Callable<Void>> tasks =
        IntStream.range(0, 8)
            .<Callable<Void>>mapToObj(
                thread ->
                    () -> {
                      for (int round = 0; round < 200; round++) {
                        int length = 20 + (thread * 7 + round) % 40;
                        assertSameRows(rotary, table.upTo(length), length);
                      }
                      return null;
                    })
            .toList();
    try (ExecutorService threads = Executors.newFixedThreadPool(4)) {
      for (Future<Void> done : threads.invokeAll(tasks)) {
        done.get();
      }
    }
  }

  /** By hand: ln 40 = 3.688879..., of which the published model takes 0.0707. */
  @Test
  void deepSeeksSoftmaxIsScaledBySquaredMagnitudes() {
    double attention = RotaryScaling.Yarn.defaultAttentionFactor(40, 0.707, 0.707);
    assertEquals(1, attention);
    assertEquals(
        1.5896262, new RotaryScaling.Yarn(40, 4096, 32, 1, true, 1, 0.707).softmaxFactor(), 1e-6);
    assertEquals(1, new RotaryScaling.Yarn(40, 4096, 32, 1, true, 1, 0).softmaxFactor());
    assertEquals(1, new RotaryScaling.Yarn(1, 4096, 32, 1, true, 1, 0.707).softmaxFactor());
    assertEquals(1.3688879, RotaryScaling.Yarn.defaultAttentionFactor(40, 0, 0), 1e-6);
    assertEquals(1.3688879, RotaryScaling.Yarn.defaultAttentionFactor(40, 0.707, 0), 1e-6);
    assertEquals(
        1.3688879 / 1.2608037, RotaryScaling.Yarn.defaultAttentionFactor(40, 1, 0.707), 1e-6);
  }

  @Test
  void partsThatDoNotFitAreRefused() {
    RotaryScaling none = new RotaryScaling.None();
    assertRefused("width", () -> new Rotary(7, 10_000, none, Pairing.HALVES));
    assertRefused("width", () -> new Rotary(0, 10_000, none, Pairing.HALVES));
    assertRefused("theta", () -> new Rotary(8, 0, none, Pairing.HALVES));
    assertRefused("theta", () -> new Rotary(8, Double.NaN, none, Pairing.HALVES));
    assertRefused("width", () -> new Rotary(2, 10_000, DYNAMIC, Pairing.HALVES));
    assertRefused(
        "width", () -> new Rotary(2, 10_000, new RotaryScaling.Stretched(50), Pairing.HALVES));
    assertRefused("shortFactors", () -> new Rotary(6, 10_000, LONG, Pairing.HALVES));
    assertRefused(
        "theta",
        () -> new Rotary(8, 1, new RotaryScaling.Yarn(4, 64, 32, 1, true, 1, 0), Pairing.HALVES));
  }

  private static void assertRefused(String argument, Callable<Rotary> made) {
    String message = assertThrows(IllegalArgumentException.class, made::call).getMessage();
    assertTrue(message.startsWith(argument + ": expected "), message);
  }
}
