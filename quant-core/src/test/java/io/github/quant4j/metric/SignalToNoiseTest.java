// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.metric;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.tensor.FloatMatrix;
import org.junit.jupiter.api.Test;

class SignalToNoiseTest {

  @Test
  void energiesAreCompared() {
    FloatMatrix reference = FloatMatrix.of(new float[][] {{3, 4}, {0, 0}});
    FloatMatrix actual = FloatMatrix.of(new float[][] {{3, 4}, {0.5f, 0}});
    assertEquals(20, SignalToNoise.decibels(reference, actual), 1e-12);
    FloatMatrix twice = FloatMatrix.of(new float[][] {{6, 8}, {0, 0}});
    assertEquals(0, SignalToNoise.decibels(reference, twice), 1e-12);
    assertEquals(Double.POSITIVE_INFINITY, SignalToNoise.decibels(reference, reference.copy()));
    twice.put(0, 0, Float.NaN);
    assertTrue(Double.isNaN(SignalToNoise.decibels(reference, twice)));
  }

  @Test
  void energiesAddUp() {
    FloatMatrix loud = FloatMatrix.of(new float[][] {{30, 40}});
    FloatMatrix quiet = FloatMatrix.of(new float[][] {{3, 4}});
    SignalToNoise first = SignalToNoise.of(loud, FloatMatrix.of(new float[][] {{30, 39}}));
    SignalToNoise second = SignalToNoise.of(quiet, FloatMatrix.of(new float[][] {{5, 4}}));
    assertEquals(new SignalToNoise(2525, 5), first.plus(second).plus(SignalToNoise.NONE));
    assertEquals(10 * Math.log10(505), first.plus(second).decibels(), 1e-12);
  }

  @Test
  void otherShapesAreRefused() {
    String message =
        assertThrows(
                IllegalArgumentException.class,
                () -> SignalToNoise.decibels(FloatMatrix.zeros(2, 3), FloatMatrix.zeros(3, 2)))
            .getMessage();
    assertTrue(message.contains("[2, 3]") && message.contains("[3, 2]"), message);
  }
}
