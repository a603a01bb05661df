// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.scheme;

import io.github.quant4j.tensor.DType;
import io.github.quant4j.tensor.Shape;
import io.github.quant4j.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SequencedMap;

/** What the codecs share: checks of their input and access to stored parts. */
final class StoredParts {
  private StoredParts() {}

  static void requireScales(double[] scales, ScaleLayout layout) {
    if (scales.length != layout.count()) {
      throw new IllegalArgumentException(
          "scales: " + scales.length + " values, expected " + layout.count() + " for " + layout);
    }
    for (int i = 0; i < scales.length; i++) {
      if (!(scales[i] >= 0) || scales[i] > Float.MAX_VALUE) {
        throw new IllegalArgumentException(
            "scales: number " + i + " is " + scales[i] + ", expected a finite value of at least 0");
      }
    }
  }

  static Shape shape(ScaleLayout layout) {
    return Shape.of(layout.scaleRows(), layout.scaleColumns());
  }

  static SequencedMap<String, Tensor> of(String suffix, Tensor tensor) {
    SequencedMap<String, Tensor> parts = new LinkedHashMap<>();
    parts.put(suffix, tensor);
    return parts;
  }

  /** The part under a suffix, after checking its type and element count. */
  static Tensor require(Map<String, Tensor> parts, String suffix, long elements, DType... allowed) {
    Tensor part = parts.get(suffix);
    if (part == null) {
      throw new IllegalArgumentException(
          "scale part '" + suffix + "' is missing, found " + parts.keySet());
    }
    for (DType dtype : allowed) {
      if (part.dtype() == dtype && part.shape().elementCount() == elements) {
        return part;
      }
    }
    StringBuilder expected = new StringBuilder();
    for (DType dtype : allowed) {
      expected.append(expected.isEmpty() ? "" : " or ").append(dtype.label());
    }
    throw new IllegalArgumentException(
        part + ": expected " + elements + " elements of " + expected);
  }
}
