// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.onnx;

/** One dimension of a value's type. */
public sealed interface OnnxDimension {
  /**
   * A known extent.
   *
   * @param size as stored; some writers put -1 for one that is not known
   */
  record Known(long size) implements OnnxDimension {
    @Override
    public String toString() {
      return Long.toString(size);
    }
  }

  /**
   * An extent with a name, the same wherever the name stands.
   *
   * @param name for example {@code batch}
   */
  record Symbolic(String name) implements OnnxDimension {
    @Override
    public String toString() {
      return name;
    }
  }

  /** An extent of which nothing is said. */
  record Unknown() implements OnnxDimension {
    @Override
    public String toString() {
      return "?";
    }
  }
}
