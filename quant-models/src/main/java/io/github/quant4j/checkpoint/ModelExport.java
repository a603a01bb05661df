// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.checkpoint;

import io.github.quant4j.io.quantized.ModelSource;
import java.io.IOException;
import java.nio.file.Path;

/** A form in which whole models are written for other programs. See {@link ModelExports}. */
public interface ModelExport {

  /**
   * What the form is called where one is chosen.
   *
   * @return for example {@code gptq}, or {@code gguf:Q4_K}
   */
  String name();

  /**
   * Writes a model.
   *
   * <p>Nothing appears at the target before all of it is written, and nothing if the work fails.
   *
   * @param source the model, which stays open
   * @param target the directory or the file that is to appear
   * @param options what is allowed, and who is told
   * @return what became of each layer
   * @throws ExportException if layers cannot be written in this form as they are; it says which and
   *     why
   * @throws io.github.quant4j.io.OutputException if the target is there already and may not be
   *     replaced, is or contains the model, or cannot be written
   * @throws io.github.quant4j.io.TensorFileException if the model is damaged, or of a kind that
   *     this form has no words for
   * @throws IOException if reading fails
   * @throws java.util.concurrent.CancellationException if it was stopped
   */
  ExportReport write(ModelSource source, Path target, ExportOptions options) throws IOException;
}
