// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.onnx;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * A node of a graph, {@code NodeProto}: an operator with its inputs, outputs and attributes.
 * Immutable; comparisons are by identity.
 */
public final class OnnxNode {
  private static final int INPUT = 1;
  private static final int OUTPUT = 2;
  private static final int NAME = 3;
  private static final int OP_TYPE = 4;
  private static final int ATTRIBUTE = 5;
  private static final int DOC = 6;
  private static final int DOMAIN = 7;
  private static final int OVERLOAD = 8;
  private static final int METADATA = 9;

  private final ProtoMessage message;
  private final String name;
  private final String opType;
  private final String domain;
  private final String overload;
  private final String doc;
  private final List<String> inputs;
  private final List<String> outputs;
  private final List<OnnxAttribute> attributes;
  private final List<OnnxProperty> metadata;

  /** The attributes are those of the message. */
  private OnnxNode(
      ProtoMessage message, List<OnnxAttribute> attributes, List<OnnxProperty> metadata) {
    this.message = message;
    this.name = message.string(NAME, "name");
    this.opType = message.string(OP_TYPE, "op_type");
    this.domain = message.string(DOMAIN, "domain");
    this.overload = message.string(OVERLOAD, "overload");
    this.doc = message.string(DOC, "doc_string");
    this.inputs = message.strings(INPUT, "input");
    this.outputs = message.strings(OUTPUT, "output");
    this.attributes = List.copyOf(attributes);
    this.metadata = metadata;
    Set<String> names = new HashSet<>();
    for (OnnxAttribute attribute : attributes) {
      if (!names.add(attribute.name())) {
        throw new IllegalArgumentException("attribute '" + attribute.name() + "': occurs twice");
      }
    }
  }

  static OnnxNode read(ProtoMessage message, ReadBudget budget, int depth) {
    String name = message.string(NAME, "name");
    String opType = message.string(OP_TYPE, "op_type");
    return ReadBudget.within(
        () -> "'" + name + "' (" + opType + ")",
        () -> {
          int inner = ReadBudget.deeper(depth);
          List<OnnxAttribute> attributes = new ArrayList<>();
          for (ProtoMessage attribute : message.messages(ATTRIBUTE, "attribute", budget)) {
            attributes.add(AttributeCodec.read(attribute, budget, inner));
          }
          return new OnnxNode(
              message, attributes, OnnxProperty.read(message, METADATA, "metadata_props", budget));
        });
  }

  static List<OnnxNode> readAll(ProtoMessage message, int number, ReadBudget budget, int depth) {
    List<OnnxNode> nodes = new ArrayList<>();
    for (ProtoMessage node : message.messages(number, "node", budget)) {
      int index = nodes.size();
      nodes.add(ReadBudget.within(() -> "node " + index, () -> read(node, budget, depth)));
    }
    return List.copyOf(nodes);
  }

  /**
   * Makes a node without attributes.
   *
   * @param name may be empty
   * @param domain whose operator; empty for one of ONNX itself
   * @param opType the operator
   * @param inputs names of values; an empty one is an input that is left out
   * @param outputs names of values
   * @return the node
   */
  public static OnnxNode of(
      String name, String domain, String opType, List<String> inputs, List<String> outputs) {
    List<ProtoField> fields = new ArrayList<>();
    inputs.forEach(input -> fields.add(ProtoField.ofString(INPUT, input)));
    outputs.forEach(output -> fields.add(ProtoField.ofString(OUTPUT, output)));
    if (!name.isEmpty()) {
      fields.add(ProtoField.ofString(NAME, name));
    }
    fields.add(ProtoField.ofString(OP_TYPE, opType));
    if (!domain.isEmpty()) {
      fields.add(ProtoField.ofString(DOMAIN, domain));
    }
    return new OnnxNode(ProtoMessage.of(fields), List.of(), List.of());
  }

  ProtoMessage message() {
    return message;
  }

  /**
   * The node's name.
   *
   * @return empty for many
   */
  public String name() {
    return name;
  }

