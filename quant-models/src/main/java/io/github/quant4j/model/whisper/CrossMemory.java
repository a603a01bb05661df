// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.whisper;

import io.github.quant4j.model.runtime.SiteKernels;
import io.github.quant4j.parallel.ScratchPool;

/**
 * What a block's cross attention attends to: the keys and values of the encoder's output, computed
 * once for each window. They lie {@code [windows][heads, frames, head width]}, so that a head's
 * keys are contiguous.
 */
final class CrossMemory {
  private final int headWidth;
  private final int width;
  private final int[] firstFrames;
  private final float[] keys;
  private final float[] values;

  private CrossMemory(int width, int headWidth, int[] frames) {
    this.width = width;
    this.headWidth = headWidth;
    this.firstFrames = new int[frames.length + 1];
    for (int i = 0; i < frames.length; i++) {
      firstFrames[i + 1] = Math.addExact(firstFrames[i], frames[i]);
    }
    int size = Math.multiplyExact(firstFrames[frames.length], width);
    this.keys = new float[size];
    this.values = new float[size];
  }

  /**
   * Projects the encoder's output.
   *
   * @param sites k_proj and v_proj
   * @param states the output, {@code [frames of all windows, width]}
   * @param frames of each window
   */
  static CrossMemory of(
      SiteKernels sites, float[] states, int[] frames, int headWidth, ScratchPool scratch) {
    int width = sites.width() / 2;
    CrossMemory memory = new CrossMemory(width, headWidth, frames);
    int rows = memory.firstFrames[frames.length];
    float[] projected = scratch.floats(Math.multiplyExact(rows, sites.width()));
    sites.multiply(states, rows, projected);
    for (int window = 0; window < frames.length; window++) {
      memory.gather(projected, sites.offset(0, rows), window, memory.keys);
      memory.gather(projected, sites.offset(1, rows), window, memory.values);
    }
    scratch.release(projected);
    return memory;
  }

  /** Brings the rows of each head of a window together. */
  private void gather(float[] projected, int from, int window, float[] target) {
    int first = firstFrames[window];
    int count = frames(window);
    for (int head = 0; head < width / headWidth; head++) {
      int to = offset(window, head);
      for (int frame = 0; frame < count; frame++) {
        int source = from + (first + frame) * width + head * headWidth;
        System.arraycopy(projected, source, target, to + frame * headWidth, headWidth);
      }
    }
  }

  int windows() {
    return firstFrames.length - 1;
  }

  int frames(int window) {
    return firstFrames[window + 1] - firstFrames[window];
  }

  /** Where the rows of a head begin, both keys and values. */
  int offset(int window, int head) {
    return firstFrames[window] * width + head * frames(window) * headWidth;
  }

  float[] keys() {
    return keys;
  }

  float[] values() {
    return values;
  }

  int headWidth() {
    return headWidth;
  }
}
