// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.examples;

import io.github.quant4j.io.packed.PackedFile;
import io.github.quant4j.kernel.KernelOptions;
import io.github.quant4j.kernel.Kernels;
import io.github.quant4j.kernel.LinearKernel;
import io.github.quant4j.kernel.PackedMatrix;
import io.github.quant4j.matrix.QuantizedMatrix;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.SequencedMap;

/** A quantized matrix kept as its kernel reads it, and served from the mapped file. */
public final class PackedLayer {
  private PackedLayer() {}

  /**
   * Packs a matrix into a file and multiplies an input from there.
   *
   * @param path the file
   * @param weights the matrix
   * @param x the input
   * @param y receives the output
   * @throws IOException if the file cannot be written or mapped
   */
  public static void serve(Path path, QuantizedMatrix weights, float[] x, float[] y)
      throws IOException {
    // begin of the example in docs/file-formats.md
    KernelOptions options = KernelOptions.defaults();
    SequencedMap<String, PackedMatrix> matrices = new LinkedHashMap<>();
    Kernels.pack(weights, options).ifPresent(packed -> matrices.put("dense_1", packed));
    PackedFile.write(path, matrices);
    try (PackedFile file = PackedFile.open(path)) {
      LinearKernel kernel =
          file.find("dense_1")
              .map(packed -> Kernels.forPacked(packed, () -> weights, options))
              .orElseGet(() -> Kernels.forMatrix(weights, options));
      kernel.multiply(x, y);
    }
    // end of the example in docs/file-formats.md
  }
}
