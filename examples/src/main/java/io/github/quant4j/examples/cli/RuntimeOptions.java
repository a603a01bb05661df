// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.examples.cli;

import io.github.quant4j.kernel.KernelOptions;
import io.github.quant4j.model.config.ModelOptions;
import java.util.List;
import picocli.CommandLine.Option;

/** What models run with. */
final class RuntimeOptions {
  private static final List<String> KERNELS = List.of("auto", "vector", "scalar");

  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "Threads to work with (default: all processors).")
  private int threads = Runtime.getRuntime().availableProcessors();

  @Option(
      names = "--kernels",
      paramLabel = "KIND",
      description =
          "Kernels to run on: auto, vector or scalar (default: that of the system property"
              + " quant4j.kernels, or auto).")
  private String kernels = KernelOptions.defaults().provider();

  /** The options for the library. */
  ModelOptions modelOptions() {
    if (!KERNELS.contains(kernels)) {
      throw new UsageException(
          "--kernels: '" + kernels + "', expected one of " + String.join(", ", KERNELS));
    }
    return ModelOptions.defaults().withThreads(NumberRange.threads(threads)).withKernels(kernels);
  }
}
