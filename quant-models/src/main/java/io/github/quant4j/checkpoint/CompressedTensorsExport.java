// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.checkpoint;

import io.github.quant4j.checkpoint.layout.InexactException;
import io.github.quant4j.checkpoint.layout.IntegerGrids;
import io.github.quant4j.io.quantized.CompressedTensorsLayers;
import io.github.quant4j.io.quantized.ModelSource;
import io.github.quant4j.io.quantized.QuantizedWeights;
import io.github.quant4j.kernel.KernelOptions;
import io.github.quant4j.linalg.Compute;
import io.github.quant4j.linear.BlockTerm;
import io.github.quant4j.linear.QuantizedLinear;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Writes quantized layers in the schema of compressed-tensors, which vLLM and others read. */
record CompressedTensorsExport() implements ModelExport {
  static final String NAME = "compressed-tensors";

  private static final int DEFAULT_BITS = 4;
  private static final int DEFAULT_GROUP = 128;

  /** What is written for a layer. */
  private record Converted(QuantizedLinear linear, LayerExport report) {}

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public ExportReport write(ModelSource source, Path target, ExportOptions options)
      throws IOException {
    QuantizedWeights quantized = source.quantized();
    ExportDirectory.requireQuantized(source, quantized, NAME);
    Compute compute = KernelOptions.defaults().compute();
    SharedDivisors divisors = SharedDivisors.of(quantized);
    List<LayerExport> reports = new ArrayList<>();
    List<LayerExport> refused = new ArrayList<>();
    CompressedTensorsLayers layers = new CompressedTensorsLayers();
    try (ExportDirectory output = ExportDirectory.create(source, target, options.overwrite())) {
      for (String module : quantized.modules()) {
        options.cancellation().check();
        if (LinearModules.isEmbedding(module)) {
          reports.add(output.embedding(module, quantized.find(module).orElseThrow()));
          continue;
        }
        Converted converted =
            convert(
                module,
                withoutBlocks(quantized.find(module).orElseThrow()),
                divisors,
                options,
                compute);
        reports.add(converted.report);
        if (converted.report.outcome() == LayerExport.Outcome.REFUSED) {
          refused.add(converted.report);
        } else if (refused.isEmpty()) {
          QuantizedLinear linear = converted.linear;
          output.layer(module, layers.add(module, linear), linear.bias());
        }
        options
            .progress()
            .progressed("convert " + module, reports.size(), quantized.modules().size());
      }
      if (!refused.isEmpty()) {
        throw new ExportException(NAME, refused, ExportDirectory.REQUANTIZE);
      }
      List<String> plain = List.copyOf(LinearModules.plain(source, quantized.modules()));
      plain.forEach(
          module ->
              reports.add(new LayerExport(module, LayerExport.Outcome.COPIED, "not quantized")));
      return new ExportReport(NAME, reports, output.finish(layers.config(plain), Optional.empty()));
    }
  }

  /** Blocks of ggml as integers, if they are; otherwise they are left to be refused. */
  private static QuantizedLinear withoutBlocks(QuantizedLinear linear) {
    if (!(linear.terms().getFirst() instanceof BlockTerm)) {
      return linear;
    }
    try {
      QuantizedLinear integers = IntegerGrids.linear(IntegerGrids.of(linear));
      return linear.bias().map(integers::withBias).orElse(integers);
    } catch (InexactException _) {
      return linear;
    }
  }

  private static Converted convert(
      String module,
      QuantizedLinear linear,
      SharedDivisors divisors,
      ExportOptions options,
      Compute compute) {
    Optional<String> problem = CompressedTensorsLayers.problem(linear);
    if (problem.isEmpty()) {
      return divisors.differs(module) && options.requantize()
          ? new Converted(
              divisors.shared(module, linear),
              new LayerExport(
                  module,
                  LayerExport.Outcome.REQUANTIZED,
                  describe(linear) + ", as its global scale was not that of its neighbours"))
          : new Converted(
              linear,
              new LayerExport(
                  module,
                  LayerExport.Outcome.CONVERTED,
                  describe(linear)
                      + (divisors.differs(module)
                          ? ", with a global scale of its own, where vLLM wants that of its"
                              + " neighbours; --requantize makes it so"
                          : "")));
    }
    if (!options.requantize()) {
      return new Converted(
          linear, new LayerExport(module, LayerExport.Outcome.REFUSED, problem.get()));
    }
    QuantizedLinear plainInput = linear.withoutActivations();
    if (CompressedTensorsLayers.problem(plainInput).isEmpty()) {
      return requantized(module, plainInput, "the same weights", problem.get());
    }
    EffectiveWeights effective = EffectiveWeights.of(linear, compute);
    int columns = effective.weights().columns();
    int size = IntegerGrids.groupSize(linear).orElse(DEFAULT_GROUP);
    String scheme =
        "int"
            + IntegerGrids.bits(linear).orElse(DEFAULT_BITS)
            + (size > 1 && columns % size == 0 ? ":g" + size : ":channel")
            + ":sym";
    QuantizedLinear again =
        QuantizedLinear.of(
            options.requantizer().orElseThrow().quantize(scheme, effective.weights()));
    return requantized(
        module, effective.bias().map(again::withBias).orElse(again), scheme, problem.get());
  }

  private static Converted requantized(
      String module, QuantizedLinear linear, String how, String reason) {
    return new Converted(
        linear, new LayerExport(module, LayerExport.Outcome.REQUANTIZED, how + ", as " + reason));
  }

  /** The weights, the input and the transform, without the shape. */
  private static String describe(QuantizedLinear linear) {
    String text = linear.toString();
    return text.substring(text.indexOf(']') + 2);
  }
}
