// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.transform.rule;

import io.github.quant4j.transform.DiagonalTransform;
import io.github.quant4j.transform.InputTransform;
import io.github.quant4j.transform.TransformChain;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Of each channel, the largest of the scales that the groups would have alone (EAQuant, arXiv
 * 2506.13329, equation of the unified smoothing scale).
 */
final class LargestScales implements CommonFit {
  private final TransformRule rule;
  private float @Nullable [] largest;
  private int size;

  LargestScales(TransformRule rule) {
    this.rule = rule;
  }

  @Override
  public void weigh(LayerGroup group, QuantizationTrial trial) {
    // Groups are fitted when they are added.
  }

  @Override
  public void begin(LayerGroup all) {
    size = all.size();
  }

  @Override
  public void add(LayerGroup group, QuantizationTrial trial) {
    float[] scales = scales(rule.fit(group, trial), group.size());
    float[] known = largest;
    if (known == null) {
      largest = scales;
      return;
    }
    for (int j = 0; j < known.length; j++) {
      known[j] = Math.max(known[j], scales[j]);
    }
  }

  private float[] scales(InputTransform transform, int width) {
    if (transform instanceof DiagonalTransform diagonal) {
      return diagonal.scales();
    }
    if (transform instanceof TransformChain chain && chain.steps().isEmpty()) {
      return ones(width);
    }
    throw new IllegalArgumentException(
        rule.label() + ": " + transform.describe() + ", expected a diagonal transform");
  }

  static float[] ones(int width) {
    float[] ones = new float[width];
    Arrays.fill(ones, 1f);
    return ones;
  }

  @Override
  public DiagonalTransform result() {
    float[] known = largest;
    if (known == null && size == 0) {
      throw new IllegalStateException(rule.label() + ": no input was shown");
    }
    return DiagonalTransform.of(known == null ? ones(size) : known);
  }
}
