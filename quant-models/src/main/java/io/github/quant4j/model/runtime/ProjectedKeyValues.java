// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.runtime;

import io.github.quant4j.graph.SequenceLayout;

/**
 * Keys and values of a batch itself, where the projections left them.
 *
 * @param projected holds both, keys {@code [tokens, heads * keyWidth]} and values {@code [tokens,
 *     heads * valueWidth]}
 * @param keysFrom position of the first key
 * @param valuesFrom position of the first value
 * @param heads key heads
 * @param keyWidth channels of a key
 * @param valueWidth channels of a value
 */
public record ProjectedKeyValues(
    SequenceLayout layout,
    float[] projected,
    int keysFrom,
    int valuesFrom,
    int heads,
    int keyWidth,
    int valueWidth)
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
    return keysFrom + (layout.start(sequence) * heads + head) * keyWidth;
  }

  @Override
  public int valueOffset(int sequence, int head) {
    return valuesFrom + (layout.start(sequence) * heads + head) * valueWidth;
  }

  @Override
  public int stride() {
    return heads * keyWidth;
  }

  @Override
  public int valueStride() {
    return heads * valueWidth;
  }
}
