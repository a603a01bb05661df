// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.onnx;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;
import java.util.function.Function;

/**
 * A graph, {@code GraphProto}. Only what is stored is checked, not whether the nodes fit together.
 * Immutable; a changed graph shares everything that is not changed. Comparisons are by identity.
 */
public final class OnnxGraph {
  private static final int NODE = 1;
  private static final int NAME = 2;
  private static final int INITIALIZER = 5;
  private static final int DOC = 10;
  private static final int INPUT = 11;
  private static final int OUTPUT = 12;
  private static final int VALUE_INFO = 13;
  private static final int SPARSE_INITIALIZER = 15;
  private static final int METADATA = 16;

  private final ProtoMessage message;
  private final Parts parts;

  private record Parts(
      String name,
      String doc,
      List<OnnxNode> nodes,
      SequencedMap<String, OnnxTensor> initializers,
      List<OnnxSparseTensor> sparseInitializers,
      List<OnnxValueInfo> inputs,
      List<OnnxValueInfo> outputs,
      List<OnnxValueInfo> valueInfo,
      List<OnnxProperty> metadata) {}

  private OnnxGraph(ProtoMessage message, Parts parts) {
    this.message = message;
    this.parts = parts;
  }

  static OnnxGraph read(ProtoMessage message, ReadBudget budget, int depth) {
    String name = message.string(NAME, "name");
    return ReadBudget.within(
        () -> "graph '" + name + "'",
        () -> {
          int inner = ReadBudget.deeper(depth);
          List<OnnxTensor> initializers = new ArrayList<>();
          for (ProtoMessage tensor : message.messages(INITIALIZER, "initializer", budget)) {
            int index = initializers.size();
            initializers.add(
                ReadBudget.within(
                    () -> "initializer " + index, () -> OnnxTensor.read(tensor, budget)));
          }
          List<OnnxSparseTensor> sparse =
              message.messages(SPARSE_INITIALIZER, "sparse_initializer", budget).stream()
                  .map(tensor -> OnnxSparseTensor.read(tensor, budget))
                  .toList();
          return new OnnxGraph(
              message,
              new Parts(
                  name,
                  message.string(DOC, "doc_string"),
                  OnnxNode.readAll(message, NODE, budget, inner),
                  named(initializers, sparse),
                  sparse,
                  OnnxValueInfo.readAll(message, INPUT, "input", budget, inner),
                  OnnxValueInfo.readAll(message, OUTPUT, "output", budget, inner),
                  OnnxValueInfo.readAll(message, VALUE_INFO, "value_info", budget, inner),
                  OnnxProperty.read(message, METADATA, "metadata_props", budget)));
        });
  }

  private static SequencedMap<String, OnnxTensor> named(
      List<OnnxTensor> tensors, List<OnnxSparseTensor> sparse) {
    SequencedMap<String, OnnxTensor> named = new LinkedHashMap<>();
    for (OnnxTensor tensor : tensors) {
      if (named.put(tensor.name(), tensor) != null) {
        throw new IllegalArgumentException("initializer '" + tensor.name() + "': occurs twice");
      }
    }
    Set<String> names = new HashSet<>(named.keySet());
    for (OnnxSparseTensor tensor : sparse) {
      if (!names.add(tensor.values().name())) {
        throw new IllegalArgumentException(
            "initializer '" + tensor.values().name() + "': occurs twice");
      }
    }
    return Collections.unmodifiableSequencedMap(named);
  }

  ProtoMessage message() {
    return message;
  }

  /**
   * The graph's name.
   *
   * @return the name
   */
  public String name() {
    return parts.name;
  }

  /**
   * The description.
   *
   * @return empty if there is none
   */
  public String doc() {
    return parts.doc;
  }

  /**
   * The nodes.
   *
   * @return in the file's order
   */
  public List<OnnxNode> nodes() {
    return parts.nodes;
  }

  /**
   * The dense initializers by name.
   *
   * @return in the file's order
   */
  public SequencedMap<String, OnnxTensor> initializers() {
    return parts.initializers;
  }

  /**
   * The sparse initializers.
   *
   * @return in the file's order
   */
  public List<OnnxSparseTensor> sparseInitializers() {
    return parts.sparseInitializers;
  }

  /**
   * The inputs; one that is an initializer too has a default.
   *
   * @return in order
   */
  public List<OnnxValueInfo> inputs() {
    return parts.inputs;
  }

  /**
   * The outputs.
   *
   * @return in order
   */
  public List<OnnxValueInfo> outputs() {
    return parts.outputs;
  }

  /**
   * The types of values within the graph that the file gives.
   *
   * @return in the file's order
   */
  public List<OnnxValueInfo> valueInfo() {
    return parts.valueInfo;
  }

  /**
   * Further properties.
   *
   * @return in the file's order
   */
  public List<OnnxProperty> metadata() {
    return parts.metadata;
  }

  /**
   * An initializer.
   *
   * @param name its name
   * @return the tensor, or empty if there is no dense one of that name
   */
  public Optional<OnnxTensor> initializer(String name) {
    return Optional.ofNullable(parts.initializers.get(name));
  }

  /**
   * The same with other nodes.
   *
   * @param changed all of them
   * @return the changed graph
   */
  public OnnxGraph withNodes(List<OnnxNode> changed) {
    return new OnnxGraph(
        replaced(NODE, parts.nodes, changed, OnnxNode::message),
        new Parts(
            parts.name,
            parts.doc,
            List.copyOf(changed),
            parts.initializers,
            parts.sparseInitializers,
            parts.inputs,
            parts.outputs,
            parts.valueInfo,
            parts.metadata));
  }

