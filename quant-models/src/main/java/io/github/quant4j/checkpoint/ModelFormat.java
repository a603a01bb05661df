// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.checkpoint;

import io.github.quant4j.io.quantized.ModelSource;
import java.io.IOException;
import java.nio.file.Path;

/** A form in which whole models are stored. See {@link ModelFormats}. */
public interface ModelFormat {

  /**
   * What the format is called.
   *
   * @return for example {@code GGUF}
   */
  String name();

  /**
   * Whether something has this format, from its name, its kind and at most its first bytes.
   *
   * @param path what is there
   * @return whether {@link #open} is the way to read it
   * @throws IOException if reading fails
   */
  boolean recognizes(Path path) throws IOException;

  /**
   * Opens a model.
   *
   * @param path where it lies
   * @return the model; the caller closes it
   * @throws io.github.quant4j.io.TensorFileException if a file is missing or malformed
   * @throws IOException if reading fails
   */
  ModelSource open(Path path) throws IOException;
}
