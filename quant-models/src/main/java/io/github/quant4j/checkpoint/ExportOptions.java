// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.checkpoint;

import io.github.quant4j.progress.Cancellation;
import io.github.quant4j.progress.ProgressListener;
import java.nio.file.Path;
import java.util.Optional;

/**
 * How a model is written in another form.
 *
 * @param overwrite whether what is at the target already may be replaced
 * @param requantize whether layers that cannot be written as they are may be quantized again, or
 *     stay in full precision where the form has nothing for them; otherwise they are refused
 * @param importance an importance matrix for forms whose quantizer has a use for one
 * @param progress is told of each layer
 * @param cancellation asked before each layer
 */
public record ExportOptions(
    boolean overwrite,
    boolean requantize,
    Optional<Path> importance,
    ProgressListener progress,
    Cancellation cancellation) {

  /**
   * Replaces nothing, changes no weights, and tells nobody.
   *
   * @return the default options
   */
  public static ExportOptions defaults() {
    return new ExportOptions(
        false, false, Optional.empty(), ProgressListener.none(), Cancellation.onInterrupt());
  }

  /**
   * The same with leave to replace what is there.
   *
   * @param allowed whether what is at the target already may be replaced
   * @return the changed options
   */
  public ExportOptions withOverwrite(boolean allowed) {
    return new ExportOptions(allowed, requantize, importance, progress, cancellation);
  }

  /**
   * The same with leave to change weights.
   *
   * @param allowed whether layers may be quantized again
   * @return the changed options
   */
  public ExportOptions withRequantize(boolean allowed) {
    return new ExportOptions(overwrite, allowed, importance, progress, cancellation);
  }

  /**
   * The same with an importance matrix.
   *
   * @param file the file that holds it
   * @return the changed options
   */
  public ExportOptions withImportance(Path file) {
    return new ExportOptions(overwrite, requantize, Optional.of(file), progress, cancellation);
  }

  /**
   * The same with a listener.
   *
   * @param listener is told of each layer
   * @return the changed options
   */
  public ExportOptions withProgress(ProgressListener listener) {
    return new ExportOptions(overwrite, requantize, importance, listener, cancellation);
  }

  /**
   * The same with another way to stop it.
   *
   * @param asked before each layer
   * @return the changed options
   */
  public ExportOptions withCancellation(Cancellation asked) {
    return new ExportOptions(overwrite, requantize, importance, progress, asked);
  }
}
