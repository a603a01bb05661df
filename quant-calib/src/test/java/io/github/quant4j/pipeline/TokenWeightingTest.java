// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.pipeline;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.graph.SequenceLayout;
import java.util.List;
import org.junit.jupiter.api.Test;

class TokenWeightingTest {
  @Test
  void eachSequenceIsSpreadFromOneToThreeWithMeanOne() {
    // By hand: 1, 2, 3 by their mean 2; a constant sequence weighs 1.
    assertArrayEquals(
        new float[] {0.5f, 1, 1.5f, 1, 1},
        AttentionWeights.of(new float[] {0, 5, 10, 7, 7}, 3, SequenceLayout.of(3, 2)),
        1e-6f);
  }

  @Test
  void givenWeightsFollowTheBatches() {
    TokenWeighting.Given given =
        new TokenWeighting.Given(List.of(new float[] {1, 2}, new float[] {3}, new float[] {4, 0}));
    List<float[]> batches = given.weights(List.of(SequenceLayout.of(2, 1), SequenceLayout.of(2)));
    assertArrayEquals(new float[] {1, 2, 3}, batches.getFirst());
    assertArrayEquals(new float[] {4, 0}, batches.getLast());
    List<SequenceLayout> fewer = List.of(SequenceLayout.of(2, 1));
    List<SequenceLayout> more = List.of(SequenceLayout.of(2, 1, 2, 2));
    assertThrows(IllegalArgumentException.class, () -> given.weights(fewer));
    assertThrows(IllegalArgumentException.class, () -> given.weights(more));
    List<float[]> nothing = List.of(new float[] {0});
    assertThrows(IllegalArgumentException.class, () -> new TokenWeighting.Given(nothing));
    List<float[]> negative = List.of(new float[] {1, -1});
    assertThrows(IllegalArgumentException.class, () -> new TokenWeighting.Given(negative));
  }

  @Test
  void patternsMatchWholeNames() {
    assertTrue(SitePattern.of("*.down_proj").matches("model.layers.3.mlp.down_proj"));
    assertTrue(SitePattern.of("model.layers.?.mlp.*").matches("model.layers.3.mlp.up_proj"));
    assertFalse(SitePattern.of("down_proj").matches("model.layers.3.mlp.down_proj"));
    assertFalse(SitePattern.of("lm.head").matches("lm_head"), "a dot is a dot");
    assertFalse(SitePattern.of("model.layers.?.mlp.*").matches("model.layers.13.mlp.up_proj"));
    assertEquals("lm_head", SitePattern.of(" lm_head ").toString());
    assertThrows(IllegalArgumentException.class, () -> SitePattern.of(" "));
  }
}
