// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.block;

import io.github.quant4j.io.SafetensorsFile;
import io.github.quant4j.tensor.FloatMatrix;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;

/** What ggml makes of our numbers, as {@code scripts/block-vectors.py} wrote it. */
public final class BlockVectors {
  private BlockVectors() {}

  static Path path() {
    try {
      return Path.of(BlockVectors.class.getResource("vectors.safetensors").toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  static Set<String> names(Path path) throws IOException {
    try (SafetensorsFile file = SafetensorsFile.open(path)) {
      return Set.copyOf(List.copyOf(file.names()));
    }
  }

  static byte[] bytes(Path path, String name) throws IOException {
    try (SafetensorsFile file = SafetensorsFile.open(path)) {
      return file.require(name).data().toArray(ValueLayout.JAVA_BYTE);
    }
  }

  static float[] floats(Path path, String name) throws IOException {
    try (SafetensorsFile file = SafetensorsFile.open(path)) {
      return file.require(name).toFloatArray();
    }
  }

  /** Blocks of some type, {@code [rows, bytes]}: {@code random}, {@code plain} and others. */
  public static byte[] blocks(BlockFormat format, String kind) throws IOException {
    return bytes(path(), format.name() + "." + kind);
  }

  /** Weights that were quantized. */
  public static FloatMatrix input() throws IOException {
    try (SafetensorsFile file = SafetensorsFile.open(path())) {
      return file.require("input").toMatrix();
    }
  }

  /** How much the inputs matter. */
  public static float[] importance() throws IOException {
    return floats(path(), "importance");
  }
}
