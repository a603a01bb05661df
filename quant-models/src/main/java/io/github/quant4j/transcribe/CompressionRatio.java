// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.transcribe;

import java.nio.charset.StandardCharsets;
import java.util.zip.Deflater;

/** By what factor zlib shortens a text, which is large for repetitions. */
final class CompressionRatio {
  private CompressionRatio() {}

  /** The bytes of a text in UTF-8 over those of its zlib stream; 0 for an empty text. */
  static double of(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    try (Deflater deflater = new Deflater()) {
      deflater.setInput(bytes);
      deflater.finish();
      byte[] buffer = new byte[4096];
      long compressed = 0;
      while (!deflater.finished()) {
        compressed += deflater.deflate(buffer);
      }
      return (double) bytes.length / compressed;
    }
  }
}
