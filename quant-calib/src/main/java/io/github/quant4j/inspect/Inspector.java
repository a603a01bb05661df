// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.inspect;

import io.github.quant4j.io.ChecksumState;
import io.github.quant4j.io.ModelDirectory;
import io.github.quant4j.io.SafetensorsFile;
import io.github.quant4j.io.TensorFileException;
import io.github.quant4j.io.TensorSource;
import io.github.quant4j.io.gguf.GgufFile;
import io.github.quant4j.io.gguf.GgufMetadata;
import io.github.quant4j.io.quantized.QuantizedWeights;
import io.github.quant4j.json.JsonValue;
import io.github.quant4j.linear.QuantizedLinear;
import io.github.quant4j.linear.WeightTerm;
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
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedSet;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Looks at weight files without running them. Every byte is read; values are summed in blocks, so
 * that tensors of any size take little memory, and the sums do not depend on the number of threads.
 */
public final class Inspector {
  static final int BLOCK = 1 << 16;
  private static final JsonValue.Obj NO_CONFIG = new JsonValue.Obj(new LinkedHashMap<>());

  private final WorkerTeam team;
  private final ProgressListener progress;
  private final Cancellation cancellation;

  private Inspector(WorkerTeam team, ProgressListener progress, Cancellation cancellation) {
    this.team = team;
    this.progress = progress;
    this.cancellation = cancellation;
  }

  /**
   * An inspector that tells nobody how far it is.
   *
   * @param team the threads
   * @return the inspector
   */
  public static Inspector of(WorkerTeam team) {
    return new Inspector(team, ProgressListener.none(), Cancellation.onInterrupt());
  }

  /**
   * The same with a listener.
   *
   * @param listener is told of tensors and quantized matrices
   * @return the changed inspector
   */
  public Inspector progress(ProgressListener listener) {
    return new Inspector(team, listener, cancellation);
  }

  /**
   * The same with another way to stop it.
   *
   * @param changed asked before each tensor or matrix, by default whether the calling thread is
   *     interrupted
   * @return the changed inspector
   */
  public Inspector cancellation(Cancellation changed) {
    return new Inspector(team, progress, changed);
  }

  /**
   * Looks at a model directory, a safetensors, GGUF or ONNX file or an importance matrix. Of a
   * quantized model, each quantized matrix is one entry with the distribution of the weights it
   * stands for; so is it of the file {@code model.safetensors} of such a model, but not of single
   * shards, which may hold parts. Of a GGUF file each tensor is an entry, of all parts if it is the
   * first of several. Files whose names end in {@code .onnx} are taken for ONNX files; entries are
   * their initializers and constants. Importance matrices of the older form are told by the ends of
   * their names, {@code .dat} or {@code .imatrix}.
   *
   * @param path a model directory or a file
   * @return what is in it
   * @throws TensorFileException if it is missing or malformed; damaged data does not count, it is
   *     part of the result
   * @throws IOException if reading fails
   * @throws java.util.concurrent.CancellationException if it was stopped
   */
  public Inspection inspect(Path path) throws IOException {
    // Files cannot be opened by a thread that is interrupted.
    cancellation.check();
    GgufInspector gguf = new GgufInspector(team, progress, cancellation);
    Optional<Path> model = GgufFile.locate(path);
    if (model.isPresent()) {
      return gguf.inspect(model.get());
    }
    if (Files.isDirectory(path)) {
      try (ModelDirectory files = ModelDirectory.open(path)) {
        return inspect(path, files, QuantizedWeights.of(files.config(), new Unchecked(files)));
      }
    }
    if (OnnxInspector.isOnnx(path)) {
      return new OnnxInspector(team, progress, cancellation).inspect(path);
    }
    if (GgufInspector.isImportance(path)) {
      return gguf.inspectImportance(path);
    }
    Path directory = path.toAbsolutePath().getParent();
    if (path.endsWith(ModelDirectory.WEIGHTS)
        && directory != null
        && Files.exists(directory.resolve(ModelDirectory.CONFIG))) {
      try (ModelDirectory files = ModelDirectory.open(directory)) {
        return inspect(path, files, QuantizedWeights.of(files.config(), new Unchecked(files)));
      }
    }
    try (SafetensorsFile file = SafetensorsFile.open(path)) {
      return inspect(path, file, QuantizedWeights.of(NO_CONFIG, file));
    }
  }

