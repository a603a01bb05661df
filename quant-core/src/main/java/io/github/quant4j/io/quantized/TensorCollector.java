// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.quantized;

import io.github.quant4j.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.SequencedMap;

/**
 * Gathers the tensors of a term: all of a module go to one map, under names that start with the
 * term's prefix; the roles that they play are noted for the description.
 */
final class TensorCollector {
  private final SequencedMap<String, Tensor> tensors;
  private final String prefix;
  private final SequencedMap<String, String> names = new LinkedHashMap<>();

  TensorCollector(SequencedMap<String, Tensor> tensors, String prefix) {
    this.tensors = tensors;
    this.prefix = prefix;
  }

  /** A collector for a part of the term, with names of its own and no roles yet. */
  TensorCollector nested(String suffix) {
    return new TensorCollector(tensors, prefix + suffix);
  }

  void add(String role, String suffix, Tensor tensor) {
    String name = prefix + suffix;
    names.put(role, name);
    if (tensors.put(name, tensor.withName(name)) != null) {
      throw new IllegalStateException("two tensors are called '" + name + "'");
    }
  }

  /** The tensor of each role. */
  SequencedMap<String, String> names() {
    return names;
  }
}
