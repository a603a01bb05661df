// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.study;

import io.github.quant4j.model.LanguageModel;
import io.github.quant4j.pipeline.Calibration;
import io.github.quant4j.progress.Cancellation;
import io.github.quant4j.progress.ProgressListener;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * Calibration windows that several quantizations of one model read: they are made when they are
 * first needed, and once. Text that a model writes itself takes as long as a quantization.
 */
public final class SharedCalibration {
  private final LanguageModel model;
  private final Calibration calibration;
  private @Nullable Calibration made;

  private SharedCalibration(LanguageModel model, Calibration calibration) {
    this.model = model;
    this.calibration = calibration;
  }

  /**
   * Makes nothing yet.
   *
   * @param model who reads the windows
   * @param calibration where they come from
   * @return the calibration
   */
  public static SharedCalibration of(LanguageModel model, Calibration calibration) {
    return new SharedCalibration(model, calibration);
  }

  /** Where the windows come from. */
  Calibration given() {
    return calibration;
  }

  /** The windows. */
  synchronized Calibration windows(ProgressListener progress, Cancellation cancellation)
      throws IOException {
    Calibration windows = made;
    if (windows == null) {
      windows =
          Calibration.ofTokens(
              calibration.inputs(model, progress, cancellation).toArray(int[][]::new));
      made = windows;
    }
    return windows;
  }
}
