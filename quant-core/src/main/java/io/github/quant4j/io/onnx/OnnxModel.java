// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.onnx;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A model, {@code ModelProto}. Immutable; whatever is not changed is written as it was read.
 * Comparisons are by identity.
 */
public final class OnnxModel {
  private static final int IR_VERSION = 1;
  private static final int GRAPH = 7;
  private static final int OPSET = 8;
  private static final int METADATA = 14;
  private static final int FUNCTIONS = 25;

  private final ProtoMessage message;
  private final OnnxGraph graph;
  private final List<OnnxOpset> opsets;
  private final List<OnnxProperty> metadata;
  private final List<OnnxFunction> functions;

  private OnnxModel(
      ProtoMessage message,
      OnnxGraph graph,
      List<OnnxOpset> opsets,
      List<OnnxProperty> metadata,
      List<OnnxFunction> functions) {
    this.message = message;
    this.graph = graph;
    this.opsets = List.copyOf(opsets);
    this.metadata = List.copyOf(metadata);
    this.functions = List.copyOf(functions);
  }

  static OnnxModel read(ProtoMessage message, ReadBudget budget) {
    @Nullable ProtoMessage graph = message.message(GRAPH, "graph", budget);
    if (graph == null) {
      throw new IllegalArgumentException("no graph, expected an ONNX model");
    }
    OnnxModel model =
        new OnnxModel(
            message,
            OnnxGraph.read(graph, budget, 1),
            OnnxOpset.read(message, OPSET, budget),
            OnnxProperty.read(message, METADATA, "metadata_props", budget),
            message.messages(FUNCTIONS, "functions", budget).stream()
                .map(function -> OnnxFunction.read(function, budget, 1))
                .toList());
    model.irVersion();
    model.modelVersion();
    for (int number : new int[] {2, 3, 4, 6}) {
      message.string(number, "text of the model");
    }
    return model;
  }

  ProtoMessage message() {
    return message;
  }

  /**
   * The version of the intermediate representation.
   *
   * @return 0 if the file does not say
   */
  public long irVersion() {
    return message.integer(IR_VERSION, "ir_version");
  }

  /**
   * The tool that made the file.
   *
   * @return its name, empty if not said
   */
  public String producerName() {
    return message.string(2, "producer_name");
  }

  /**
   * The version of the tool.
   *
   * @return empty if not said
   */
  public String producerVersion() {
    return message.string(3, "producer_version");
  }

  /**
   * The model's domain.
   *
   * @return empty if not said
   */
  public String domain() {
    return message.string(4, "domain");
  }

  /**
   * The model's version.
   *
   * @return 0 if not said
   */
  public long modelVersion() {
    return message.integer(5, "model_version");
  }

  /**
   * The description.
   *
   * @return empty if there is none
   */
  public String doc() {
    return message.string(6, "doc_string");
  }

  /**
   * The sets of operators that the model uses.
   *
   * @return in the file's order
   */
  public List<OnnxOpset> opsets() {
    return opsets;
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
   * The graph.
   *
   * @return the main graph
   */
  public OnnxGraph graph() {
    return graph;
  }

  /**
   * Operators that the model itself defines.
   *
   * @return in the file's order
   */
  public List<OnnxFunction> functions() {
    return functions;
  }

  /**
   * The same with another graph.
   *
   * @param changed the graph
   * @return the changed model
   */
  public OnnxModel withGraph(OnnxGraph changed) {
    ProtoField field = ProtoField.ofMessage(GRAPH, changed.message());
    return changed == graph
        ? this
        : new OnnxModel(message.with(field), changed, opsets, metadata, functions);
  }

  /**
   * The same with other sets of operators.
   *
   * @param changed all of them
   * @return the changed model
   */
  public OnnxModel withOpsets(List<OnnxOpset> changed) {
    List<ProtoField> fields = changed.stream().map(opset -> opset.field(OPSET)).toList();
    return new OnnxModel(message.with(OPSET, fields), graph, changed, metadata, functions);
  }

  /**
   * The same with other properties.
   *
   * @param changed all of them
   * @return the changed model
   */
  public OnnxModel withMetadata(List<OnnxProperty> changed) {
    List<ProtoField> fields = changed.stream().map(entry -> entry.field(METADATA)).toList();
    return new OnnxModel(message.with(METADATA, fields), graph, opsets, changed, functions);
  }

  /**
   * The same with other functions.
   *
   * @param changed all of them
   * @return the changed model
   */
  public OnnxModel withFunctions(List<OnnxFunction> changed) {
    List<ProtoField> fields = new ArrayList<>();
    changed.forEach(one -> fields.add(ProtoField.ofMessage(FUNCTIONS, one.message())));
    return new OnnxModel(message.with(FUNCTIONS, fields), graph, opsets, metadata, changed);
  }

  /**
   * The same with another version of the intermediate representation.
   *
   * @param changed the version
   * @return the changed model
   */
  public OnnxModel withIrVersion(long changed) {
    return new OnnxModel(
        message.with(ProtoField.ofLong(IR_VERSION, changed)), graph, opsets, metadata, functions);
  }

  /** Opsets and graph. */
  @Override
  public String toString() {
    return graph + " " + opsets;
  }
}
