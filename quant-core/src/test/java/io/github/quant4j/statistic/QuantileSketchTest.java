// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.statistic;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.testing.SeededRandom;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class QuantileSketchTest {
  private static final double[] SHARES = {0, 0.0005, 0.01, 0.3, 0.5, 0.77, 0.99, 0.9999, 1};

  /** Heavy tails, many magnitudes, both signs, zeros. */
  private static FloatMatrix values(SeededRandom random, int count) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      double tail = Math.exp(4 * random.nextGaussian());
      values[i] = random.nextInt(0, 20) == 0 ? 0 : (float) (random.nextGaussian() * tail);
    }
    return FloatMatrix.wrap(1, count, values);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void quantilesAreThoseOfTheSortedValues(long seed) {
    SeededRandom random = new SeededRandom(seed);
    FloatMatrix values = values(random, random.nextInt(1, 20_000));
    QuantileSketch sketch = QuantileSketch.empty();
    sketch.add(values);
    float[] sorted = values.data().clone();
    float[] magnitudes = sorted.clone();
    for (int i = 0; i < magnitudes.length; i++) {
      magnitudes[i] = Math.abs(magnitudes[i]);
    }
    Arrays.sort(sorted);
    Arrays.sort(magnitudes);
    for (double share : SHARES) {
      int rank = (int) Math.ceil(share * (sorted.length - 1));
      assertClose(sorted[rank], sketch.quantile(share), random + " at " + share);
      assertClose(magnitudes[rank], sketch.magnitudeQuantile(share), random + " at " + share);
    }
  }

  private static void assertClose(float expected, float actual, String context) {
    assertEquals(expected, actual, Math.abs(expected) / 256, context);
  }

  @Test
  void mergedPartsAreTheWhole() {
    SeededRandom random = new SeededRandom(5);
    FloatMatrix first = values(random, 1000);
    FloatMatrix second = values(random, 313);
    QuantileSketch whole = QuantileSketch.empty();
    whole.add(second);
    whole.add(first);
    QuantileSketch merged = QuantileSketch.empty();
    merged.add(first);
    QuantileSketch other = QuantileSketch.empty();
    other.add(second);
    merged.merge(other);
    assertEquals(1313, merged.count());
    for (int i = 0; i <= 1000; i++) {
      assertEquals(whole.quantile(i / 1000.0), merged.quantile(i / 1000.0));
    }
  }

  @Test
  void edges() {
    QuantileSketch sketch = QuantileSketch.empty();
    assertEquals(0, sketch.quantile(0.5f));
    assertEquals(0, sketch.magnitudeQuantile(1));
    sketch.add(FloatMatrix.wrap(1, 3, new float[] {-Float.MAX_VALUE, Float.MAX_VALUE, -0.0f}));
    assertClose(-Float.MAX_VALUE, sketch.quantile(0), "least");
    assertClose(Float.MAX_VALUE, sketch.quantile(1), "largest");
    assertEquals(0, sketch.quantile(0.5));
    assertThrows(IllegalArgumentException.class, () -> sketch.quantile(1.5));
    assertThrows(IllegalArgumentException.class, () -> sketch.magnitudeQuantile(Double.NaN));
  }
}
