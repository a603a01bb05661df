// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.onnx;

import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;

/** Applies a change to all tensors of a model; what it does not change stays the same object. */
@SuppressWarnings("ReferenceEquality") // What is unchanged is told by identity, cheaply.
final class TensorMap {
  private final UnaryOperator<OnnxTensor> change;

  TensorMap(UnaryOperator<OnnxTensor> change) {
    this.change = change;
  }

  OnnxModel apply(OnnxModel model) {
    OnnxModel changed = model.withGraph(graph(model.graph()));
    List<OnnxFunction> functions =
        each(
            model.functions(),
            function -> {
              List<OnnxNode> nodes = each(function.nodes(), this::node);
              return nodes == function.nodes() ? function : function.withNodes(nodes);
            });
    return functions == model.functions() ? changed : changed.withFunctions(functions);
  }

  private OnnxGraph graph(OnnxGraph graph) {
    OnnxGraph changed = graph;
    List<OnnxTensor> old = List.copyOf(graph.initializers().values());
    List<OnnxTensor> initializers = each(old, change);
    if (initializers != old) {
      changed = changed.withInitializers(initializers);
    }
    List<OnnxSparseTensor> sparse = each(graph.sparseInitializers(), this::sparse);
    if (sparse != graph.sparseInitializers()) {
      changed = changed.withSparse(sparse);
    }
    List<OnnxNode> nodes = each(graph.nodes(), this::node);
    return nodes == graph.nodes() ? changed : changed.withNodes(nodes);
  }

  private OnnxSparseTensor sparse(OnnxSparseTensor tensor) {
    OnnxTensor values = change.apply(tensor.values());
    OnnxTensor indices = change.apply(tensor.indices());
    return values == tensor.values() && indices == tensor.indices()
        ? tensor
        : tensor.with(values, indices);
  }

  private OnnxNode node(OnnxNode node) {
    OnnxNode changed = node;
    for (OnnxAttribute attribute : node.attributes()) {
      OnnxAttribute other = attribute(attribute);
      if (other != attribute) {
        changed = changed.withAttribute(other);
      }
    }
    return changed;
  }

  private OnnxAttribute attribute(OnnxAttribute attribute) {
    return switch (attribute) {
      case OnnxAttribute.TensorValue(String name, OnnxTensor value) -> {
        OnnxTensor changed = change.apply(value);
        yield changed == value ? attribute : new OnnxAttribute.TensorValue(name, changed);
      }
      case OnnxAttribute.SparseTensorValue(String name, OnnxSparseTensor value) -> {
        OnnxSparseTensor changed = sparse(value);
        yield changed == value ? attribute : new OnnxAttribute.SparseTensorValue(name, changed);
      }
      case OnnxAttribute.GraphValue(String name, OnnxGraph value) -> {
        OnnxGraph changed = graph(value);
        yield changed == value ? attribute : new OnnxAttribute.GraphValue(name, changed);
      }
      case OnnxAttribute.TensorList(String name, List<OnnxTensor> values) -> {
        List<OnnxTensor> changed = each(values, change);
        yield changed == values ? attribute : new OnnxAttribute.TensorList(name, changed);
      }
      case OnnxAttribute.SparseTensorList(String name, List<OnnxSparseTensor> values) -> {
        List<OnnxSparseTensor> changed = each(values, this::sparse);
        yield changed == values ? attribute : new OnnxAttribute.SparseTensorList(name, changed);
      }
      case OnnxAttribute.GraphList(String name, List<OnnxGraph> values) -> {
        List<OnnxGraph> changed = each(values, this::graph);
        yield changed == values ? attribute : new OnnxAttribute.GraphList(name, changed);
      }
      default -> attribute;
    };
  }

  /** The list itself if nothing in it changes. */
  private static <T> List<T> each(List<T> old, UnaryOperator<T> operator) {
    List<T> changed = new ArrayList<>();
    boolean same = true;
    for (T value : old) {
      T other = operator.apply(value);
      same &= other == value;
      changed.add(other);
    }
    return same ? old : changed;
  }
}
