// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.examples.cli;

import io.github.quant4j.inspect.GraphInspection;
import io.github.quant4j.inspect.Inspection;
import io.github.quant4j.inspect.Inspector;
import io.github.quant4j.inspect.TensorInspection;
import io.github.quant4j.inspect.ValueStatistics;
import io.github.quant4j.parallel.WorkerTeam;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Shows what is in weight files. */
@Command(
    name = "inspect",
    header = "Tensors of a file or a model, with the distribution of their values.",
    description =
        "Of a quantized model, each quantized matrix is one entry that describes the weights it"
            + " stands for; its bits per weight count scales and all other parts.")
final class InspectCommand implements Callable<Integer> {
  private final Quant quant;

  @Parameters(
      paramLabel = "PATH",
      description = "A model directory, a safetensors, GGUF or ONNX file, or an importance matrix.")
  private Path path = Path.of("");

  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "Threads to work with (default: all processors).")
  private int threads = Runtime.getRuntime().availableProcessors();

  InspectCommand(Quant quant) {
    this.quant = quant;
  }

  @Override
  public Integer call() throws IOException {
    WorkerTeam team = WorkerTeam.ofThreads(NumberRange.threads(threads));
    Inspection inspection;
    try (ProgressLine progress = quant.progress()) {
      inspection =
          Inspector.of(team)
              .progress(progress)
              .cancellation(quant.terminal().cancellation())
              .inspect(path);
    }
    if (quant.isJson()) {
      quant.print(json(inspection));
    } else {
      print(inspection);
    }
    return 0;
  }

  private void print(Inspection inspection) {
    if (!inspection.metadata().keys().isEmpty()) {
      Table metadata = new Table(3, "key", "type", "value");
      inspection
          .metadata()
          .values()
          .forEach((key, value) -> metadata.add(key, value.kind(), MetadataText.shorten(value)));
      metadata.lines().forEach(quant::print);
      quant.print("");
    }
    inspection.graph().ifPresent(this::print);
    Table table =
        new Table(
            3, "tensor", "shape", "type", "bits", "min", "max", "absmax", "kurtosis", "checksum");
    for (TensorInspection tensor : inspection.tensors()) {
      @Nullable ValueStatistics values = tensor.statistics().orElse(null);
      table.add(
          MetadataText.visible(tensor.name()),
          tensor.shape().toString(),
          tensor.type(),
          Numbers.fixed(tensor.bitsPerWeight(), 3),
          values == null ? "-" : Numbers.significant(values.minimum()),
          values == null ? "-" : Numbers.significant(values.maximum()),
          values == null ? "-" : Numbers.significant(values.absoluteMaximum()),
          values == null ? "-" : Numbers.fixed(values.excessKurtosis(), 2),
          lowerCase(tensor.checksum()));
    }
    table.lines().forEach(quant::print);
    for (TensorInspection tensor : inspection.tensors()) {
      if (!tensor.problem().isEmpty()) {
        quant.print(MetadataText.visible(tensor.name() + " cannot be read: " + tensor.problem()));
      }
      tensor
          .statistics()
          .filter(values -> values.nonFinite() > 0)
          .ifPresent(
              values ->
                  quant.print(
                      MetadataText.visible(tensor.name())
                          + ": "
                          + values.nonFinite()
                          + " not finite"));
    }
    quant.print("");
    quant.print("all        " + describe(inspection.total()));
    if (inspection.quantized().tensors() > 0) {
      quant.print("quantized  " + describe(inspection.quantized()));
    }
  }

  private void print(GraphInspection graph) {
    if (!graph.producer().isEmpty()) {
      quant.print("producer   " + MetadataText.visible(graph.producer()));
    }
    quant.print("opsets     " + MetadataText.visible(String.join(", ", graph.opsets())));
    graph.inputs().forEach(input -> quant.print("input      " + MetadataText.visible(input)));
    graph.outputs().forEach(output -> quant.print("output     " + MetadataText.visible(output)));
    quant.print("");
    Table operators = new Table(1, "operator", "nodes");
    graph
        .operators()
        .forEach(
            (name, count) -> operators.add(MetadataText.visible(name), Integer.toString(count)));
    operators.lines().forEach(quant::print);
    quant.print("");
  }

  private static String describe(Inspection.Total total) {
    return String.format(
        Locale.ROOT,
        "%d tensors, %d elements, %s, %.3f bits per weight",
        total.tensors(),
        total.elements(),
        Numbers.bytes((double) total.bytes()),
        total.bitsPerWeight());
  }

  private static String lowerCase(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT);
  }

  private static Map<String, ?> json(Inspection inspection) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("path", inspection.subject());
    json.put("quant_method", inspection.method().isEmpty() ? null : inspection.method());
    if (!inspection.metadata().keys().isEmpty()) {
      json.put("metadata", MetadataText.json(inspection.metadata()));
    }
    inspection.graph().ifPresent(graph -> json.put("graph", json(graph)));
    json.put("tensors", inspection.tensors().stream().map(InspectCommand::json).toList());
    json.put("totals", json(inspection.total()));
    json.put("quantized", json(inspection.quantized()));
    return json;
  }

  private static Map<String, ?> json(GraphInspection graph) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("producer", graph.producer());
    json.put("opsets", graph.opsets());
    json.put("inputs", graph.inputs());
    json.put("outputs", graph.outputs());
    json.put("operators", graph.operators());
    return json;
  }

  private static Map<String, ?> json(Inspection.Total total) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("tensors", total.tensors());
    json.put("elements", total.elements());
    json.put("bytes", total.bytes());
    json.put("bits_per_weight", total.bitsPerWeight());
    return json;
  }

  private static Map<String, ?> json(TensorInspection tensor) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("name", tensor.name());
    json.put("shape", shape(tensor));
    json.put(tensor.isQuantized() ? "scheme" : "dtype", tensor.type());
    json.put("bits_per_weight", tensor.bitsPerWeight());
    json.put("bytes", tensor.bytes());
    tensor.statistics().ifPresent(values -> put(json, values));
    json.put("checksum", lowerCase(tensor.checksum()));
    if (!tensor.problem().isEmpty()) {
      json.put("problem", tensor.problem());
    }
    return json;
  }

  private static List<Long> shape(TensorInspection tensor) {
    return Arrays.stream(tensor.shape().dimensions()).boxed().toList();
  }

  private static void put(Map<String, Object> json, ValueStatistics values) {
    json.put("min", Numbers.json(values.minimum()));
    json.put("max", Numbers.json(values.maximum()));
    json.put("absmax", Numbers.json(values.absoluteMaximum()));
    json.put("mean", Numbers.json(values.mean()));
    json.put("std", Numbers.json(values.standardDeviation()));
    json.put("excess_kurtosis", Numbers.json(values.excessKurtosis()));
    json.put("non_finite", values.nonFinite());
  }
}
