// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.linear;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.scheme.QuantScheme;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PairTermTest {
  @ParameterizedTest
  @ValueSource(strings = {"int8:g32:sym", "int4:g32:asym", "fp4e2m1:g32:sym", "int4:g32:sym:i8row"})
  void schemesOfOtherCodesAreRefused(String scheme) {
    IllegalArgumentException refusal =
        assertThrows(
            IllegalArgumentException.class,
            () -> PairTerm.requireWholePairs(QuantScheme.parse(scheme), 2, 64));
    assertTrue(refusal.getMessage().contains("expected symmetric int4"), refusal.getMessage());
  }

  @Test
  void tilesEndBetweenPairs() {
    assertDoesNotThrow(() -> PairTerm.requireWholePairs(QuantScheme.parse("int4:g32:sym"), 2, 64));
    assertThrows(
        IllegalArgumentException.class,
        () -> PairTerm.requireWholePairs(QuantScheme.parse("int4:g7:sym"), 2, 63));
  }
}
