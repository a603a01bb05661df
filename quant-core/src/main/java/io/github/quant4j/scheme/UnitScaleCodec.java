// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.scheme;

import io.github.quant4j.format.NumberFormat;
import io.github.quant4j.tensor.Tensor;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * No scales: all are 1 and nothing is stored. For code books whose levels are the weights' own
 * values.
 */
public record UnitScaleCodec() implements ScaleCodec {
  @Override
  public String label() {
    return "unit";
  }

  @Override
  public boolean isIndependent() {
    return true;
  }

  @Override
  public ScaleFrame frame(double[] typical, ScaleLayout layout, NumberFormat format) {
    StoredParts.requireScales(typical, layout);
    return new ScaleFrame() {
      @Override
      public float round(int tile, double wanted) {
        return 1f;
      }

      @Override
      public GroupParameters encode(double[] scales) {
        StoredParts.requireScales(scales, layout);
        return ones(layout);
      }
    };
  }

  @Override
  public ScaleFrame frameOf(GroupParameters stored, ScaleLayout layout, NumberFormat format) {
    return frame(new double[layout.count()], layout, format);
  }

  private static GroupParameters ones(ScaleLayout layout) {
    float[] values = new float[layout.count()];
    Arrays.fill(values, 1f);
    return new GroupParameters(values, new LinkedHashMap<>());
  }

  @Override
  public GroupParameters decode(Map<String, Tensor> parts, ScaleLayout layout) {
    if (!parts.isEmpty()) {
      throw new IllegalArgumentException(
          "scale parts: " + parts.keySet() + ", expected none for unit scales");
    }
    return ones(layout);
  }
}