  /**
   * The operator.
   *
   * @return for example {@code MatMul}
   */
  public String opType() {
    return opType;
  }

  /**
   * Whose operator it is.
   *
   * @return as stored; empty for ONNX itself
   */
  public String domain() {
    return domain;
  }

  /**
   * Which of several functions of one name it calls.
   *
   * @return empty as a rule
   */
  public String overload() {
    return overload;
  }

  /**
   * The description.
   *
   * @return empty if there is none
   */
  public String doc() {
    return doc;
  }

  /**
   * The values that it takes.
   *
   * @return names; an empty one is an input that is left out
   */
  public List<String> inputs() {
    return inputs;
  }

  /**
   * The values that it makes.
   *
   * @return names; an empty one is an output that is left out
   */
  public List<String> outputs() {
    return outputs;
  }

  /**
   * The attributes.
   *
   * @return in the file's order
   */
  public List<OnnxAttribute> attributes() {
    return attributes;
  }

  /**
   * Further properties.
   *
   * @return in the file's order
   */
  public List<OnnxProperty> metadata() {
    return metadata;
  }

  /**
   * An attribute.
   *
   * @param attribute its name
   * @return the attribute, or empty if there is none of that name
   */
  public Optional<OnnxAttribute> attribute(String attribute) {
    return attributes.stream().filter(known -> known.name().equals(attribute)).findFirst();
  }

  /**
   * The same with other inputs.
   *
   * @param changed names of values
   * @return the changed node
   */
  public OnnxNode withInputs(List<String> changed) {
    return withStrings(INPUT, changed);
  }

  /**
   * The same with other outputs.
   *
   * @param changed names of values
   * @return the changed node
   */
  public OnnxNode withOutputs(List<String> changed) {
    return withStrings(OUTPUT, changed);
  }

  private OnnxNode withStrings(int number, List<String> changed) {
    List<ProtoField> fields =
        changed.stream().map(text -> ProtoField.ofString(number, text)).toList();
    return new OnnxNode(message.with(number, fields), attributes, metadata);
  }

  /**
   * The same with another attribute: in place of one of the same name, of which descriptions and
   * unknown fields stay, or behind all others.
   *
   * @param changed the attribute
   * @return the changed node
   */
  public OnnxNode withAttribute(OnnxAttribute changed) {
    List<OnnxAttribute> all = new ArrayList<>(attributes);
    List<ProtoField> fields = attributeFields();
    int index = indexOf(changed.name());
    if (index < 0) {
      all.add(changed);
      fields.add(ProtoField.ofMessage(ATTRIBUTE, AttributeCodec.write(changed, ProtoMessage.of())));
    } else {
      ProtoMessage old =
          message.messages(ATTRIBUTE, "attribute", ReadBudget.unlimited()).get(index);
      all.set(index, changed);
      fields.set(index, ProtoField.ofMessage(ATTRIBUTE, AttributeCodec.write(changed, old)));
    }
    return new OnnxNode(message.with(ATTRIBUTE, fields), all, metadata);
  }

  /**
   * The same without an attribute.
   *
   * @param attribute its name
   * @return the changed node, or this one if there is none of that name
   */
  public OnnxNode withoutAttribute(String attribute) {
    int index = indexOf(attribute);
    if (index < 0) {
      return this;
    }
    List<OnnxAttribute> all = new ArrayList<>(attributes);
    List<ProtoField> fields = attributeFields();
    all.remove(index);
    fields.remove(index);
    return new OnnxNode(message.with(ATTRIBUTE, fields), all, metadata);
  }

  private int indexOf(String attribute) {
    return attributes.stream().map(OnnxAttribute::name).toList().indexOf(attribute);
  }

  private List<ProtoField> attributeFields() {
    return new ArrayList<>(
        message.fields().stream().filter(field -> field.number() == ATTRIBUTE).toList());
  }

  /** Name and operator. */
  @Override
  public String toString() {
    return "node '" + name + "' (" + opType + ")";
  }
}
