// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.evaluate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.linalg.Compute;
import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.testing.SeededRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.commons.math3.linear.Array2DRowRealMatrix;
import org.apache.commons.math3.linear.LUDecomposition;
import org.apache.commons.math3.linear.RealMatrix;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RidgeClassifierTest {

  /** Features with a column that never changes and columns of very different sizes. */
  private static FloatMatrix features(SeededRandom random, int count, int width) {
    FloatMatrix features = random.gaussianMatrix(count, width);
    for (int i = 0; i < count; i++) {
      for (int j = 0; j < width; j++) {
        float scale = (float) Math.pow(10, j % 5 - 2);
        features.put(i, j, j == 1 ? 3 : features.get(i, j) * scale + j);
      }
    }
    return features;
  }

  @ParameterizedTest
  @CsvSource({"1, 40, 12, 0.1", "2, 10, 24, 0.5", "3, 60, 7, 0.01"})
  void outputsAreThoseOfTheNormalEquationsInDoubles(long seed, int count, int width, double ridge) {
    SeededRandom random = new SeededRandom(seed);
    FloatMatrix features = features(random, count, width);
    List<String> labels = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      labels.add("bca".substring(i % 3, i % 3 + 1));
    }
    RidgeClassifier classifier = RidgeClassifier.fit(features, labels, ridge, Compute.scalar());
    assertEquals(List.of("a", "b", "c"), classifier.labels());

    double[] mean = new double[width];
    double[] deviation = new double[width];
    for (int j = 0; j < width; j++) {
      for (int i = 0; i < count; i++) {
        mean[j] += features.get(i, j) / (double) count;
      }
      for (int i = 0; i < count; i++) {
        deviation[j] += Math.pow(features.get(i, j) - mean[j], 2) / count;
      }
      deviation[j] = Math.sqrt(deviation[j]);
    }
    RealMatrix z = new Array2DRowRealMatrix(count, width);
    RealMatrix y = new Array2DRowRealMatrix(count, 3);
    double[] share = new double[3];
    labels.forEach(label -> share[label.charAt(0) - 'a'] += 1.0 / count);
    for (int i = 0; i < count; i++) {
      for (int j = 0; j < width; j++) {
        z.setEntry(i, j, deviation[j] < 1e-9 ? 0 : (features.get(i, j) - mean[j]) / deviation[j]);
      }
      for (int k = 0; k < 3; k++) {
        y.setEntry(i, k, (labels.get(i).charAt(0) - 'a' == k ? 1 : 0) - share[k]);
      }
    }
    RealMatrix a = z.transpose().multiply(z).scalarMultiply(1.0 / count);
    for (int j = 0; j < width; j++) {
      a.addToEntry(j, j, ridge);
    }
    RealMatrix weights =
        new LUDecomposition(a)
            .getSolver()
            .solve(z.transpose().multiply(y).scalarMultiply(1.0 / count));
    FloatMatrix others = features(random, 5, width);
    // What was constant in the examples says nothing, whatever it is elsewhere.
    others.data()[2 * width + 1] = 3.001f;
    for (int i = 0; i < 5; i++) {
      float[] row = Arrays.copyOfRange(others.data(), i * width, (i + 1) * width);
      double[] outputs = classifier.outputs(row);
      int best = 0;
      for (int k = 0; k < 3; k++) {
        double expected = share[k];
        for (int j = 0; j < width; j++) {
          double standard = deviation[j] < 1e-9 ? 0 : (row[j] - mean[j]) / deviation[j];
          expected += weights.getEntry(j, k) * standard;
        }
        assertEquals(expected, outputs[k], 1e-4, random.toString());
        best = outputs[k] > outputs[best] ? k : best;
      }
      assertEquals(classifier.labels().get(best), classifier.classify(row));
    }
  }

  @Test
  void whatIsSeparableIsSeparated() {
    SeededRandom random = new SeededRandom(8);
    FloatMatrix features = random.gaussianMatrix(50, 6);
    List<String> labels = new ArrayList<>();
    for (int i = 0; i < 50; i++) {
      boolean first = i % 2 == 0;
      features.put(i, 2, features.get(i, 2) * 0.1f + (first ? 1 : -1));
      labels.add(first ? "yes" : "no");
    }
    RidgeClassifier classifier = RidgeClassifier.fit(features, labels, 0.1, Compute.scalar());
    for (int i = 0; i < 50; i++) {
      float[] row = Arrays.copyOfRange(features.data(), i * 6, i * 6 + 6);
      assertEquals(labels.get(i), classifier.classify(row), random.toString());
    }
  }

  @Test
  void badInputIsRefused() {
    FloatMatrix features = new SeededRandom(5).gaussianMatrix(3, 2);
    Compute compute = Compute.scalar();
    List<String> labels = List.of("a", "b", "a");
    assertRefused(() -> RidgeClassifier.fit(features, List.of("a"), 1, compute), "labels: 1");
    assertRefused(
        () -> RidgeClassifier.fit(features, List.of("a", "a", "a"), 1, compute), "labels: [a]");
    assertRefused(() -> RidgeClassifier.fit(features, labels, 0, compute), "regularization: 0.0");
    assertRefused(
        () -> RidgeClassifier.fit(features, labels, Double.NaN, compute), "regularization: NaN");
    RidgeClassifier fitted = RidgeClassifier.fit(features, labels, 1, compute);
    assertRefused(() -> fitted.classify(new float[3]), "features: 3");
    features.put(1, 1, Float.NaN);
    assertRefused(() -> RidgeClassifier.fit(features, labels, 1, compute), "features");
  }

  private static void assertRefused(Runnable call, String message) {
    IllegalArgumentException error = assertThrows(IllegalArgumentException.class, call::run);
    assertTrue(String.valueOf(error.getMessage()).startsWith(message), error::getMessage);
  }
}
