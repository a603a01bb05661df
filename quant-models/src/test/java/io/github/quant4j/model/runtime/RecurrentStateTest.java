// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.graph.SequenceLayout;
import java.util.List;
import org.junit.jupiter.api.Test;

class RecurrentStateTest {
  private static KeyValueCache cache() {
    return new KeyValueCache(
        List.of(
            new RecurrentState.Form(6, 4),
            new KeyValueCache.LayerForm(2, 3, 5, AttentionForm.Span.ALL)),
        2,
        10,
        10);
  }

  @Test
  void layersKeepWhatTheirFormSays() {
    KeyValueCache cache = cache();
    assertEquals(2 * (6 + 4) + 2 * 10 * 2 * (3 + 5), cache.size());
    assertEquals(12, cache.recurrent(0).states().length);
    assertEquals(6, cache.recurrent(0).stateOffset(1));
    assertEquals(4, cache.recurrent(0).inputOffset(1));
    assertThrows(IllegalStateException.class, () -> cache.recurrent(1));
    assertThrows(IllegalStateException.class, () -> cache.view(0));
  }

  @Test
  void aBatchThatWasNotFinishedSpoilsTheState() {
    KeyValueCache cache = cache();
    SequenceLayout first = cache.next(new int[] {3, 0});
    cache.recurrent(0).begin(first);
    cache.advance(first);
    SequenceLayout second = cache.next(new int[] {1, 2});
    cache.recurrent(0).begin(second);
    // The batch fails in a later layer, so that nothing is advanced.
    SequenceLayout again = cache.next(new int[] {1, 2});
    IllegalStateException e =
        assertThrows(IllegalStateException.class, () -> cache.recurrent(0).begin(again));
    assertTrue(
        e.getMessage().contains("sequence 0 goes on at position 3, but its recurrent state"),
        e.getMessage());
  }
}
