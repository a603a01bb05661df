// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.checkpoint;

import io.github.quant4j.io.quantized.ModelSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Directories as Hugging Face lays them out. */
record DirectoryFormat() implements ModelFormat {
  @Override
  public String name() {
    return "Hugging Face directory";
  }

  @Override
  public boolean recognizes(Path path) {
    return Files.isDirectory(path);
  }

  @Override
  public ModelSource open(Path path) throws IOException {
    return ModelSource.open(path);
  }
}
