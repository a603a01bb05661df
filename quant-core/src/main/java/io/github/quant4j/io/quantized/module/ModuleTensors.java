// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.quantized.module;

import io.github.quant4j.io.ChecksumState;
import io.github.quant4j.io.TensorSource;
import io.github.quant4j.tensor.DType;
import io.github.quant4j.tensor.Shape;
import io.github.quant4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedSet;
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
public record ModuleTensors(TensorSource source, String module, Set<String> used) {

  /**
   * The tensors of a module, none of which has been asked for yet.
   *
   * @param source all tensors
   * @param module the module's name
   */
  public ModuleTensors(TensorSource source, String module) {
    this(source, module, new HashSet<>());
  }

  /**
   * The name of a tensor.
   *
   * @param module the module's name
   * @param part the rest of the name
   * @return both with a dot between
   */
  public static String join(String module, String part) {
    return module + "." + part;
  }

  /**
   * The names of all tensors that belong to some modules; biases of any kind are not counted.
   *
   * @param source all tensors
   * @param modules the names of the modules
   * @return the tensors of each module that has any: those whose names begin with the module's, and
   *     with that of no module within it
   */
  public static Map<String, List<String>> byModule(TensorSource source, Set<String> modules) {
    Map<String, List<String>> found = new HashMap<>();
    for (String name : source.names()) {
      if (!name.endsWith("bias")) {
        owner(name, modules)
            .ifPresent(module -> found.computeIfAbsent(module, _ -> new ArrayList<>()).add(name));
      }
    }
    return found;
  }

  /**
   * The module that a tensor belongs to.
   *
   * @param tensor the tensor's name
   * @param modules the names of the modules
   * @return the longest of those names that the tensor's begins with, if there is one
   */
  public static Optional<String> owner(String tensor, Set<String> modules) {
    for (int dot = tensor.lastIndexOf('.'); dot > 0; dot = tensor.lastIndexOf('.', dot - 1)) {
      String module = tensor.substring(0, dot);
      if (modules.contains(module)) {
        return Optional.of(module);
      }
    }
    return Optional.empty();
  }

  /**
   * The modules that have a tensor of some name.
   *
   * @param source all tensors
   * @param part the rest of the tensor's name
   * @return the names of the modules, in the order of the tensors
   */
  public static SequencedSet<String> having(TensorSource source, String part) {
    SequencedSet<String> modules = new LinkedHashSet<>();
    String end = "." + part;
    for (String name : source.names()) {
      if (name.endsWith(end) && name.length() > end.length()) {
        modules.add(name.substring(0, name.length() - end.length()));
      }
    }
    return modules;
  }

  /**
   * A part that may be there.
   *
   * @param part the rest of the tensor's name
   * @return the tensor, if there is one
   * @throws IllegalArgumentException if its checksum differs
   */
  public Optional<Tensor> find(String part) {
    String name = join(module, part);
    used.add(name);
    Optional<Tensor> tensor = source.find(name);
    if (tensor.isPresent() && source.verify(name) == ChecksumState.CORRUPT) {
      throw new IllegalArgumentException(
          "tensor '" + name + "' is not what was written: its checksum differs");
    }
    return tensor;
  }

  /**
   * Says of a part that it may be there but changes no number.
   *
   * @param part the rest of the tensor's name
   */
  public void passOver(String part) {
    used.add(join(module, part));
  }

  /**
   * Refuses tensors of the module that nobody has asked for: a part whose name or description is
   * damaged would otherwise be taken for one that is not there.
   *
   * @param all the names of all tensors of the module
   * @throws IllegalArgumentException if there are others
   */
  public void requireAllUsed(List<String> all) {
    List<String> unused = all.stream().filter(name -> !used.contains(name)).sorted().toList();
    if (!unused.isEmpty()) {
      throw new IllegalArgumentException(
          "tensors "
              + unused
              + " are not used by what quantization_config says of the module; the config and the"
              + " tensors do not belong together, or a name is damaged");
    }
  }

  /**
   * A part that must be there.
   *
   * @param part the rest of the tensor's name
   * @return the tensor
   * @throws IllegalArgumentException if it is missing, or its checksum differs
   */
  public Tensor require(String part) {
    return find(part)
        .orElseThrow(
            () -> new IllegalArgumentException("tensor '" + join(module, part) + "' is missing"));
  }

  /**
   * A part of some type.
   *
   * @param part the rest of the tensor's name
   * @param allowed the types that it may have
   * @return the tensor
   * @throws IllegalArgumentException if it is missing or of another type, or its checksum differs
   */
  public Tensor require(String part, DType... allowed) {
    Tensor tensor = require(part);
    if (!Arrays.asList(allowed).contains(tensor.dtype())) {
      throw new IllegalArgumentException(tensor + ": expected type " + Arrays.toString(allowed));
    }
    return tensor;
  }

  /**
   * A tensor of two dimensions that fit an int.
   *
   * @param part the rest of the tensor's name
   * @param allowed the types that it may have
   * @return the tensor
   * @throws IllegalArgumentException if it is missing, or of another type or rank, or its checksum
   *     differs
   */
  public Tensor requireMatrix(String part, DType... allowed) {
    Tensor tensor = require(part, allowed);
    Shape shape = tensor.shape();
    if (shape.rank() != 2
        || shape.dimension(0) > Integer.MAX_VALUE
        || shape.dimension(1) > Integer.MAX_VALUE) {
      throw new IllegalArgumentException(tensor + ": expected a matrix");
    }
    return tensor;
  }

  /**
   * A tensor's single element.
   *
   * @param tensor of any shape
   * @return its value
   * @throws IllegalArgumentException if it has another number of elements
   */
  public static float scalar(Tensor tensor) {
    if (tensor.shape().elementCount() != 1) {
      throw new IllegalArgumentException(tensor + ": expected one element");
    }
    return tensor.toFloatArray()[0];
  }
}
