// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.onnx;

import java.lang.foreign.MemorySegment;
import java.util.List;

/** An attribute of a node, {@code AttributeProto}. */
public sealed interface OnnxAttribute {
  /**
   * The attribute's name.
   *
   * @return unique in its node
   */
  String name();

  /**
   * A float.
   *
   * @param name the attribute's name
   * @param value its value
   */
  record FloatValue(String name, float value) implements OnnxAttribute {}

  /**
   * An integer.
   *
   * @param name the attribute's name
   * @param value its value
   */
  record IntValue(String name, long value) implements OnnxAttribute {}

  /**
   * Bytes, as a rule of a text.
   *
   * @param name the attribute's name
   * @param bytes its value
   */
  record StringValue(String name, MemorySegment bytes) implements OnnxAttribute {
    /**
     * The text.
     *
     * @return the bytes decoded
     * @throws IllegalArgumentException if they are not UTF-8
     */
    public String text() {
      return ProtoMessage.text(bytes, "attribute '" + name + "'");
    }
  }

  /**
   * A tensor.
   *
   * @param name the attribute's name
   * @param value its value
   */
  record TensorValue(String name, OnnxTensor value) implements OnnxAttribute {}

  /**
   * A sparse tensor.
   *
   * @param name the attribute's name
   * @param value its value
   */
  record SparseTensorValue(String name, OnnxSparseTensor value) implements OnnxAttribute {}

  /**
   * A graph, for example a branch.
   *
   * @param name the attribute's name
   * @param value its value
   */
  record GraphValue(String name, OnnxGraph value) implements OnnxAttribute {}

  /**
   * A type.
   *
   * @param name the attribute's name
   * @param value its value
   */
  record TypeValue(String name, OnnxTypeInfo value) implements OnnxAttribute {}

  /**
   * Floats.
   *
   * @param name the attribute's name
   * @param values in order
   */
  record FloatList(String name, List<Float> values) implements OnnxAttribute {
    /** Copies the list. */
    public FloatList {
      values = List.copyOf(values);
    }
  }

  /**
   * Integers.
   *
   * @param name the attribute's name
   * @param values in order
   */
  record IntList(String name, List<Long> values) implements OnnxAttribute {
    /** Copies the list. */
    public IntList {
      values = List.copyOf(values);
    }
  }

  /**
   * Byte strings, as a rule texts.
   *
   * @param name the attribute's name
   * @param values in order
   */
  record StringList(String name, List<MemorySegment> values) implements OnnxAttribute {
    /** Copies the list. */
    public StringList {
      values = List.copyOf(values);
    }

    /**
     * The texts.
     *
     * @return the bytes decoded
     * @throws IllegalArgumentException if they are not UTF-8
     */
    public List<String> texts() {
      return values.stream()
          .map(bytes -> ProtoMessage.text(bytes, "attribute '" + name + "'"))
          .toList();
    }
  }

  /**
   * Tensors.
   *
   * @param name the attribute's name
   * @param values in order
   */
  record TensorList(String name, List<OnnxTensor> values) implements OnnxAttribute {
    /** Copies the list. */
    public TensorList {
      values = List.copyOf(values);
    }
  }

  /**
   * Sparse tensors.
   *
   * @param name the attribute's name
   * @param values in order
   */
  record SparseTensorList(String name, List<OnnxSparseTensor> values) implements OnnxAttribute {
    /** Copies the list. */
    public SparseTensorList {
      values = List.copyOf(values);
    }
  }

  /**
   * Graphs.
   *
   * @param name the attribute's name
   * @param values in order
   */
  record GraphList(String name, List<OnnxGraph> values) implements OnnxAttribute {
    /** Copies the list. */
    public GraphList {
      values = List.copyOf(values);
    }
  }

  /**
   * Types.
   *
   * @param name the attribute's name
   * @param values in order
   */
  record TypeList(String name, List<OnnxTypeInfo> values) implements OnnxAttribute {
    /** Copies the list. */
    public TypeList {
      values = List.copyOf(values);
    }
  }

  /**
   * The value of an attribute of the function in which the node stands.
   *
   * @param name the attribute's name
   * @param attribute the name of the function's attribute
   * @param type the number of its kind, {@code AttributeProto.AttributeType}; 0 if not said
   */
  record Reference(String name, String attribute, int type) implements OnnxAttribute {}
}
