// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.format;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.scheme.FormatChoice;
import io.github.quant4j.testing.SeededRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What every format promises, and that the table of a format keeps the same promises. */
class LevelTableTest {

  static Stream<NumberFormat> formats() {
    List<NumberFormat> formats = new ArrayList<>();
    for (int bits = 1; bits <= 8; bits++) {
      formats.add(new IntegerFormat(bits));
      if (bits >= 3) {
        formats.addAll(FormatChoice.minifloats(bits));
      }
    }
    formats.addAll(FormatChoice.bitMod(3));
    formats.addAll(FormatChoice.bitMod(4));
    formats.addAll(
        List.of(
            MiniFloat.FP8_E4M3,
            MiniFloat.FP8_E5M2,
            MiniFloat.FP8_E4M3_FNUZ,
            MiniFloat.FP8_E5M2_FNUZ,
            Codebook.NF4,
            Codebook.TERNARY,
            Codebook.BINARY,
            Codebook.of(-0x1.8p-128f, 0, 0x1.8p-146f, 2, 3e38f)));
    SeededRandom random = new SeededRandom(11);
    for (int size : new int[] {2, 3, 5, 17, 100, 256}) {
      float[] levels = random.gaussians(size);
      Arrays.sort(levels);
      formats.add(Codebook.of(levels));
    }
    return formats.stream();
  }

  /** Levels, middles between them and their neighbours, and random values. */
  private static List<Float> values(NumberFormat format) {
    List<Float> values = new ArrayList<>(List.of(0f, -0f, 1e30f, -1e30f, 1e-30f));
    float[] levels = format.levels();
    SeededRandom random = new SeededRandom(levels.length);
    for (int i = 0; i < levels.length; i++) {
      float middle = i == 0 ? levels[0] : (float) (((double) levels[i - 1] + levels[i]) / 2);
      for (float value : new float[] {levels[i], middle}) {
        values.add(value);
        values.add(Math.nextUp(value));
        values.add(Math.nextDown(value));
      }
      values.add(levels[i] * (1 + random.nextGaussian()));
      values.add(format.maximum() * random.nextGaussian());
    }
    values.removeIf(value -> !Float.isFinite(value));
    values.sort(Float::compare);
    return values;
  }

  @ParameterizedTest
  @MethodSource("formats")
  void nearestIsTheClosestLevel(NumberFormat format) {
    float[] levels = format.levels();
    for (float value : values(format)) {
      float nearest = format.nearest(value);
      double least = Double.POSITIVE_INFINITY;
      for (float level : levels) {
        least = Math.min(least, Math.abs((double) level - value));
      }
      // Boundaries of code books are floats, so a value next to one may go either way.
      double slack = format instanceof Codebook ? 2 * Math.ulp(value) : 0;
      assertEquals(least, Math.abs((double) nearest - value), slack, () -> format + " " + value);
    }
  }

  @ParameterizedTest
  @MethodSource("formats")
  void encodingAgainChangesNothingAndOrderIsKept(NumberFormat format) {
    float last = Float.NEGATIVE_INFINITY;
    for (float value : values(format)) {
      float nearest = format.nearest(value);
      assertEquals(nearest + 0f, format.nearest(nearest) + 0f, () -> format + " " + value);
      assertTrue(nearest >= last, () -> format + " " + value);
      last = nearest;
    }
  }

  @ParameterizedTest
  @MethodSource("formats")
  void neighboursEncloseTheValue(NumberFormat format) {
    float[] levels = format.levels();
    for (float value : values(format)) {
      float below = levels[0];
      float above = levels[levels.length - 1];
      for (float level : levels) {
        below = level <= value ? Math.max(below, level) : below;
        above = level >= value ? Math.min(above, level) : above;
      }
      assertEquals(below + 0f, format.below(value) + 0f, () -> format + " below " + value);
      assertEquals(above + 0f, format.above(value) + 0f, () -> format + " above " + value);
    }
  }

  @ParameterizedTest
  @MethodSource("formats")
  void theTableRoundsAsTheFormatDoes(NumberFormat format) {
    LevelTable table = LevelTable.of(format);
    assertEquals(format.levels().length, table.size());
    for (float value : values(format)) {
      float expected = format.nearest(value) + 0f;
      assertEquals(expected, table.nearest(value) + 0f, () -> format + " " + value);
      assertEquals(
          expected, format.decode(table.encode(value)) + 0f, () -> format + " code of " + value);
      assertEquals(expected, table.level(table.position(value)) + 0f);
      assertEquals(table.encode(value), table.code(table.position(value)));
    }
  }
}
