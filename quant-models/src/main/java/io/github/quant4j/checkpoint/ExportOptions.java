// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.checkpoint;

import io.github.quant4j.progress.Cancellation;
import io.github.quant4j.progress.ProgressListener;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * How a model is written in another form.
 *
 * @param overwrite whether what is at the target already may be replaced
 * @param requantizer quantizes layers again that cannot be written as they are; without one they
 *     are refused, with one they are written in full precision where the form has nothing for them
 * @param importance an importance matrix for forms whose quantizer has a use for one
 * @param partBytes the most data in a file, for forms that may be several files of a number
 * @param progress is told of each layer
 * @param cancellation asked before each layer
 */
public record ExportOptions(
    boolean overwrite,
    Optional<Requantizer> requantizer,
    Optional<Path> importance,
    OptionalLong partBytes,
    ProgressListener progress,
    Cancellation cancellation) {

  /**
   * Replaces nothing, changes no weights, and tells nobody.
   *
   * @return the default options
   */
  public static ExportOptions defaults() {
    return new ExportOptions(
        false,
        Optional.empty(),
        Optional.empty(),
        OptionalLong.empty(),
        ProgressListener.none(),
        Cancellation.onInterrupt());
  }

  /**
   * The same with leave to replace what is there.
   *
   * @param allowed whether what is at the target already may be replaced
   * @return the changed options
   */
  public ExportOptions withOverwrite(boolean allowed) {
    return new ExportOptions(allowed, requantizer, importance, partBytes, progress, cancellation);
  }

  /**
   * The same with leave to change weights.
   *
   * @param quantizer quantizes layers again that cannot be written as they are
   * @return the changed options
   */
  public ExportOptions withRequantizer(Requantizer quantizer) {
    return new ExportOptions(
        overwrite, Optional.of(quantizer), importance, partBytes, progress, cancellation);
  }

  /**
   * The same with an importance matrix.
   *
   * @param file the file that holds it
   * @return the changed options
   */
  public ExportOptions withImportance(Path file) {
    return new ExportOptions(
        overwrite, requantizer, Optional.of(file), partBytes, progress, cancellation);
  }

  /**
   * The same with several files for what is larger.
   *
   * @param bytes the most data in a file, at least 1; a larger tensor has a file for itself
   * @return the changed options
   * @throws IllegalArgumentException if it is less than 1
   */
  public ExportOptions withPartBytes(long bytes) {
    if (bytes < 1) {
      throw new IllegalArgumentException("bytes: " + bytes + ", expected at least 1");
    }
    return new ExportOptions(
        overwrite, requantizer, importance, OptionalLong.of(bytes), progress, cancellation);
  }

  /**
   * The same with a listener.
   *
   * @param listener is told of each layer
   * @return the changed options
   */
  public ExportOptions withProgress(ProgressListener listener) {
    return new ExportOptions(overwrite, requantizer, importance, partBytes, listener, cancellation);
  }

  /**
   * The same with another way to stop it.
   *
   * @param asked before each layer
   * @return the changed options
   */
  public ExportOptions withCancellation(Cancellation asked) {
    return new ExportOptions(overwrite, requantizer, importance, partBytes, progress, asked);
  }

  /**
   * Whether weights may change.
   *
   * @return whether there is a requantizer
   */
  public boolean requantize() {
    return requantizer.isPresent();
  }
}
