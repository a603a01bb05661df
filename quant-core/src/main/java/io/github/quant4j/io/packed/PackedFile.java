// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.packed;

import io.github.quant4j.activation.ActivationQuantizer;
import io.github.quant4j.annotation.Stable;
import io.github.quant4j.io.ChecksumState;
import io.github.quant4j.io.SafetensorsFile;
import io.github.quant4j.io.SafetensorsWriter;
import io.github.quant4j.io.TensorFileException;
import io.github.quant4j.kernel.KernelOptions;
import io.github.quant4j.kernel.Kernels;
import io.github.quant4j.kernel.LinearKernel;
import io.github.quant4j.kernel.PackedLayoutException;
import io.github.quant4j.kernel.PackedMatrix;
import io.github.quant4j.tensor.DType;
import io.github.quant4j.tensor.Shape;
import io.github.quant4j.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.SequencedSet;
import java.util.function.Function;

/**
 * Packed weights in one safetensors file, which kernels serve from where it is mapped: nothing is
 * read, unpacked or copied at start, and processes on a machine share the memory.
 *
 * <p>Such a file is a copy for machines of one kind, beside the quantized weights that it was made
 * from (see {@link PackedMatrix#layout()}). Matrices have names; the tensors are their parts,
 * {@code name.part}, as plain bytes at multiples of {@link PackedMatrix#ALIGNMENT}, and the
 * metadata {@code quant4j.packed} describes them.
 *
 * <pre>{@code
 * PackedFile.write(path, matrices);
 * try (PackedFile file = PackedFile.open(path)) {
 *   LinearKernel kernel = file.kernel("dense_1", KernelOptions.defaults());
 * }
 * }</pre>
 *
 * <p>Instances are immutable and thread-safe. After {@link #close()} kernels made from the file
 * throw {@link IllegalStateException}. The file must not be truncated while it is open.
 */
@Stable
public final class PackedFile implements AutoCloseable {
  private final SafetensorsFile file;
  private final SequencedMap<String, PackedMatrix> matrices;

  private PackedFile(SafetensorsFile file, SequencedMap<String, PackedMatrix> matrices) {
    this.file = file;
    this.matrices = Collections.unmodifiableSequencedMap(matrices);
  }

  /**
   * Writes packed weights; the file appears when it is complete.
   *
   * @param path the file, which is replaced if it is there
   * @param matrices by name
   * @return the size of the file in bytes
   * @throws IOException if it cannot be written
   * @throws IllegalStateException if the memory of a matrix is gone
   */
  public static long write(Path path, SequencedMap<String, PackedMatrix> matrices)
      throws IOException {
    SafetensorsWriter writer = new SafetensorsWriter().alignData(PackedMatrix.ALIGNMENT);
    writer.metadata(PackedDescription.KEY, PackedDescription.format(matrices));
    matrices.forEach(
        (name, matrix) -> {
          matrix.requireOpen();
          matrix
              .parts()
              .forEach(
                  (part, data) ->
                      writer.add(
                          Tensor.of(
                              PackedDescription.tensorName(name, part),
                              DType.U8,
                              Shape.of(data.byteSize()),
                              data)));
        });
    return writer.write(path);
  }

  /**
   * Opens a file. The weights' bytes are not read, and not held against the checksums that the file
   * has; {@link #verify} does that.
   *
   * @param path the file
   * @return the open file; the caller closes it when no kernel made from it is in use any more
   * @throws TensorFileException if the file is malformed or holds no packed weights
   * @throws IOException if it cannot be read
   */
  public static PackedFile open(Path path) throws IOException {
    SafetensorsFile file = SafetensorsFile.open(path);
    try {
      return new PackedFile(file, PackedDescription.parse(file));
    } catch (Throwable e) {
      file.close();
      throw e;
    }
  }

  /**
   * The matrices.
   *
   * @return their names, in the order in which they were given
   */
  public SequencedSet<String> names() {
    return matrices.sequencedKeySet();
  }

  /**
   * A matrix.
   *
   * @param name its name
   * @return the matrix, whose parts are in the mapped file; empty if there is none of that name
   */
  public Optional<PackedMatrix> find(String name) {
    return Optional.ofNullable(matrices.get(name));
  }

  private PackedMatrix require(String name) {
    return find(name)
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "name: '"
                        + name
                        + "', but "
                        + file.path()
                        + " has "
                        + matrices.size()
                        + " other matrices"));
  }

  /**
   * A kernel that reads a matrix in the mapped file. Where the file may come from a machine of
   * another kind, use {@link Kernels#forPacked(PackedMatrix, java.util.function.Supplier,
   * KernelOptions)}.
   *
   * @param name the matrix
   * @param options provider and threads
   * @return the kernel; it must not be used after the file is closed
   * @throws TensorFileException if the layout is not one of this machine's kernels, or the parts do
   *     not fit it
   * @throws IllegalArgumentException if there is no matrix of that name, or the options name a
   *     provider that is not available
   * @throws IllegalStateException if the file is closed
   */
  public LinearKernel kernel(String name, KernelOptions options) throws TensorFileException {
    return serve(name, matrix -> Kernels.forPacked(matrix, options));
  }

  /**
   * A kernel that quantizes its input, see {@link Kernels#forPacked(PackedMatrix,
   * ActivationQuantizer, KernelOptions)}.
   *
   * @param name the matrix
   * @param activations how the input is quantized, as it was when the matrix was packed
   * @param options provider and threads
   * @return the kernel; it must not be used after the file is closed
   * @throws TensorFileException if the layout is not one of this machine's kernels, or the parts do
   *     not fit it
   * @throws IllegalArgumentException if there is no matrix of that name, the activation groups do
   *     not divide the input, or the options name a provider that is not available
   * @throws IllegalStateException if the file is closed
   */
  public LinearKernel kernel(String name, ActivationQuantizer activations, KernelOptions options)
      throws TensorFileException {
    return serve(name, matrix -> Kernels.forPacked(matrix, activations, options));
  }

  private LinearKernel serve(String name, Function<PackedMatrix, LinearKernel> server)
      throws TensorFileException {
    PackedMatrix matrix = require(name);
    try {
      return server.apply(matrix);
    } catch (PackedLayoutException e) {
      throw new TensorFileException(file.path(), "matrix '" + name + "': " + e.getMessage(), e);
    }
  }

  /**
   * Holds a matrix against the checksums in the file. Reads all of its bytes.
   *
   * @param name the matrix
   * @return what the checksums say
   * @throws IllegalArgumentException if there is no matrix of that name
   * @throws IllegalStateException if the file is closed
   */
  public ChecksumState verify(String name) {
    ChecksumState state = ChecksumState.INTACT;
    for (String part : require(name).parts().keySet()) {
      ChecksumState found = file.verify(PackedDescription.tensorName(name, part));
      if (found != ChecksumState.INTACT) {
        state = found;
      }
    }
    return state;
  }

  /** Unmaps the file. Closing twice has no effect. */
  @Override
  public void close() {
    file.close();
  }

  /** The path and the number of matrices. */
  @Override
  public String toString() {
    return file.path() + " (" + matrices.size() + " packed matrices)";
  }
}
