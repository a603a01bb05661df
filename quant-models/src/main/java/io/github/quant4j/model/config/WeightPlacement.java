// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.config;

/**
 * Where weights that are not quantized are while a model runs. Packed weights always stay in their
 * mapped files or in what the kernels repack them to.
 */
public enum WeightPlacement {
  /**
   * On the heap where there is room: all blocks together may take half of the largest heap, a
   * single block that is open for calibration a quarter; in place otherwise.
   */
  AUTOMATIC,
  /** On the heap as floats, which kernels read fastest. */
  HEAP,
  /**
   * In the mapped files as they are stored, converted while they are read: takes no heap, so that
   * models of any size run.
   */
  IN_PLACE;

  private static final int MODEL_SHARE = 2;
  private static final int BLOCK_SHARE = 4;

  /**
   * Whether weights go to the heap.
   *
   * @param weights how many there are
   * @param wholeModel whether they are all weights of a model, or those of one block
   */
  public boolean isHeap(long weights, boolean wholeModel) {
    return switch (this) {
      case HEAP -> true;
      case IN_PLACE -> false;
      case AUTOMATIC ->
          weights * Float.BYTES
              <= Runtime.getRuntime().maxMemory() / (wholeModel ? MODEL_SHARE : BLOCK_SHARE);
    };
  }
}
