// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.transform;

import io.github.quant4j.linalg.Compute;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Set;

/**
 * Divides every channel by its scale, {@code x'_j = x_j / s_j} and {@code W'_ij = W_ij s_j}: the
 * map behind SmoothQuant (Xiao et al., arXiv 2211.10438), AWQ (Lin et al., arXiv 2306.00978) and
 * their relatives, which differ only in how scales are chosen.
 */
public final class DiagonalTransform implements InputTransform {
  private final float[] scales;
  private final float[] reciprocals;

  private DiagonalTransform(float[] scales, float[] reciprocals) {
    this.scales = scales;
    this.reciprocals = reciprocals;
  }

  /**
   * A transform of given scales.
   *
   * @param scales one positive scale for each channel; copied
   * @return the transform
   * @throws IllegalArgumentException if there is no scale, or a scale or its reciprocal is not
   *     positive and finite
   */
  public static DiagonalTransform of(float... scales) {
    if (scales.length == 0) {
      throw new IllegalArgumentException("scales: none, expected one for each channel");
    }
    float[] reciprocals = new float[scales.length];
    for (int i = 0; i < scales.length; i++) {
      reciprocals[i] = 1f / scales[i];
      if (!(scales[i] > 0)
          || !(reciprocals[i] > 0)
          || !Float.isFinite(scales[i] + reciprocals[i])) {
        throw new IllegalArgumentException(
            "scales: number "
                + i
                + " is "
                + scales[i]
                + ", expected a positive value with a finite reciprocal");
      }
    }
    return new DiagonalTransform(scales.clone(), reciprocals);
  }

  /**
   * The scales.
   *
   * @return a copy, one for each channel
   */
  public float[] scales() {
    return scales.clone();
  }

  @Override
  public int size() {
    return scales.length;
  }

  @Override
  public void apply(float[] x, int xOffset, int tokens, float[] y, int yOffset, Compute compute) {
    Batches.check(size(), x, xOffset, tokens, y, yOffset);
    int n = scales.length;
    for (int t = 0; t < tokens; t++) {
      int from = xOffset + t * n;
      int to = yOffset + t * n;
      for (int i = 0; i < n; i++) {
        y[to + i] = x[from + i] * reciprocals[i];
      }
    }
  }

  @Override
  public DiagonalTransform inverse() {
    return new DiagonalTransform(reciprocals, scales);
  }

  @Override
  public DiagonalTransform linearPart() {
    return this;
  }

  @Override
  public DiagonalTransform contragredient() {
    return inverse();
  }

  @Override
  public boolean hasConstant() {
    return false;
  }

  @Override
  public boolean keepsChannels() {
    return true;
  }

  @Override
  public boolean isOrthogonal() {
    return false;
  }

  @Override
  public long operationsPerToken() {
    return scales.length;
  }

  @Override
  public Set<FoldPlace> foldPlaces() {
    return EnumSet.of(
        FoldPlace.NORM_WEIGHT,
        FoldPlace.NORM_BIAS,
        FoldPlace.PRODUCER_ROWS,
        FoldPlace.PRODUCER_BIAS,
        FoldPlace.PRODUCT_FACTOR);
  }

  @Override
  public String describe() {
    float least = Float.POSITIVE_INFINITY;
    float most = 0;
    for (float scale : scales) {
      least = Math.min(least, scale);
      most = Math.max(most, scale);
    }
    return "diagonal[" + scales.length + "] of scales " + least + " to " + most;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof DiagonalTransform diagonal && Arrays.equals(scales, diagonal.scales);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(scales);
  }

  /** As {@link #describe()}. */
  @Override
  public String toString() {
    return describe();
  }
}
