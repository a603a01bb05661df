// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.examples;

import io.github.quant4j.generate.Sampling;
import io.github.quant4j.model.LanguageModel;
import io.github.quant4j.pipeline.Calibration;
import io.github.quant4j.pipeline.Quantization;
import io.github.quant4j.pipeline.QuantizationReport;
import java.io.IOException;
import java.nio.file.Path;

/** The example of the README: quantizes a model, loads it again and lets it write. */
public final class QuickStart {
  private QuickStart() {}

  /**
   * Quantizes a model.
   *
   * @param args the model's directory, and where the quantized one is to appear
   * @throws IOException if a file cannot be read or written
   */
  public static void main(String[] args) throws IOException {
    // begin of the README's example
    Path original = Path.of(args[0]);
    Path quantized = Path.of(args[1]);
    try (LanguageModel model = LanguageModel.open(original)) {
      QuantizationReport report =
          Quantization.of(model)
              .recipe("int4:g64:asym gptq(act-order)")
              .calibration(Calibration.selfGenerated(32, 256))
              .saveTo(quantized);
      System.out.println(report);
    }
    try (LanguageModel served = LanguageModel.open(quantized)) {
      System.out.println(served.generate("The old captain", Sampling.greedy(60)));
    }
    // end of the README's example
  }
}
