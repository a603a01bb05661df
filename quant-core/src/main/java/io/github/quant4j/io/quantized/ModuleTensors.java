// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.quantized;

import io.github.quant4j.io.ChecksumState;
import io.github.quant4j.io.TensorSource;
import io.github.quant4j.tensor.DType;
import io.github.quant4j.tensor.Shape;
import io.github.quant4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The tensors of one module, by the part of their name behind the module's.
 *
 * <p>Complaints are {@link IllegalArgumentException}s; whoever reads the module adds its name and
 * the file's.
 */
record ModuleTensors(TensorSource source, String module) {

  static String join(String module, String part) {
    return module + "." + part;
  }

  /** The names of all tensors that belong to a module, by its name; biases are not counted. */
  static Map<String, List<String>> byModule(TensorSource source) {
    Map<String, List<String>> modules = new HashMap<>();
    for (String name : source.names()) {
      int dot = name.lastIndexOf('.');
      if (dot > 0 && !name.endsWith(".bias")) {
        modules.computeIfAbsent(name.substring(0, dot), _ -> new ArrayList<>()).add(name);
      }
    }
    return modules;
  }

  Optional<Tensor> find(String part) {
    String name = join(module, part);
    Optional<Tensor> tensor = source.find(name);
    if (tensor.isPresent() && source.verify(name) == ChecksumState.CORRUPT) {
      throw new IllegalArgumentException(
          "tensor '" + name + "' is not what was written: its checksum differs");
    }
    return tensor;
  }

  Tensor require(String part) {
    return find(part)
        .orElseThrow(
            () -> new IllegalArgumentException("tensor '" + join(module, part) + "' is missing"));
  }

  Tensor require(String part, DType... allowed) {
    Tensor tensor = require(part);
    if (!Arrays.asList(allowed).contains(tensor.dtype())) {
      throw new IllegalArgumentException(tensor + ": expected type " + Arrays.toString(allowed));
    }
    return tensor;
  }

  /** A tensor of two dimensions that fit an int. */
  Tensor requireMatrix(String part, DType... allowed) {
    Tensor tensor = require(part, allowed);
    Shape shape = tensor.shape();
    if (shape.rank() != 2
        || shape.dimension(0) > Integer.MAX_VALUE
        || shape.dimension(1) > Integer.MAX_VALUE) {
      throw new IllegalArgumentException(tensor + ": expected a matrix");
    }
    return tensor;
  }

  /** A tensor's single element. */
  static float scalar(Tensor tensor) {
    if (tensor.shape().elementCount() != 1) {
      throw new IllegalArgumentException(tensor + ": expected one element");
    }
    return tensor.toFloatArray()[0];
  }
}
