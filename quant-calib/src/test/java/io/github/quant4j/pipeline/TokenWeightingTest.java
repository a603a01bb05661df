// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.pipeline;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.graph.SequenceLayout;
import org.junit.jupiter.api.Test;

class TokenWeightingTest {
  @Test
  void eachSequenceIsSpreadFromOneToThreeWithMeanOne() {
    // By hand: 1, 2, 3 by their mean 2; a constant sequence weighs 1.
    assertArrayEquals(
        new float[] {0.5f, 1, 1.5f, 1, 1},
        TokenWeighting.fromAttention(new float[] {0, 5, 10, 7, 7}, SequenceLayout.of(3, 2)),
        1e-6f);
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
