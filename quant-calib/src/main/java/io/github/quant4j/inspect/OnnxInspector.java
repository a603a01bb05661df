// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.inspect;

import io.github.quant4j.io.ChecksumState;
import io.github.quant4j.io.gguf.GgufMetadata;
import io.github.quant4j.io.onnx.OnnxAttribute;
import io.github.quant4j.io.onnx.OnnxFile;
import io.github.quant4j.io.onnx.OnnxFunction;
import io.github.quant4j.io.onnx.OnnxGraph;
import io.github.quant4j.io.onnx.OnnxModel;
import io.github.quant4j.io.onnx.OnnxNode;
import io.github.quant4j.io.onnx.OnnxOpset;
import io.github.quant4j.io.onnx.OnnxSparseTensor;
import io.github.quant4j.io.onnx.OnnxTensor;
import io.github.quant4j.io.onnx.OnnxType;
import io.github.quant4j.io.onnx.OnnxValueInfo;
import io.github.quant4j.parallel.WorkerTeam;
import io.github.quant4j.progress.Cancellation;
import io.github.quant4j.progress.ProgressListener;
import io.github.quant4j.tensor.DType;
import io.github.quant4j.tensor.Shape;
import io.github.quant4j.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/** Looks at ONNX files: initializers and constants, also those of inner graphs and functions. */
final class OnnxInspector {
  private final WorkerTeam team;
  private final ProgressListener progress;
  private final Cancellation cancellation;

  OnnxInspector(WorkerTeam team, ProgressListener progress, Cancellation cancellation) {
    this.team = team;
    this.progress = progress;
    this.cancellation = cancellation;
  }

  /** Whether a file is called as such files are. */
  static boolean isOnnx(Path path) {
    return String.valueOf(path.getFileName()).endsWith(OnnxFile.EXTENSION)
        && !Files.isDirectory(path);
  }

  /** What a walk through all graphs finds. */
  private static final class Content {
    private final List<OnnxTensor> tensors = new ArrayList<>();
    private final List<OnnxSparseTensor> sparse = new ArrayList<>();
    private final SortedMap<String, Integer> operators = new TreeMap<>();

    void add(OnnxGraph graph) {
      tensors.addAll(graph.initializers().values());
      sparse.addAll(graph.sparseInitializers());
      graph.nodes().forEach(this::add);
    }

    void add(OnnxNode node) {
      boolean own = node.domain().isEmpty() || node.domain().equals("ai.onnx");
      operators.merge(own ? node.opType() : node.domain() + "." + node.opType(), 1, Integer::sum);
      boolean constant = own && node.opType().equals("Constant") && !node.outputs().isEmpty();
      for (OnnxAttribute attribute : node.attributes()) {
        switch (attribute) {
          case OnnxAttribute.GraphValue graph -> add(graph.value());
          case OnnxAttribute.GraphList graphs -> graphs.values().forEach(this::add);
          case OnnxAttribute.TensorValue tensor when constant ->
              tensors.add(tensor.value().withName(node.outputs().getFirst()));
          default -> {
            // Other attributes are settings of the operator.
          }
        }
      }
    }
  }

  Inspection inspect(Path path) throws IOException {
    try (OnnxFile file = OnnxFile.open(path)) {
      OnnxModel model = file.model();
      Content content = new Content();
      content.add(model.graph());
      for (OnnxFunction function : model.functions()) {
        function.nodes().forEach(content::add);
      }
      List<TensorInspection> entries = new ArrayList<>();
      int all = content.tensors.size() + content.sparse.size();
      for (OnnxTensor tensor : content.tensors) {
        cancellation.check();
        entries.add(inspect(tensor, file.verify(tensor)));
        progress.progressed("inspect", entries.size(), all);
      }
      for (OnnxSparseTensor tensor : content.sparse) {
        cancellation.check();
        entries.add(inspect(tensor, file.verify(tensor.values())));
        progress.progressed("inspect", entries.size(), all);
      }
      return new Inspection(
          path.toString(),
          "",
          GgufMetadata.empty(),
          Optional.of(graph(model, content.operators)),
          entries);
    }
  }

  private static GraphInspection graph(OnnxModel model, SortedMap<String, Integer> operators) {
    OnnxGraph graph = model.graph();
    return new GraphInspection(
        (model.producerName() + " " + model.producerVersion()).strip(),
        model.opsets().stream().map(OnnxOpset::toString).toList(),
        graph.inputs().stream()
            .filter(input -> graph.initializer(input.name()).isEmpty())
            .map(OnnxValueInfo::toString)
            .toList(),
        graph.outputs().stream().map(OnnxValueInfo::toString).toList(),
        operators);
  }

  private TensorInspection inspect(OnnxTensor tensor, ChecksumState checksum) {
    int bits = tensor.shape().elementCount() == 0 ? 0 : tensor.type().bits();
    return entry(tensor, tensor.name(), tensor.shape(), tensor.byteSize(), bits, checksum);
  }

  private TensorInspection inspect(OnnxSparseTensor tensor, ChecksumState checksum) {
    long bytes = tensor.values().byteSize() + tensor.indices().byteSize();
    long count = tensor.shape().elementCount();
    double bits = count == 0 ? 0 : 8.0 * bytes / count;
    return entry(tensor.values(), tensor.values().name(), tensor.shape(), bytes, bits, checksum);
  }

  private TensorInspection entry(
      OnnxTensor values,
      String name,
      Shape shape,
      long bytes,
      double bits,
      ChecksumState checksum) {
    Optional<ValueStatistics> statistics = Optional.empty();
    String problem = "";
    try {
      statistics = statistics(values);
    } catch (IllegalArgumentException e) {
      problem = String.valueOf(e.getMessage());
    }
    return new TensorInspection(
        name, shape, values.type().name(), false, bytes, bits, statistics, checksum, problem);
  }

  private Optional<ValueStatistics> statistics(OnnxTensor tensor) {
    if (tensor.type() == OnnxType.STRING) {
      return Optional.empty();
    }
    Optional<Tensor> values =
        tensor.type().isNarrowInteger() ? Optional.of(tensor.unpacked()) : tensor.tensor();
    return values
        .filter(found -> found.dtype() != DType.C64)
        .map(found -> Inspector.statistics(found, team));
  }
}
