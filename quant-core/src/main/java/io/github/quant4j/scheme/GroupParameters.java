// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.scheme;

import io.github.quant4j.tensor.Tensor;
import java.util.Collections;
import java.util.Map;
import java.util.SequencedMap;

/**
 * One parameter (a scale or a zero point) for each tile of a {@link ScaleLayout}, both as it is
 * used and as it is stored.
 *
 * <p>The values are exactly what decoding the stored parts gives, so that what is served equals
 * what was measured.
 */
public final class GroupParameters {
  private final float[] values;
  private final SequencedMap<String, Tensor> parts;

  /**
   * Pairs values with their stored form.
   *
   * @param values decoded values, row-major {@code [scaleRows, scaleColumns]}; shared, not copied
   * @param parts the stored tensors by suffix; the empty suffix is the main one
   */
  public GroupParameters(float[] values, SequencedMap<String, Tensor> parts) {
    this.values = values;
    this.parts = Collections.unmodifiableSequencedMap(parts);
  }

  /**
   * The decoded values.
   *
   * @return the live array, row-major {@code [scaleRows, scaleColumns]}; not to be changed
   */
  public float[] values() {
    return values;
  }

  /**
   * The stored tensors.
   *
   * @return by suffix, the main one under the empty string
   */
  public Map<String, Tensor> parts() {
    return parts;
  }

  /**
   * The size of the stored form.
   *
   * @return bits
   */
  public long storageBits() {
    long bits = 0;
    for (Tensor part : parts.values()) {
      bits += part.byteSize() * 8;
    }
    return bits;
  }
}