  /**
   * The same with other nodes in place of one, or without it.
   *
   * @param node one of this graph's nodes
   * @param replacement what comes in its place
   * @return the changed graph
   * @throws IllegalArgumentException if the node is not in the graph
   */
  public OnnxGraph withNodeReplaced(OnnxNode node, OnnxNode... replacement) {
    int index = parts.nodes.indexOf(node);
    if (index < 0) {
      throw new IllegalArgumentException("node: " + node + " is not in graph '" + name() + "'");
    }
    List<OnnxNode> changed = new ArrayList<>(parts.nodes);
    changed.remove(index);
    changed.addAll(index, List.of(replacement));
    return withNodes(changed);
  }

  /**
   * The same with other dense initializers.
   *
   * @param changed all of them
   * @return the changed graph
   * @throws IllegalArgumentException if two have the same name
   */
  public OnnxGraph withInitializers(List<OnnxTensor> changed) {
    List<OnnxTensor> old = List.copyOf(parts.initializers.values());
    return new OnnxGraph(
        replaced(INITIALIZER, old, changed, OnnxTensor::message),
        new Parts(
            parts.name,
            parts.doc,
            parts.nodes,
            named(changed, parts.sparseInitializers),
            parts.sparseInitializers,
            parts.inputs,
            parts.outputs,
            parts.valueInfo,
            parts.metadata));
  }

  /**
   * The same with an initializer, in place of one of the same name or behind all others.
   *
   * @param tensor the initializer
   * @return the changed graph
   * @throws IllegalArgumentException if a sparse one has the same name
   */
  public OnnxGraph withInitializer(OnnxTensor tensor) {
    SequencedMap<String, OnnxTensor> changed = new LinkedHashMap<>(parts.initializers);
    changed.put(tensor.name(), tensor);
    return withInitializers(List.copyOf(changed.values()));
  }

  /**
   * The same without an initializer.
   *
   * @param name its name
   * @return the changed graph, or this one if there is no dense one of that name
   */
  public OnnxGraph withoutInitializer(String name) {
    if (!parts.initializers.containsKey(name)) {
      return this;
    }
    SequencedMap<String, OnnxTensor> changed = new LinkedHashMap<>(parts.initializers);
    changed.remove(name);
    return withInitializers(List.copyOf(changed.values()));
  }

  /**
   * The same with other inputs.
   *
   * @param changed all of them
   * @return the changed graph
   */
  public OnnxGraph withInputs(List<OnnxValueInfo> changed) {
    return new OnnxGraph(
        replaced(INPUT, parts.inputs, changed, OnnxValueInfo::message),
        values(List.copyOf(changed), parts.outputs, parts.valueInfo));
  }

  /**
   * The same with other outputs.
   *
   * @param changed all of them
   * @return the changed graph
   */
  public OnnxGraph withOutputs(List<OnnxValueInfo> changed) {
    return new OnnxGraph(
        replaced(OUTPUT, parts.outputs, changed, OnnxValueInfo::message),
        values(parts.inputs, List.copyOf(changed), parts.valueInfo));
  }

  /**
   * The same with the types of other values.
   *
   * @param changed all of them
   * @return the changed graph
   */
  public OnnxGraph withValueInfo(List<OnnxValueInfo> changed) {
    return new OnnxGraph(
        replaced(VALUE_INFO, parts.valueInfo, changed, OnnxValueInfo::message),
        values(parts.inputs, parts.outputs, List.copyOf(changed)));
  }

  private Parts values(
      List<OnnxValueInfo> inputs, List<OnnxValueInfo> outputs, List<OnnxValueInfo> valueInfo) {
    return new Parts(
        parts.name,
        parts.doc,
        parts.nodes,
        parts.initializers,
        parts.sparseInitializers,
        inputs,
        outputs,
        valueInfo,
        parts.metadata);
  }

  /** The same with sparse initializers in other places. */
  OnnxGraph withSparse(List<OnnxSparseTensor> changed) {
    return new OnnxGraph(
        replaced(SPARSE_INITIALIZER, parts.sparseInitializers, changed, OnnxSparseTensor::message),
        new Parts(
            parts.name,
            parts.doc,
            parts.nodes,
            parts.initializers,
            List.copyOf(changed),
            parts.inputs,
            parts.outputs,
            parts.valueInfo,
            parts.metadata));
  }

  /** The fields of what is the same stay as they are, to the last byte. */
  private <T> ProtoMessage replaced(
      int number, List<T> old, List<T> changed, Function<T, ProtoMessage> content) {
    List<ProtoField> before =
        message.fields().stream().filter(field -> field.number() == number).toList();
    IdentityHashMap<T, ProtoField> known = new IdentityHashMap<>();
    for (int i = 0; i < before.size(); i++) {
      known.put(old.get(i), before.get(i));
    }
    List<ProtoField> fields = new ArrayList<>();
    for (T value : changed) {
      ProtoField field = known.get(value);
      fields.add(field == null ? ProtoField.ofMessage(number, content.apply(value)) : field);
    }
    return message.with(number, fields);
  }

  /** Name and sizes. */
  @Override
  public String toString() {
    return "graph '" + name() + "' (" + nodes().size() + " nodes)";
  }
}
