// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.onnx;

import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/** The type of a value in a graph, {@code TypeProto}. */
public sealed interface OnnxTypeInfo {
  /**
   * A tensor.
   *
   * @param type its elements; UNDEFINED if that is not said
   * @param shape the dimensions, outermost first; empty if not even their number is known
   * @param sparse whether it is stored with the indices of its elements
   */
  record TensorType(OnnxType type, Optional<List<OnnxDimension>> shape, boolean sparse)
      implements OnnxTypeInfo {
    /** Copies the list. */
    public TensorType {
      shape = shape.map(List::copyOf);
    }

    /** For example {@code FLOAT [batch, 64]}. */
    @Override
    public String toString() {
      String dimensions =
          shape
              .map(
                  list ->
                      list.stream()
                          .map(OnnxDimension::toString)
                          .collect(Collectors.joining(", ", " [", "]")))
              .orElse("");
      return (sparse ? "sparse " : "") + type + dimensions;
    }
  }

  /**
   * A sequence.
   *
   * @param element the type of its values
   */
  record SequenceType(OnnxTypeInfo element) implements OnnxTypeInfo {
    @Override
    public String toString() {
      return "sequence(" + element + ")";
    }
  }

  /**
   * A value that may be absent.
   *
   * @param element its type if it is there
   */
  record OptionalType(OnnxTypeInfo element) implements OnnxTypeInfo {
    @Override
    public String toString() {
      return "optional(" + element + ")";
    }
  }

  /**
   * A map.
   *
   * @param key the type of its keys
   * @param value the type of its values
   */
  record MapType(OnnxType key, OnnxTypeInfo value) implements OnnxTypeInfo {
    @Override
    public String toString() {
      return "map(" + key + ", " + value + ")";
    }
  }

  /**
   * A type that only those know who made it.
   *
   * @param domain whose it is
   * @param name what they call it
   */
  record OpaqueType(String domain, String name) implements OnnxTypeInfo {
    @Override
    public String toString() {
      return "opaque(" + domain + ", " + name + ")";
    }
  }

  /** No type is given. */
  record Unspecified() implements OnnxTypeInfo {
    @Override
    public String toString() {
      return "?";
    }
  }
}
