// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.onnx;

import io.github.quant4j.io.OutputException;
import io.github.quant4j.io.OutputFile;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

/**
 * Writes ONNX files. Every message that was not changed is written as it was read, byte for byte;
 * of changed ones the unknown fields are kept. A file appears under its name when it is complete.
 *
 * <p>Instances are immutable.
 */
public final class OnnxWriter {
  /** What protobuf can write: lengths are signed 32-bit numbers. */
  private static final long LARGEST = Integer.MAX_VALUE;

  private static final int BUFFER = 1 << 16;
  private static final int CHUNK = 1 << 26;

  private enum Placement {
    AS_IT_IS,
    EMBEDDED,
    EXTERNAL
  }

  private final Placement placement;
  private final String location;
  private final long threshold;

  private OnnxWriter(Placement placement, String location, long threshold) {
    this.placement = placement;
    this.location = location;
    this.threshold = threshold;
  }

  /**
   * A writer that leaves data where it is. Files beside the model are not copied: those that it
   * names must be beside the new one already.
   *
   * @return the writer
   */
  public static OnnxWriter asItIs() {
    return new OnnxWriter(Placement.AS_IT_IS, "", 0);
  }

  /**
   * A writer that puts all data into the model's file.
   *
   * @return the writer
   */
  public static OnnxWriter embedded() {
    return new OnnxWriter(Placement.EMBEDDED, "", 0);
  }

  /**
   * A writer that puts the data of large tensors into one file beside the model, each at a multiple
   * of {@link ExternalLocation#ALIGNMENT}, and all other data into the model's file.
   *
   * @param location the file's name beside the model, without directories
   * @param threshold the least bytes of a tensor whose data goes there
   * @return the writer
   * @throws IllegalArgumentException if the name has directories or the threshold is negative
   */
  public static OnnxWriter external(String location, long threshold) {
    if (location.isEmpty() || location.equals(".") || location.indexOf('/') >= 0 || threshold < 0) {
      throw new IllegalArgumentException(
          "location '"
              + location
              + "', threshold "
              + threshold
              + ": expected a file's name and a number that is not negative");
    }
    new ExternalLocation(location, 0, OptionalLong.empty(), Optional.empty());
    return new OnnxWriter(Placement.EXTERNAL, location, threshold);
  }

  /**
   * Writes a model.
   *
   * @param model the model; the file that it comes from is open
   * @param target where it is to appear; may be the file that it comes from
   * @throws OutputException if it cannot be written
   * @throws IllegalArgumentException if the model's file would have 2 GiB or more, data beside the
   *     model that it names is not beside the target, or a tensor's numbers do not fit its type
   */
  public void write(OnnxModel model, Path target) throws OutputException {
    switch (placement) {
      case AS_IT_IS -> {
        requireFiles(model, target);
        writeModel(model, target);
      }
      case EMBEDDED ->
          writeModel(
              new TensorMap(tensor -> tensor.location().isPresent() ? tensor.embedded() : tensor)
                  .apply(model),
              target);
      case EXTERNAL -> writeExternal(model, target);
    }
  }

  private static void requireFiles(OnnxModel model, Path target) {
    Set<String> locations = new LinkedHashSet<>();
    new TensorMap(
            tensor -> {
              tensor.location().ifPresent(place -> locations.add(place.location()));
              return tensor;
            })
        .apply(model);
    for (String name : locations) {
      Path file = target.toAbsolutePath().resolveSibling(name);
      if (!Files.isRegularFile(file)) {
        throw new IllegalArgumentException(
            "model: its data is in '" + name + "', but there is no " + file);
      }
    }
  }

  private void writeExternal(OnnxModel model, Path target) throws OutputException {
    Path beside = target.toAbsolutePath().resolveSibling(location);
    if (beside.equals(target.toAbsolutePath())) {
      throw new IllegalArgumentException("location '" + location + "': is the model's own file");
    }
    try (OutputFile file = OutputFile.create(beside)) {
      ChunkedOutput out = new ChunkedOutput(file);
      OnnxModel changed = new TensorMap(tensor -> moved(tensor, out)).apply(model);
      requireWritable(changed);
      out.finish();
      // The data comes first: a model whose data is not there yet cannot be read.
      try (OutputFile small = OutputFile.create(target)) {
        write(changed, small);
        file.commit();
        small.commit();
      }
    } catch (WriteFailure e) {
      throw e.cause;
    }
  }

  private OnnxTensor moved(OnnxTensor tensor, ChunkedOutput out) {
    if (tensor.type() == OnnxType.STRING) {
      return tensor;
    }
    if (tensor.byteSize() < threshold) {
      return tensor.location().isPresent() ? tensor.embedded() : tensor;
    }
    MemorySegment data = tensor.data();
    try {
      out.align();
      ExternalLocation place =
          new ExternalLocation(
              location, out.position(), OptionalLong.of(data.byteSize()), Optional.empty());
      out.write(data);
      return tensor.referring(place);
    } catch (OutputException e) {
      throw new WriteFailure(e);
    }
  }

  /** Carries a failure out of a function that may not throw it. */
  private static final class WriteFailure extends RuntimeException {
    private static final long serialVersionUID = 1L;
    private final transient OutputException cause;

    WriteFailure(OutputException cause) {
      super(cause);
      this.cause = cause;
    }
  }

  private static void requireWritable(OnnxModel model) {
    if (model.message().byteSize() > LARGEST) {
      throw new IllegalArgumentException(
          "model: "
              + model.message().byteSize()
              + " bytes, expected at most "
              + LARGEST
              + "; write its data to a file beside it");
    }
  }

  private static void writeModel(OnnxModel model, Path target) throws OutputException {
    requireWritable(model);
    try (OutputFile file = OutputFile.create(target)) {
      write(model, file);
      file.commit();
    }
  }

  private static void write(OnnxModel model, OutputFile file) throws OutputException {
    ChunkedOutput out = new ChunkedOutput(file);
    model.message().write(out::write);
    out.finish();
  }

  /** Gathers small pieces and cuts large ones. */
  private static final class ChunkedOutput {
    private final OutputFile file;
    private final ByteBuffer buffer = ByteBuffer.allocate(BUFFER);
    private long position;

    ChunkedOutput(OutputFile file) {
      this.file = file;
    }

    long position() {
      return position;
    }

    void align() throws OutputException {
      long rest = position % ExternalLocation.ALIGNMENT;
      if (rest != 0) {
        write(MemorySegment.ofArray(new byte[(int) (ExternalLocation.ALIGNMENT - rest)]));
      }
    }

    void write(MemorySegment bytes) throws OutputException {
      position += bytes.byteSize();
      if (bytes.byteSize() > buffer.remaining()) {
        finish();
      }
      if (bytes.byteSize() <= buffer.remaining()) {
        buffer.put(bytes.asByteBuffer());
        return;
      }
      for (long from = 0; from < bytes.byteSize(); from += CHUNK) {
        long size = Math.min(CHUNK, bytes.byteSize() - from);
        file.write(bytes.asSlice(from, size).asByteBuffer());
      }
    }

    void finish() throws OutputException {
      buffer.flip();
      file.write(buffer);
      buffer.clear();
    }
  }
}
