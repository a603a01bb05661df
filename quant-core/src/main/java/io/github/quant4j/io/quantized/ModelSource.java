// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.quantized;

import io.github.quant4j.io.ModelDirectory;
import io.github.quant4j.io.TensorFileException;
import io.github.quant4j.io.TensorSource;
import io.github.quant4j.json.JsonValue;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * A stored model, in whatever format: its configuration, its tensors under the names that its
 * library on Hugging Face has for them, those of its linear layers that are quantized, and the
 * small files that belong to it.
 *
 * <p>A format that has other names and another form for all this, such as GGUF, is one more
 * implementation; nothing else needs to know of it. Instances are thread-safe.
 */
public interface ModelSource extends TensorSource {

  /**
   * Where the model lies.
   *
   * @return a directory or a file
   */
  Path path();

  /**
   * The model's configuration.
   *
   * @return what {@code config.json} of a Hugging Face directory says
   */
  JsonValue.Obj config();

  /**
   * The size of the weights.
   *
   * @return bytes of the files that hold them
   */
  long byteSize();

  /**
   * The quantized modules. Costs time proportional to the number of tensors.
   *
   * @return which they are; none if the model is not quantized
   * @throws TensorFileException if what the model says of its quantization is malformed or not
   *     supported, or does not agree with the tensors
   */
  QuantizedWeights quantized() throws TensorFileException;

  /**
   * The tensors as they are stored, for whoever asks whether two models are the same.
   *
   * @return this source, unless it makes other tensors of what is stored
   */
  default TensorSource stored() {
    return this;
  }

  /**
   * The small files that go with the model wherever it goes: tokenizer, generation settings,
   * licence.
   *
   * @return those that are there, or are made of what is there, in the order of their names
   * @throws IOException if they cannot be listed or made
   */
  List<Companion> companions() throws IOException;

  /**
   * One of the small files.
   *
   * @param name its name
   * @return the file, or empty if there is none of that name
   * @throws IOException if the files cannot be listed or made
   */
  default Optional<Companion> companion(String name) throws IOException {
    return companions().stream().filter(file -> file.name().equals(name)).findFirst();
  }

  /**
   * A model directory as Hugging Face lays it out.
   *
   * @param directory the open directory
   * @return the model; closing it closes the directory
   */
  static ModelSource of(ModelDirectory directory) {
    return new DirectoryModel(directory);
  }

  /**
   * Opens a model directory as Hugging Face lays it out.
   *
   * @param directory holds {@code config.json} and the weights
   * @return the open model; the caller closes it
   * @throws TensorFileException if a file is missing or malformed
   * @throws IOException if reading fails
   */
  static ModelSource open(Path directory) throws IOException {
    return of(ModelDirectory.open(directory));
  }
}
