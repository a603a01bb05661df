// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.graph.SequenceLayout;
import io.github.quant4j.testing.SeededRandom;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class KeyValueCacheTest {
  private static final int HEADS = 2;
  private static final int KEY_WIDTH = 3;
  private static final int VALUE_WIDTH = 2;

  /** A value that no other element has. */
  private static float element(int sequence, int position, int head, int channel) {
    return ((sequence * 1000 + position) * HEADS + head) * 8 + channel;
  }

  private static void fill(float[] rows, int from, SequenceLayout layout, int width, int add) {
    for (int row = 0; row < layout.tokens(); row++) {
      for (int head = 0; head < HEADS; head++) {
        for (int c = 0; c < width; c++) {
          rows[from + (row * HEADS + head) * width + c] =
              element(layout.sequence(row), layout.position(row), head, c + add);
        }
      }
    }
  }

  /** Two texts of many pieces: what a token sees is there, however much was forgotten before. */
  @ParameterizedTest
  @CsvSource({"0, 0", "5, 0", "1, 0", "0, 4", "7, 3", "64, 0"})
  void whatATokenSeesIsKept(int window, int chunk) {
    AttentionForm.Span span = new AttentionForm.Span(window, chunk);
    int capacity = 300;
    int most = 6;
    KeyValueCache cache =
        new KeyValueCache(
            List.of(new KeyValueCache.LayerForm(HEADS, KEY_WIDTH, VALUE_WIDTH, span)),
            2,
            capacity,
            most);
    SeededRandom random = new SeededRandom(window * 31L + chunk);
    while (cache.length(0) < capacity - most && cache.length(1) < capacity - most) {
      int[] lengths = {random.nextInt(0, most + 1), random.nextInt(0, most + 1)};
      SequenceLayout layout = cache.next(lengths);
      int values = layout.tokens() * HEADS * KEY_WIDTH;
      float[] rows = new float[values + layout.tokens() * HEADS * VALUE_WIDTH];
      fill(rows, 0, layout, KEY_WIDTH, 0);
      fill(rows, values, layout, VALUE_WIDTH, 4);
      cache.store(0, layout, rows, 0, values);
      for (int row = 0; row < layout.tokens(); row++) {
        int sequence = layout.sequence(row);
        for (int p = span.earliest(layout.position(row)); p <= layout.position(row); p++) {
          check(cache.view(0), sequence, p, random.toString());
        }
      }
      cache.advance(layout);
    }
    long all = 2L * HEADS * capacity * (KEY_WIDTH + VALUE_WIDTH);
    int seen = span.most();
    long bound =
        span.isLimited()
            ? 2L * HEADS * (KEY_WIDTH + VALUE_WIDTH) * Math.max(2 * seen, seen + most)
            : all;
    assertTrue(cache.size() <= bound, cache.size() + " elements, expected at most " + bound);
  }

  private static void check(
      GroupedAttention.KeyValues kept, int sequence, int position, String what) {
    for (int head = 0; head < HEADS; head++) {
      int key = kept.keyOffset(sequence, head) + position * kept.stride();
      int value = kept.valueOffset(sequence, head) + position * kept.valueStride();
      for (int c = 0; c < KEY_WIDTH; c++) {
        assertEquals(element(sequence, position, head, c), kept.keys()[key + c], what);
      }
      for (int c = 0; c < VALUE_WIDTH; c++) {
        assertEquals(element(sequence, position, head, c + 4), kept.values()[value + c], what);
      }
    }
  }
}
