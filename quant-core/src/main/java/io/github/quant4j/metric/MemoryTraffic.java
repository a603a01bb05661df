// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.metric;

/**
 * Bytes between memory and processor in a pass, if nothing stays in a cache from one product to the
 * next: weights once at their effective width, with scales, zero points and indices; activations in
 * and out; cached keys and values read once, and those of the pass's tokens written.
 */
public record MemoryTraffic() implements CostModel {

  @Override
  public String title() {
    return "memory traffic, bytes";
  }

  @Override
  public double cost(MatrixProduct product) {
    return (product.storedBits() + product.readBits() + product.writtenBits()) / Byte.SIZE;
  }
}
