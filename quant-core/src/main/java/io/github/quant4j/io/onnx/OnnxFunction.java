// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.onnx;

import java.util.ArrayList;
import java.util.List;

/**
 * An operator that the model itself defines by nodes, {@code FunctionProto}. Immutable; comparisons
 * are by identity.
 */
public final class OnnxFunction {
  private static final int NAME = 1;
  private static final int NODE = 7;

  private final ProtoMessage message;
  private final String name;
  private final String domain;
  private final String overload;
  private final List<String> inputs;
  private final List<String> outputs;
  private final List<String> attributes;
  private final List<OnnxAttribute> defaults;
  private final List<OnnxNode> nodes;
  private final List<OnnxOpset> opsets;

  private OnnxFunction(
      ProtoMessage message,
      List<OnnxAttribute> defaults,
      List<OnnxNode> nodes,
      List<OnnxOpset> opsets) {
    this.message = message;
    this.name = message.string(NAME, "name");
    this.domain = message.string(10, "domain");
    this.overload = message.string(13, "overload");
    this.inputs = message.strings(4, "input");
    this.outputs = message.strings(5, "output");
    this.attributes = message.strings(6, "attribute");
    this.defaults = List.copyOf(defaults);
    this.nodes = List.copyOf(nodes);
    this.opsets = opsets;
  }

  static OnnxFunction read(ProtoMessage message, ReadBudget budget, int depth) {
    String name = message.string(NAME, "name");
    return ReadBudget.within(
        () -> "function '" + name + "'",
        () -> {
          int inner = ReadBudget.deeper(depth);
          List<OnnxAttribute> defaults = new ArrayList<>();
          for (ProtoMessage attribute : message.messages(11, "attribute_proto", budget)) {
            defaults.add(AttributeCodec.read(attribute, budget, inner));
          }
          return new OnnxFunction(
              message,
              defaults,
              OnnxNode.readAll(message, NODE, budget, inner),
              OnnxOpset.read(message, 9, budget));
        });
  }

  ProtoMessage message() {
    return message;
  }

  /**
   * The operator's name.
   *
   * @return the name
   */
  public String name() {
    return name;
  }

  /**
   * The operator's domain.
   *
   * @return the domain
   */
  public String domain() {
    return domain;
  }

  /**
   * Which of several functions of one name it is.
   *
   * @return empty as a rule
   */
  public String overload() {
    return overload;
  }

  /**
   * The values that it takes.
   *
   * @return names
   */
  public List<String> inputs() {
    return inputs;
  }

  /**
   * The values that it makes.
   *
   * @return names
   */
  public List<String> outputs() {
    return outputs;
  }

  /**
   * The attributes that a call must have.
   *
   * @return names
   */
  public List<String> attributes() {
    return attributes;
  }

  /**
   * The attributes that a call may have.
   *
   * @return with the values that they have otherwise
   */
  public List<OnnxAttribute> defaults() {
    return defaults;
  }

  /**
   * The nodes.
   *
   * @return in the file's order
   */
  public List<OnnxNode> nodes() {
    return nodes;
  }

  /**
   * The operators that the nodes use.
   *
   * @return in the file's order
   */
  public List<OnnxOpset> opsets() {
    return opsets;
  }

  /**
   * The same with other nodes.
   *
   * @param changed all of them
   * @return the changed function
   */
  public OnnxFunction withNodes(List<OnnxNode> changed) {
    List<ProtoField> fields =
        changed.stream().map(node -> ProtoField.ofMessage(NODE, node.message())).toList();
    return new OnnxFunction(message.with(NODE, fields), defaults, changed, opsets);
  }

  /** Domain and name. */
  @Override
  public String toString() {
    return "function '" + domain + "." + name + "'";
  }
}
