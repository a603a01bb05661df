// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.checkpoint;

import io.github.quant4j.io.gguf.GgufFile;
import io.github.quant4j.io.quantized.ModelSource;
import io.github.quant4j.model.gguf.GgufModel;
import java.io.IOException;
import java.nio.file.Path;

/** GGUF files, and directories that hold one and no config.json. */
record GgufFormat() implements ModelFormat {
  @Override
  public String name() {
    return "GGUF";
  }

  @Override
  public boolean recognizes(Path path) throws IOException {
    return GgufFile.locate(path).isPresent();
  }

  @Override
  public ModelSource open(Path path) throws IOException {
    return GgufModel.open(GgufFile.locate(path).orElse(path));
  }
}
