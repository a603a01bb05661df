// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.inspect;

import io.github.quant4j.block.BlockFormat;
import io.github.quant4j.io.ChecksumState;
import io.github.quant4j.io.gguf.GgufFile;
import io.github.quant4j.io.gguf.GgufMetadata;
import io.github.quant4j.io.gguf.GgufTensor;
import io.github.quant4j.io.gguf.ImportanceMatrix;
import io.github.quant4j.parallel.WorkerTeam;
import io.github.quant4j.progress.Cancellation;
import io.github.quant4j.progress.ProgressListener;
import io.github.quant4j.tensor.Shape;
import io.github.quant4j.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Looks at GGUF files and importance matrices. */
final class GgufInspector {
  private static final String METHOD = "gguf";

  private final WorkerTeam team;
  private final ProgressListener progress;
  private final Cancellation cancellation;

  GgufInspector(WorkerTeam team, ProgressListener progress, Cancellation cancellation) {
    this.team = team;
    this.progress = progress;
    this.cancellation = cancellation;
  }

  /** Whether a file is called as importance matrices of the older form are. */
  static boolean isImportance(Path path) {
    String name = String.valueOf(path.getFileName());
    return name.endsWith(".dat") || name.endsWith(".imatrix");
  }

  Inspection inspect(Path path) throws IOException {
    try (GgufFile file = GgufFile.open(path)) {
      List<TensorInspection> entries = new ArrayList<>();
      for (GgufTensor tensor : file.tensors().values()) {
        cancellation.check();
        entries.add(inspect(tensor));
        progress.progressed("inspect", entries.size(), file.tensors().size());
      }
      boolean quantized = entries.stream().anyMatch(TensorInspection::isQuantized);
      return new Inspection(
          path.toString(), quantized ? METHOD : "", file.metadata(), Optional.empty(), entries);
    }
  }

  /** The mean squares of each weight's inputs. */
  Inspection inspectImportance(Path path) throws IOException {
    List<TensorInspection> entries = new ArrayList<>();
    ImportanceMatrix matrix = ImportanceMatrix.read(path);
    matrix
        .entries()
        .forEach(
            (name, entry) -> {
              Shape shape = Shape.of(entry.size());
              Tensor means = Tensor.ofFloats(shape, entry.meanSquares()).withName(name);
              entries.add(entry(name, shape, means));
            });
    return new Inspection(path.toString(), "", GgufMetadata.empty(), Optional.empty(), entries);
  }

  private TensorInspection entry(String name, Shape shape, Tensor tensor) {
    return new TensorInspection(
        name,
        shape,
        tensor.dtype().label(),
        false,
        tensor.byteSize(),
        shape.elementCount() == 0 ? 0 : tensor.dtype().bits(),
        Optional.of(Inspector.statistics(tensor, team)),
        ChecksumState.ABSENT,
        "");
  }

  private TensorInspection inspect(GgufTensor tensor) {
    if (tensor.isPlain()) {
      return entry(tensor.name(), tensor.shape(), tensor.tensor());
    }
    Optional<BlockFormat> format = tensor.type().blockFormat();
    return new TensorInspection(
        tensor.name(),
        tensor.shape(),
        tensor.type().name(),
        true,
        tensor.data().byteSize(),
        tensor.shape().elementCount() == 0 ? 0 : tensor.type().bitsPerWeight(),
        format.map(found -> statistics(tensor, found)),
        ChecksumState.ABSENT,
        format.isPresent() ? "" : tensor.type() + " is a type of activations");
  }

  private ValueStatistics statistics(GgufTensor tensor, BlockFormat format) {
    int atOnce = Inspector.BLOCK / format.blockSize();
    long count = tensor.data().byteSize() / format.blockBytes();
    return Moments.joined(
        team,
        Math.toIntExact(Math.ceilDiv(count, atOnce)),
        part -> {
          long from = (long) part * atOnce;
          int blocks = (int) Math.min(atOnce, count - from);
          float[] values = new float[blocks * format.blockSize()];
          for (int i = 0; i < blocks; i++) {
            long offset = (from + i) * format.blockBytes();
            format.decoder().decode(tensor.data(), offset, values, i * format.blockSize());
          }
          return Moments.of(values, 0, values.length);
        });
  }
}
