// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.study;

import io.github.quant4j.progress.Cancellation;
import io.github.quant4j.progress.ProgressListener;
import java.io.IOException;
import java.nio.file.Path;
import java.util.SequencedMap;

/**
 * Measures an original and what recipes make of it, on the same data. {@link PredictionEvaluator}
 * does so for language models, {@link OutputEvaluator} for any network; a task of one's own, such
 * as the accuracy of a classifier, is another one.
 */
public interface Evaluator {

  /**
   * What the measures depend on beside the model.
   *
   * @return a name and one line for each thing, such as the data with a checksum
   */
  SequencedMap<String, String> dependencies();

  /**
   * Measures the original.
   *
   * @param progress is told how far it is
   * @param cancellation asked now and then
   * @return with the same names as those of quantized models
   * @throws IOException if it cannot be read
   * @throws java.util.concurrent.CancellationException if it was stopped
   */
  Measures original(ProgressListener progress, Cancellation cancellation) throws IOException;

  /**
   * Measures a quantized model.
   *
   * @param directory where it is stored
   * @param progress is told how far it is
   * @param cancellation asked now and then
   * @return the measures
   * @throws IOException if it cannot be read
   * @throws ArithmeticException if an output is not finite; the message says which
   * @throws java.util.concurrent.CancellationException if it was stopped
   */
  Measures quantized(Path directory, ProgressListener progress, Cancellation cancellation)
      throws IOException;
}
