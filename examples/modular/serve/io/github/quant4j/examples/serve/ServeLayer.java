// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.examples.serve;

import io.github.quant4j.io.quantized.LayerArchive;
import io.github.quant4j.kernel.KernelOptions;
import io.github.quant4j.kernel.Kernels;
import io.github.quant4j.kernel.LinearKernel;
import java.io.IOException;
import java.nio.file.Path;

/** Opens the layers that the other application wrote and multiplies with each. */
public final class ServeLayer {
  private ServeLayer() {}

  /**
   * Prints the kernel and the sum of the outputs of each layer for inputs 1, 1/2, 1/3, ...
   *
   * @param args the file
   * @throws IOException if it cannot be read
   */
  public static void main(String[] args) throws IOException {
    try (LayerArchive archive = LayerArchive.open(Path.of(args[0]))) {
      for (String name : archive.layers()) {
        LinearKernel kernel =
            Kernels.forLinear(archive.layer(name).orElseThrow(), KernelOptions.defaults());
        float[] x = new float[kernel.inFeatures()];
        for (int i = 0; i < x.length; i++) {
          x[i] = 1f / (i + 1);
        }
        float[] y = new float[kernel.outFeatures()];
        kernel.multiply(x, y);
        double sum = 0;
        for (float value : y) {
          sum += value;
        }
        System.out.println(name + ": " + sum + " by " + kernel.describe());
      }
    }
  }
}