  private Inspection inspect(Path path, TensorSource source, QuantizedWeights quantized) {
    Map<String, String> modules = new HashMap<>();
    List<String> slices = new ArrayList<>();
    for (String module : quantized.modules()) {
      List<String> own = quantized.tensors(module);
      own.forEach(name -> modules.put(name, module));
      if (own.isEmpty()) {
        slices.add(module);
      }
    }
    Set<String> done = new HashSet<>();
    List<TensorInspection> entries = new ArrayList<>();
    int seen = 0;
    for (String name : source.names()) {
      cancellation.check();
      String module = modules.get(name);
      if (module != null) {
        if (done.add(module)) {
          entries.add(inspect(module, quantized.tensors(module), source, quantized));
        }
      } else if (slices.isEmpty() || !quantized.sharedTensors().contains(name)) {
        entries.add(inspect(source.require(name), source.verify(name)));
      }
      progress.progressed("inspect", ++seen, source.names().size());
    }
    for (String slice : slices) {
      cancellation.check();
      entries.add(inspect(slice, List.of(), source, quantized));
    }
    return new Inspection(
        path.toString(), quantized.method(), GgufMetadata.empty(), Optional.empty(), entries);
  }

  private TensorInspection inspect(Tensor tensor, ChecksumState checksum) {
    long count = tensor.shape().elementCount();
    return new TensorInspection(
        tensor.name(),
        tensor.shape(),
        tensor.dtype().label(),
        false,
        tensor.byteSize(),
        count == 0 ? 0 : tensor.dtype().bits(),
        tensor.dtype() == DType.C64 ? Optional.empty() : Optional.of(statistics(tensor, team)),
        checksum,
        "");
  }

  private TensorInspection inspect(
      String module, List<String> parts, TensorSource source, QuantizedWeights quantized) {
    long bytes = parts.stream().mapToLong(part -> source.require(part).byteSize()).sum();
    // Slices of shared tensors have none of their own; the checksums are those of the whole.
    ChecksumState checksum =
        (parts.isEmpty() ? quantized.sharedTensors() : parts)
            .stream()
                .filter(part -> source.find(part).isPresent())
                .map(source::verify)
                .max(Inspector::compareSeverity)
                .orElse(ChecksumState.ABSENT);
    try {
      QuantizedLinear linear = quantized.find(module).orElseThrow();
      return new TensorInspection(
          module + ".weight",
          Shape.of(linear.outFeatures(), linear.inFeatures()),
          describe(linear),
          true,
          parts.isEmpty() ? linear.storageBits() / Byte.SIZE : bytes,
          linear.bitsPerWeight(),
          Optional.of(statistics(linear)),
          checksum,
          "");
    } catch (TensorFileException e) {
      return new TensorInspection(
          module + ".weight",
          Shape.of(0, 0),
          quantized.method(),
          true,
          bytes,
          0,
          Optional.empty(),
          checksum,
          String.valueOf(e.getMessage()));
    }
  }

  private static int compareSeverity(ChecksumState a, ChecksumState b) {
    List<ChecksumState> order =
        List.of(ChecksumState.INTACT, ChecksumState.ABSENT, ChecksumState.CORRUPT);
    return Integer.compare(order.indexOf(a), order.indexOf(b));
  }

  private static String describe(QuantizedLinear linear) {
    String terms =
        linear.terms().stream().map(WeightTerm::describe).collect(Collectors.joining(" + "));
    String activations =
        linear.activations().map(quantizer -> " @ " + quantizer.scheme()).orElse("");
    return linear.transform().map(map -> map.describe() + " | ").orElse("") + terms + activations;
  }

  static ValueStatistics statistics(Tensor tensor, WorkerTeam team) {
    long count = tensor.shape().elementCount();
    return Moments.joined(
        team,
        Math.toIntExact(Math.ceilDiv(count, BLOCK)),
        part -> {
          long from = (long) part * BLOCK;
          float[] block = new float[(int) Math.min(BLOCK, count - from)];
          tensor.readFloats(from, block.length, block, 0);
          return Moments.of(block, 0, block.length);
        });
  }

  private ValueStatistics statistics(QuantizedLinear linear) {
    int rows = Math.max(1, BLOCK / Math.max(1, linear.inFeatures()));
    return Moments.joined(
        team,
        Math.ceilDiv(linear.outFeatures(), rows),
        part -> {
          int from = part * rows;
          int to = Math.min(linear.outFeatures(), from + rows);
          float[] block = new float[(to - from) * linear.inFeatures()];
          for (WeightTerm term : linear.terms()) {
            for (int row = from; row < to; row++) {
              term.addRow(row, block, (row - from) * linear.inFeatures());
            }
          }
          return Moments.of(block, 0, block.length);
        });
  }

  /** The tensors without their checksums, so that what is damaged can be looked at as well. */
  private record Unchecked(TensorSource inner) implements TensorSource {
    @Override
    public SequencedSet<String> names() {
      return inner.names();
    }

    @Override
    public Optional<Tensor> find(String name) {
      return inner.find(name);
    }

    @Override
    public void close() {
      // The tensors are the caller's.
    }
  }
}
