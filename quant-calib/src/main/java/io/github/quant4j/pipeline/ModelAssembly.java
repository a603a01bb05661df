// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.pipeline;

import io.github.quant4j.format.HalfPrecision;
import io.github.quant4j.graph.BlockModel;
import io.github.quant4j.graph.LinearSite;
import io.github.quant4j.io.OutputDirectory;
import io.github.quant4j.io.TensorSource;
import io.github.quant4j.io.quantized.LayerArchive;
import io.github.quant4j.io.quantized.ModelSource;
import io.github.quant4j.io.quantized.QuantizedModelWriter;
import io.github.quant4j.tensor.DType;
import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.tensor.Tensor;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.DoubleSupplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Puts the quantized model together from finished blocks and what stays of the source. */
final class ModelAssembly {
  private static final int ELEMENTS_AT_ONCE = 1 << 20;

  private final BlockModel<?> model;
  private final ModelSource source;
  private final QuantizationPlan plan;
  private final Optional<StreamRotation> rotation;
  private final RunDirectory run;
  private final int blocks;

  /**
   * Prepares the assembly.
   *
   * @param blocks how many blocks are finished in the run's directory
   */
  ModelAssembly(
      BlockModel<?> model,
      ModelSource source,
      QuantizationPlan plan,
      Optional<StreamRotation> rotation,
      RunDirectory run,
      int blocks) {
    this.model = model;
    this.source = source;
    this.plan = plan;
    this.rotation = rotation;
    this.run = run;
    this.blocks = blocks;
  }

  /**
   * How weights are stored that are not quantized but changed: with no fewer bits of mantissa than
   * they had. Those of a rotation are no longer exact in any type; binary16 has eight times the
   * resolution of bfloat16. A recipe that stores weights in binary32 wants nothing rounded.
   */
  static DType storedType(TensorSource source, String tensor, QuantizationPlan plan) {
    DType type = source.find(tensor).map(Tensor::dtype).orElse(DType.F32);
    boolean half = type == DType.F16 || type == DType.BF16;
    return half && !plan.isFullPrecision() ? DType.F16 : DType.F32;
  }

  /**
   * Writes the model.
   *
   * @param output where it goes; it is committed
   * @param calibration what the report says of it
   * @param seconds asked when all but the report is done
   */
  QuantizationReport write(OutputDirectory output, String calibration, DoubleSupplier seconds)
      throws IOException {
    try (Arena arena = Arena.ofConfined();
        QuantizedModelWriter writer = QuantizedModelWriter.create(source, output)) {
      writer.recipe(plan.recipe());
      List<SiteReport> reports = new ArrayList<>();
      List<BlockReport> blockReports = new ArrayList<>();
      Set<String> changed = new HashSet<>();
      for (int b = 0; b < blocks; b++) {
        LayerArchive archive = run.block(b);
        for (String layer : archive.layers()) {
          writer.add(
              layer, archive.layer(layer).orElseThrow(), weights -> model.stored(layer, weights));
          changed.add(layer);
        }
        for (String tensor : vectors(b)) {
          Optional<Tensor> vector = archive.tensor(tensor);
          if (vector.isPresent()) {
            writer.replace(vector.get());
          }
        }
        reports.addAll(run.reports(b, archive));
        blockReports.addAll(run.blockReports(b, archive));
      }
      model.supersededTensors(changed).forEach(writer::drop);
      if (rotation.isPresent()) {
        for (String embedding : rotation.get().embeddings()) {
          writer.replace(rotated(rotation.get(), source.require(embedding), arena));
        }
        if (model.head().sites().stream().anyMatch(LinearSite::isTied)) {
          writer.untieEmbeddings();
        }
      }
      QuantizedModelWriter.Result written =
          writer.finish(
              Stream.concat(
                      model.sites().stream().map(LinearSite::name),
                      model.otherLinearModules().stream())
                  .toList());
      QuantizationReport report =
          new QuantizationReport(
              output.target(),
              plan.recipe(),
              calibration,
              written.method(),
              reports,
              blockReports,
              plan.bytesBefore(),
              written.bytes(),
              seconds.getAsDouble());
      output.write(QuantizationReport.FILE, report.toJson());
      output.write(QuantizationReport.PAGE, ReportPage.of(report));
      output.writeChecksums();
      output.commit();
      return report;
    }
  }

  /** The source's tensors within a block that are no weights of a site. */
  private List<String> vectors(int block) {
    boolean isHead = block == model.blocks().size();
    Set<String> ofSites =
        model.sites().stream()
            .flatMap(site -> Stream.concat(Stream.of(site.weight()), site.bias().stream()))
            .collect(Collectors.toSet());
    String prefix = isHead ? "" : model.blocks().get(block).name() + ".";
    return source.names().stream()
        .filter(name -> name.startsWith(prefix) && !ofSites.contains(name))
        .toList();
  }

  private Tensor rotated(StreamRotation rotation, Tensor rows, Arena arena) {
    DType type = storedType(source, rows.name(), plan);
    int width = (int) rows.shape().dimension(1);
    int count = (int) rows.shape().dimension(0);
    MemorySegment data =
        arena.allocate(rows.shape().elementCount() * type.bits() / Byte.SIZE, Long.BYTES);
    ValueLayout.OfFloat floats =
        ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    ValueLayout.OfShort shorts =
        ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    int atOnce = Math.max(1, ELEMENTS_AT_ONCE / width);
    for (int row = 0; row < count; row += atOnce) {
      FloatMatrix values = rotation.rotated(rows.readRows(row, Math.min(atOnce, count - row)));
      long from = (long) row * width;
      for (int i = 0; i < values.data().length; i++) {
        if (type == DType.F32) {
          data.set(floats, (from + i) * Float.BYTES, values.data()[i]);
        } else {
          data.set(shorts, (from + i) * Short.BYTES, HalfPrecision.toFloat16(values.data()[i]));
        }
      }
    }
    return Tensor.of(rows.name(), type, rows.shape(), data);
  }
}
