// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.quantized.gptq;

import io.github.quant4j.io.TensorSource;
import io.github.quant4j.io.quantized.module.ModuleTensors;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What the zero points of a model say against its config. */
public final class ZeroPointWarnings {
  private ZeroPointWarnings() {}

  /**
   * Looks at the zero points of all modules.
   *
   * @param readers of the modules, by name
   * @param tensors all tensors
   * @return a line for what may matter; usually none
   */
  public static List<String> of(Map<String, GptqReader> readers, TensorSource tensors) {
    int mislabelled = 0;
    int wrapped = 0;
    int ofModules = 0;
    ZeroPointConvention declared = ZeroPointConvention.LESS_ONE;
    for (Map.Entry<String, GptqReader> entry : readers.entrySet()) {
      GptqScheme scheme = entry.getValue().scheme();
      Optional<StoredZeros> zeros =
          entry.getValue().zeros(new ModuleTensors(tensors, entry.getKey()));
      if (zeros.isPresent()) {
        ZeroPointConvention found = zeros.get().convention(scheme);
        int largest = found == ZeroPointConvention.LESS_ONE ? zeros.get().countLargest() : 0;
        wrapped += largest;
        ofModules += largest > 0 ? 1 : 0;
        mislabelled += found == scheme.convention() ? 0 : 1;
        declared = scheme.convention();
      }
    }
    List<String> warnings = new ArrayList<>();
    if (mislabelled > 0) {
      warnings.add(
          "zero points of "
              + mislabelled
              + " modules are stored "
              + (declared == ZeroPointConvention.LESS_ONE
                  ? "as they are (gptq_v2), not less one (gptq)"
                  : "less one (gptq), not as they are (gptq_v2)")
              + " as the config says: all are those of a symmetric grid; they are read so");
    }
    if (wrapped > 0) {
      warnings.add(
          wrapped
              + " zero points of "
              + ofModules
              + " modules are stored as the largest value, which is 0 less one, and are read as 0;"
              + " some readers take them for one more than the largest value");
    }
    return warnings;
  }
}
