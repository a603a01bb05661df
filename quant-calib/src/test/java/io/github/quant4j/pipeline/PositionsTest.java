// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.pipeline;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.evaluate.Evaluation;
import io.github.quant4j.evaluate.EvaluationOptions;
import io.github.quant4j.model.LanguageModel;
import io.github.quant4j.progress.Cancellation;
import io.github.quant4j.progress.ProgressListener;
import io.github.quant4j.testing.models.TestModels;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** Calibration and evaluation stay within the positions that a model was made for. */
class PositionsTest {

  /** The model has 128 positions. */
  @Test
  void windowsEndWhereThePositionsDo() {
    try (LanguageModel model = TestModels.open("llama-untied")) {
      for (Executable tooLong :
          List.<Executable>of(
              () ->
                  SelfGeneratedCalibration.of(1, 129, 0)
                      .write(model, ProgressListener.none(), Cancellation.never()),
              () ->
                  Evaluation.of(model)
                      .options(EvaluationOptions.defaults().withContext(129))
                      .run(new int[500]))) {
        String message = assertThrows(IllegalArgumentException.class, tooLong).getMessage();
        assertTrue(message.contains("128"), message);
      }
    }
  }
}
