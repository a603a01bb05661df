// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.bench;

import io.github.quant4j.activation.ActivationQuantizer;
import io.github.quant4j.bench.workload.LayerFormat;
import io.github.quant4j.bench.workload.Residence;
import io.github.quant4j.format.TrellisCode;
import io.github.quant4j.format.TrellisCodes;
import io.github.quant4j.kernel.KernelOptions;
import io.github.quant4j.kernel.Kernels;
import io.github.quant4j.kernel.LinearKernel;
import io.github.quant4j.matrix.TrellisMatrix;
import java.util.Arrays;
import java.util.SplittableRandom;

/** Kernels for trellis-coded weights; any codes will do, since none takes longer than another. */
public abstract class TrellisWorkload extends LinearWorkload {
  /** For benchmarks. */
  protected TrellisWorkload() {}

  /**
   * Makes the kernels.
   *
   * @param format a code, and after an {@code @} the activations, for example {@code
   *     trellis2(window=8,planes=3) @ int8:token}
   * @param tokens tokens of a call
   * @param provider which kernels
   * @param weights where weights lie
   */
  final void start(String format, int tokens, String provider, Residence weights) {
    LayerFormat formats = LayerFormat.parse(format);
    TrellisMatrix matrix = random(code(formats.weights()));
    KernelOptions options = options(provider);
    int count = weights.matrices(matrix.storageBits() / Byte.SIZE);
    start(tokens, count, () -> kernel(matrix, formats, options));
  }

  private static LinearKernel kernel(
      TrellisMatrix matrix, LayerFormat formats, KernelOptions options) {
    return formats
        .activations()
        .map(scheme -> Kernels.forTrellis(matrix, ActivationQuantizer.dynamic(scheme), options))
        .orElseGet(() -> Kernels.forTrellis(matrix, options));
  }

  private static TrellisCode code(String text) {
    return TrellisCodes.all().stream()
        .map(TrellisCodes.Entry::code)
        .filter(code -> code.toString().equals(text))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "code: '"
                        + text
                        + "', expected one of "
                        + TrellisCodes.all().stream().map(TrellisCodes.Entry::code).toList()));
  }

  private TrellisMatrix random(TrellisCode code) {
    SplittableRandom random = new SplittableRandom(n);
    byte[] codes = new byte[TrellisMatrix.paddedRows(n) * k];
    random.nextBytes(codes);
    float[] scales = new float[n];
    Arrays.fill(scales, 1f / k);
    return TrellisMatrix.pack(n, k, code, codes, scales);
  }
}
