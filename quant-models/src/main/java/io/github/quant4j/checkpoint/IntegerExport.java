// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.checkpoint;

import io.github.quant4j.checkpoint.layout.InexactException;
import io.github.quant4j.checkpoint.layout.IntegerGrids;
import io.github.quant4j.checkpoint.layout.IntegerLayout;
import io.github.quant4j.checkpoint.layout.IntegerWeights;
import io.github.quant4j.checkpoint.layout.LayerShape;
import io.github.quant4j.io.quantized.ModelSource;
import io.github.quant4j.io.quantized.QuantizedWeights;
import io.github.quant4j.kernel.KernelOptions;
import io.github.quant4j.linalg.Compute;
import io.github.quant4j.linear.QuantizedLinear;
import io.github.quant4j.linear.QuantizedTerm;
import io.github.quant4j.tensor.FloatMatrix;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.SequencedSet;
import java.util.TreeSet;

/** Writes layers of integer weights in the layout of another library. */
record IntegerExport(IntegerLayout layout) implements ModelExport {
  private static final int DEFAULT_BITS = 4;

  /** What is written for a layer; empty weights for one that stays dense. */
  private record Converted(
      Optional<IntegerWeights> weights, EffectiveWeights dense, LayerExport report) {}

  @Override
  public String name() {
    return layout.name();
  }

  @Override
  public ExportReport write(ModelSource source, Path target, ExportOptions options)
      throws IOException {
    QuantizedWeights quantized = source.quantized();
    ExportDirectory.requireQuantized(source, quantized, name());
    Compute compute = KernelOptions.defaults().compute();
    IntegerLayout ofModel = layout.forGroups(groupSizes(quantized));
    List<LayerExport> reports = new ArrayList<>();
    List<LayerExport> refused = new ArrayList<>();
    SequencedMap<String, LayerShape> shapes = new LinkedHashMap<>();
    try (ExportDirectory output = ExportDirectory.create(source, target, options.overwrite())) {
      for (String module : quantized.modules()) {
        options.cancellation().check();
        QuantizedLinear linear = quantized.find(module).orElseThrow();
        LayerExport report;
        try {
          if (LinearModules.isEmbedding(module)) {
            reports.add(output.embedding(module, linear));
            continue;
          }
          Converted converted = convert(ofModel, module, linear, options, compute);
          report = converted.report;
          if (refused.isEmpty()) {
            write(output, ofModel, module, converted, shapes);
          }
        } catch (InexactException e) {
          report = new LayerExport(module, LayerExport.Outcome.REFUSED, e.reason());
          refused.add(report);
        }
        reports.add(report);
        options
            .progress()
            .progressed("convert " + module, reports.size(), quantized.modules().size());
      }
      if (!refused.isEmpty()) {
        throw new ExportException(name(), refused, ExportDirectory.REQUANTIZE);
      }
      SequencedSet<String> plain = LinearModules.plain(source, shapes.keySet());
      for (String module : plain) {
        if (!quantized.modules().contains(module)) {
          reports.add(new LayerExport(module, LayerExport.Outcome.COPIED, "not quantized"));
        }
      }
      for (LayerExport report : reports) {
        if (report.outcome() == LayerExport.Outcome.DEQUANTIZED
            && !LinearModules.isEmbedding(report.layer())) {
          plain.add(report.layer());
        }
      }
      long bytes =
          output.finish(ofModel.config(shapes, plain), Optional.of("quantize_config.json"));
      return new ExportReport(name(), reports, bytes);
    }
  }

  private static TreeSet<Integer> groupSizes(QuantizedWeights quantized) throws IOException {
    TreeSet<Integer> sizes = new TreeSet<>();
    for (String module : quantized.modules()) {
      if (LinearModules.isEmbedding(module)) {
        continue;
      }
      IntegerGrids.groupSize(quantized.find(module).orElseThrow()).ifPresent(sizes::add);
    }
    return sizes;
  }

  private static void write(
      ExportDirectory output,
      IntegerLayout layout,
      String module,
      Converted converted,
      SequencedMap<String, LayerShape> shapes)
      throws IOException {
    if (converted.weights.isEmpty()) {
      output.dense(module, converted.dense);
      return;
    }
    IntegerWeights weights = converted.weights.get();
    shapes.put(module, LayerShape.of(weights));
    output.layer(module, layout.tensors(weights), converted.dense.bias());
  }

  private static Converted convert(
      IntegerLayout layout,
      String module,
      QuantizedLinear linear,
      ExportOptions options,
      Compute compute)
      throws InexactException {
    try {
      IntegerWeights given = IntegerGrids.of(linear);
      IntegerWeights fitted = layout.fitted(given);
      return converted(
          fitted, linear, module, LayerExport.Outcome.CONVERTED, widening(given, fitted));
    } catch (InexactException e) {
      if (options.requantizer().isEmpty()) {
        throw e;
      }
      return changed(
          layout, module, linear, e.reason(), options.requantizer().orElseThrow(), compute);
    }
  }

  private static String widening(IntegerWeights given, IntegerWeights fitted) {
    return given.bits() == fitted.bits() ? "" : ", " + given.bits() + " of them used";
  }

  private static Converted converted(
      IntegerWeights weights,
      QuantizedLinear linear,
      String module,
      LayerExport.Outcome outcome,
      String remark) {
    return new Converted(
        Optional.of(weights),
        new EffectiveWeights(FloatMatrix.zeros(0, 0), linear.bias()),
        new LayerExport(module, outcome, weights + remark));
  }

  /** The nearest that the layout has: with the same codes, quantized again, or dense. */
  private static Converted changed(
      IntegerLayout layout,
      String module,
      QuantizedLinear linear,
      String reason,
      Requantizer requantizer,
      Compute compute) {
    if (linear.transform().isEmpty()) {
      try {
        IntegerWeights near = layout.nearest(IntegerGrids.of(linear.withoutActivations()));
        return converted(near, linear, module, LayerExport.Outcome.REQUANTIZED, ", as " + reason);
      } catch (InexactException _) {
        // Quantized again below.
      }
    }
    EffectiveWeights effective = EffectiveWeights.of(linear, compute);
    FloatMatrix dense = effective.weights();
    try {
      String scheme =
          layout.scheme(
              dense.rows(),
              dense.columns(),
              IntegerGrids.bits(linear).orElse(DEFAULT_BITS),
              IntegerGrids.groupSize(linear).orElse(0));
      IntegerWeights again =
          layout.nearest(IntegerGrids.of(new QuantizedTerm(requantizer.quantize(scheme, dense))));
      return new Converted(
          Optional.of(again),
          effective,
          new LayerExport(module, LayerExport.Outcome.REQUANTIZED, scheme + ", as " + reason));
    } catch (InexactException e) {
      return new Converted(
          Optional.empty(),
          effective,
          new LayerExport(
              module, LayerExport.Outcome.DEQUANTIZED, "as " + reason + ", and " + e.reason()));
    }
  }
}
