// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.gguf;

import io.github.quant4j.io.InputFiles;
import io.github.quant4j.io.TensorFileException;
import io.github.quant4j.tensor.Shape;
import io.github.quant4j.tensor.Tensor;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeSet;

/** Importance matrices as GGUF, and which form a file has. */
final class ImportanceFiles {
  private static final String TYPE_KEY = "general.type";
  private static final String TYPE = "imatrix";
  private static final String DATASETS_KEY = "imatrix.datasets";
  private static final String CHUNK_COUNT_KEY = "imatrix.chunk_count";
  private static final String CHUNK_SIZE_KEY = "imatrix.chunk_size";
  private static final String SQUARES = ".in_sum2";
  private static final String COUNTS = ".counts";

  /** Plain sums, which newer files have beside those of squares. */
  private static final String SUMS = ".in_sum";

  /** More than anybody counts, and few enough for arithmetic. */
  private static final float MOST_TOKENS = 0x1p53f;

  private ImportanceFiles() {}

  static ImportanceMatrix read(Path path) throws IOException {
    InputFiles.requireReadableFile(path, "an importance matrix");
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ);
        Arena arena = Arena.ofConfined()) {
      MemorySegment file = channel.map(MapMode.READ_ONLY, 0, channel.size(), arena);
      if (!GgufHeaderReader.isGguf(file)) {
        return LegacyImportanceFile.read(path, file);
      }
    }
    try (GgufFile file = GgufFile.open(path)) {
      return read(file);
    }
  }

  private static ImportanceMatrix read(GgufFile file) throws TensorFileException {
    try {
      String type = file.metadata().getString(TYPE_KEY).orElse(TYPE);
      if (!type.equals(TYPE)) {
        throw new IllegalArgumentException(
            "metadata '" + TYPE_KEY + "': '" + type + "', expected '" + TYPE + "'");
      }
      ImportanceMatrix.Builder builder = ImportanceMatrix.builder();
      for (String name : weights(file)) {
        builder.add(name, entry(file, name));
      }
      file.metadata()
          .strings(DATASETS_KEY)
          .ifPresent(datasets -> datasets.forEach(builder::dataset));
      file.metadata()
          .getInt(CHUNK_SIZE_KEY)
          .ifPresent(
              size -> builder.chunks(file.metadata().getLong(CHUNK_COUNT_KEY).orElse(0L), size));
      return builder.build();
    } catch (IllegalArgumentException e) {
      throw new TensorFileException(file.path(), e);
    }
  }

  private static SortedSet<String> weights(GgufFile file) {
    SortedSet<String> names = new TreeSet<>();
    for (String tensor : file.tensors().keySet()) {
      String suffix = tensor.substring(Math.max(0, tensor.lastIndexOf('.')));
      if (!suffix.equals(SQUARES) && !suffix.equals(COUNTS) && !suffix.equals(SUMS)) {
        throw new IllegalArgumentException(
            "tensor '"
                + tensor
                + "': expected a name that ends in "
                + SQUARES
                + ", "
                + SUMS
                + " or "
                + COUNTS
                + "; is this an importance matrix?");
      }
      names.add(tensor.substring(0, tensor.length() - suffix.length()));
    }
    if (names.isEmpty()) {
      throw new IllegalArgumentException("no tensors, expected those of an importance matrix");
    }
    return names;
  }

  private static ImportanceMatrix.Entry entry(GgufFile file, String name) {
    float[] squares = floats(file, name + SQUARES);
    float[] stored = floats(file, name + COUNTS);
    if (file.find(name + SUMS).isPresent() && floats(file, name + SUMS).length != squares.length) {
      throw new IllegalArgumentException(
          "tensor '" + name + SUMS + "': expected as many values as in '" + name + SQUARES + "'");
    }
    long[] counts = new long[stored.length];
    for (int i = 0; i < counts.length; i++) {
      if (!(stored[i] >= 0) || stored[i] > MOST_TOKENS) {
        throw new IllegalArgumentException(
            "tensor '" + name + COUNTS + "': " + stored[i] + ", expected numbers of tokens");
      }
      counts[i] = Math.round((double) stored[i]);
    }
    try {
      return new ImportanceMatrix.Entry(squares, counts);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("weight '" + name + "': " + e.getMessage(), e);
    }
  }

  private static float[] floats(GgufFile file, String name) {
    GgufTensor tensor =
        file.find(name)
            .orElseThrow(
                () ->
                    new IllegalArgumentException(
                        "tensor '" + name + "' is missing, expected it beside the others"));
    if (tensor.type() != GgufTensorType.F32) {
      throw new IllegalArgumentException(tensor + ": expected F32");
    }
    return tensor.tensor().toFloatArray();
  }

  static void write(ImportanceMatrix matrix, Path target) throws IOException {
    if (matrix.entries().isEmpty()) {
      throw new IllegalArgumentException("no weights, expected at least one to be written");
    }
    GgufMetadata metadata =
        GgufMetadata.builder()
            .putString(TYPE_KEY, TYPE)
            .putStrings(DATASETS_KEY, matrix.datasets())
            .putUnsigned(CHUNK_COUNT_KEY, matrix.chunkCount())
            .putUnsigned(CHUNK_SIZE_KEY, matrix.chunkSize())
            .build();
    GgufWriter writer = new GgufWriter(metadata);
    for (Map.Entry<String, ImportanceMatrix.Entry> each : matrix.entries().entrySet()) {
      long[] counts = each.getValue().counts();
      float[] stored = new float[counts.length];
      for (int i = 0; i < counts.length; i++) {
        stored[i] = counts[i];
      }
      float[] sums = each.getValue().sums();
      Shape shape = Shape.of(counts.length, sums.length / counts.length);
      writer.add(Tensor.ofFloats(shape, sums).withName(each.getKey() + SQUARES));
      writer.add(
          Tensor.ofFloats(Shape.of(counts.length, 1), stored).withName(each.getKey() + COUNTS));
    }
    writer.write(target);
  }
}
