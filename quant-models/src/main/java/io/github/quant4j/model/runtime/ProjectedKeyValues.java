// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.runtime;

import io.github.quant4j.graph.SequenceLayout;

/**
 * Keys and values of a batch itself, where the projections left them.
 *
 * @param projected holds both, each {@code [tokens, stride]}
 * @param keysFrom position of the first key
 * @param valuesFrom position of the first value
 * @param stride channels of all key heads
 * @param headWidth channels of one
 */
public record ProjectedKeyValues(
    SequenceLayout layout,
    float[] projected,
    int keysFrom,
    int valuesFrom,
    int stride,
    int headWidth)
    implements GroupedAttention.KeyValues {

  @Override
  public float[] keys() {
    return projected;
  }

  @Override
  public float[] values() {
    return projected;
  }

  @Override
  public int keyOffset(int sequence, int head) {
    return keysFrom + offset(sequence, head);
  }

  @Override
  public int valueOffset(int sequence, int head) {
    return valuesFrom + offset(sequence, head);
  }

  private int offset(int sequence, int head) {
    return layout.start(sequence) * stride + head * headWidth;
  }
}
