// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.quantized;

import io.github.quant4j.io.OutputDirectory;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** A small file that belongs to a model and goes where the model goes, such as its tokenizer. */
public sealed interface Companion {

  /**
   * The name in a model directory.
   *
   * @return a file name, for example {@code tokenizer.json}
   */
  String name();

  /**
   * The size.
   *
   * @return bytes
   * @throws IOException if it cannot be told
   */
  long byteSize() throws IOException;

  /**
   * The contents.
   *
   * @return all bytes
   * @throws IOException if reading fails
   */
  byte[] content() throws IOException;

  /**
   * Writes the file to another model's directory.
   *
   * @param output the directory
   * @return the bytes written
   * @throws IOException if reading or writing fails
   */
  long copyTo(OutputDirectory output) throws IOException;

  /**
   * A file of a model directory.
   *
   * @param path where it lies
   */
  record Stored(Path path) implements Companion {
    @Override
    public String name() {
      return String.valueOf(path.getFileName());
    }

    @Override
    public long byteSize() throws IOException {
      return Files.size(path);
    }

    @Override
    public byte[] content() throws IOException {
      return Files.readAllBytes(path);
    }

    @Override
    public long copyTo(OutputDirectory output) throws IOException {
      return output.copy(path);
    }
  }

  /**
   * A file that was made of something else, such as the metadata of a GGUF file.
   *
   * @param name its name
   * @param text its contents
   */
  record Made(String name, String text) implements Companion {
    @Override
    public long byteSize() {
      return content().length;
    }

    @Override
    public byte[] content() {
      return text.getBytes(StandardCharsets.UTF_8);
    }

    @Override
    public long copyTo(OutputDirectory output) throws IOException {
      return output.write(name, text);
    }
  }
}
