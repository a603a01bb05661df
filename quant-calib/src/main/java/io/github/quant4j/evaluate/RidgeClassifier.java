// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.evaluate;

import io.github.quant4j.linalg.Compute;
import io.github.quant4j.linalg.LdlFactorization;
import io.github.quant4j.linalg.MatrixView;
import io.github.quant4j.tensor.FloatMatrix;
import java.util.List;
import java.util.TreeSet;

/**
 * A linear classifier fitted by ridge regression in closed form: how much of a task the features of
 * a network hold.
 *
 * <p>Features are brought to mean 0 and variance 1 over the training examples (those that never
 * change become 0). With {@code Z [n, d]} these and {@code Y [n, k]} a column for each label, 1 for
 * its examples and 0 elsewhere, less its mean, the weights are {@code (Z^T Z / n + r I)^-1 Z^T Y /
 * n}; an example gets the label of the largest output. Instances are immutable.
 */
public final class RidgeClassifier {
  private final List<String> labels;
  private final double[] mean;
  private final double[] factor;

  /** For each label the weights of the standardized features. */
  private final double[][] weights;

  private final double[] intercepts;

  private RidgeClassifier(
      List<String> labels,
      double[] mean,
      double[] factor,
      double[][] weights,
      double[] intercepts) {
    this.labels = labels;
    this.mean = mean;
    this.factor = factor;
    this.weights = weights;
    this.intercepts = intercepts;
  }

  /**
   * Fits a classifier.
   *
   * <p>Cost: {@code n d^2 / 2 + d^3 / 6} multiply-adds in float, {@code k (n d + d^2)} in double.
   *
   * @param features of the examples, {@code [n, d]}, finite
   * @param labels one for each example, at least two different ones
   * @param regularization r, above 0; in units of a feature's variance
   * @param compute the linear algebra and the threads
   * @return the classifier
   * @throws IllegalArgumentException if there is not one label for each example, or all are the
   *     same, a feature is not finite, or the regularization is not above 0 or too small for the
   *     equations to be solved
   */
  public static RidgeClassifier fit(
      FloatMatrix features, List<String> labels, double regularization, Compute compute) {
    int count = features.rows();
    int width = features.columns();
    if (labels.size() != count) {
      throw new IllegalArgumentException(
          "labels: " + labels.size() + ", expected one for each of " + count + " examples");
    }
    List<String> distinct = List.copyOf(new TreeSet<>(labels));
    if (distinct.size() < 2) {
      throw new IllegalArgumentException(
          "labels: " + distinct + ", expected at least two different ones");
    }
    if (!(regularization > 0 && regularization < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException(
          "regularization: " + regularization + ", expected a finite number above 0");
    }
    if (!features.isFinite()) {
      throw new IllegalArgumentException("features: not all are finite, expected finite values");
    }
    double[] mean = new double[width];
    double[] factor = new double[width];
    FloatMatrix standard = standardized(features, mean, factor);
    LdlFactorization factors = factors(standard, regularization, compute);
    double[][] weights = new double[distinct.size()][];
    double[] intercepts = new double[distinct.size()];
    for (int k = 0; k < weights.length; k++) {
      String label = distinct.get(k);
      long examples = labels.stream().filter(label::equals).count();
      intercepts[k] = (double) examples / count;
      double[] target = new double[width];
      for (int i = 0; i < count; i++) {
        double wanted = (labels.get(i).equals(label) ? 1 : 0) - intercepts[k];
        for (int j = 0; j < width; j++) {
          target[j] += wanted * standard.data()[i * width + j] / count;
        }
      }
      weights[k] = factors.solve(target);
    }
    return new RidgeClassifier(distinct, mean, factor, weights, intercepts);
  }

  /** Fills in the mean and the reciprocal deviation of each feature. */
  private static FloatMatrix standardized(FloatMatrix features, double[] mean, double[] factor) {
    int count = features.rows();
    int width = features.columns();
    float[] data = features.data();
    for (int i = 0; i < data.length; i++) {
      mean[i % width] += (double) data[i] / count;
    }
    double[] variance = new double[width];
    boolean[] differs = new boolean[width];
    for (int i = 0; i < data.length; i++) {
      differs[i % width] |= data[i] != data[i % width];
      double difference = data[i] - mean[i % width];
      variance[i % width] += difference * difference / count;
    }
    for (int j = 0; j < width; j++) {
      // The mean of equal values is rounded, so their variance need not be 0.
      factor[j] = differs[j] && variance[j] > 0 ? 1 / Math.sqrt(variance[j]) : 0;
    }
    FloatMatrix result = FloatMatrix.zeros(count, width);
    for (int i = 0; i < data.length; i++) {
      result.data()[i] = (float) ((data[i] - mean[i % width]) * factor[i % width]);
    }
    return result;
  }

  private static LdlFactorization factors(
      FloatMatrix standard, double regularization, Compute compute) {
    int width = standard.columns();
    FloatMatrix gram = FloatMatrix.zeros(width, width);
    compute.addGram(MatrixView.of(standard), MatrixView.of(gram));
    for (int i = 0; i < gram.data().length; i++) {
      gram.data()[i] /= standard.rows();
    }
    for (int j = 0; j < width; j++) {
      gram.data()[j * width + j] += (float) regularization;
    }
    return LdlFactorization.of(gram, compute)
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "regularization: "
                        + regularization
                        + " is too small for these features, expected a larger number"));
  }

  /**
   * The labels.
   *
   * @return in the order of their text
   */
  public List<String> labels() {
    return labels;
  }

  /**
   * What the classifier makes of an example.
   *
   * @param features its d features
   * @return an output for each label, about 1 for the right one and 0 for the others
   * @throws IllegalArgumentException if there are not d features
   */
  public double[] outputs(float[] features) {
    if (features.length != mean.length) {
      throw new IllegalArgumentException(
          "features: " + features.length + ", expected " + mean.length);
    }
    double[] outputs = intercepts.clone();
    for (int k = 0; k < outputs.length; k++) {
      for (int j = 0; j < mean.length; j++) {
        outputs[k] += weights[k][j] * (features[j] - mean[j]) * factor[j];
      }
    }
    return outputs;
  }

  /**
   * The likeliest label of an example.
   *
   * @param features its d features
   * @return the label of the largest output; of equal ones the first
   * @throws IllegalArgumentException if there are not d features
   */
  public String classify(float[] features) {
    double[] outputs = outputs(features);
    int best = 0;
    for (int k = 1; k < outputs.length; k++) {
      best = outputs[k] > outputs[best] ? k : best;
    }
    return labels.get(best);
  }
}
