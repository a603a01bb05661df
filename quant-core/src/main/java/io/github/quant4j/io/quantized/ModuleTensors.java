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
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The tensors of one module, by the part of their name after the module's.
 *
 * <p>Complaints are {@link IllegalArgumentException}s; whoever reads the module adds its name and
 * the file's.
 *
 * @param source all tensors
 * @param module the module's name
 * @param used the names that have been asked for
 */
record ModuleTensors(TensorSource source, String module, Set<String> used) {

  /** The tensors of a module, none of which has been asked for yet. */
  ModuleTensors(TensorSource source, String module) {
    this(source, module, new HashSet<>());
  }

  static String join(String module, String part) {
    return module + "." + part;
  }

  /**
   * The names of all tensors that belong to a module, by its name; biases of any kind are not
   * counted.
   */
  static Map<String, List<String>> byModule(TensorSource source) {
    Map<String, List<String>> modules = new HashMap<>();
    for (String name : source.names()) {
      int dot = name.lastIndexOf('.');
      if (dot > 0 && !name.endsWith("bias")) {
        modules.computeIfAbsent(name.substring(0, dot), _ -> new ArrayList<>()).add(name);
      }
    }
    return modules;
  }

  Optional<Tensor> find(String part) {
    String name = join(module, part);
    used.add(name);
    Optional<Tensor> tensor = source.find(name);
    if (tensor.isPresent() && source.verify(name) == ChecksumState.CORRUPT) {
      throw new IllegalArgumentException(
          "tensor '" + name + "' is not what was written: its checksum differs");
    }
    return tensor;
  }

  /** Says of a part that it may be there but changes no number. */
  void passOver(String part) {
    used.add(join(module, part));
  }

  /**
   * Refuses tensors of the module that nobody has asked for: a part whose name or description is
   * damaged would otherwise be taken for one that is not there.
   *
   * @param all the names of all tensors of the module
   */
  void requireAllUsed(List<String> all) {
    List<String> unused = all.stream().filter(name -> !used.contains(name)).sorted().toList();
    if (!unused.isEmpty()) {
      throw new IllegalArgumentException(
          "tensors "
              + unused
              + " are not used by what quantization_config says of the module; the config and the"
              + " tensors do not belong together, or a name is damaged");
    }
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
