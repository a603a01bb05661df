// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.checkpoint;

import io.github.quant4j.io.quantized.ModelSource;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** The formats that models are read from. */
public final class ModelFormats {
  private static final ModelFormat DIRECTORY = new DirectoryFormat();
  private static final List<ModelFormat> ALL = List.of(new GgufFormat(), DIRECTORY);

  private ModelFormats() {}

  /**
   * All formats.
   *
   * @return in the order in which they are asked
   */
  public static List<ModelFormat> all() {
    return ALL;
  }

  /**
   * Opens a model of any format.
   *
   * @param path a directory or a file
   * @return the model; the caller closes it
   * @throws io.github.quant4j.io.TensorFileException if there is nothing, or a file is missing or
   *     malformed; the message for what no format recognizes is that of a model directory
   * @throws IOException if reading fails
   */
  public static ModelSource open(Path path) throws IOException {
    for (ModelFormat format : ALL) {
      if (format.recognizes(path)) {
        return format.open(path);
      }
    }
    return DIRECTORY.open(path);
  }
}
