// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.quantized;

import io.github.quant4j.io.ChecksumState;
import io.github.quant4j.io.ModelDirectory;
import io.github.quant4j.io.SafetensorsFile;
import io.github.quant4j.io.TensorFileException;
import io.github.quant4j.json.JsonValue;
import io.github.quant4j.tensor.Tensor;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.SequencedSet;
import java.util.regex.Pattern;

/** A Hugging Face directory as a model. */
record DirectoryModel(ModelDirectory directory) implements ModelSource {

  /** Weights in other forms, and what belongs to the directory alone. */
  private static final Pattern NO_COMPANION =
      Pattern.compile(
          "\\..*|config\\.json|quantize_config\\.json|quant_config\\.json|quantization_config\\.json"
              + "|hf_quant_config\\.json|quant4j-checksums\\.json|quantization-report\\..*|.*\\.safetensors\\.index\\.json"
              + "|.*\\.(safetensors|bin|pt|pth|gguf|onnx|onnx_data|h5|msgpack|ot|npz)");

  @Override
  public Path path() {
    return directory.path();
  }

  @Override
  public JsonValue.Obj config() {
    return directory.config();
  }

  @Override
  public long byteSize() {
    return directory.files().stream().mapToLong(SafetensorsFile::byteSize).sum();
  }

  @Override
  public QuantizedWeights quantized() throws TensorFileException {
    return QuantizedWeights.of(directory);
  }

  @Override
  public List<Companion> companions() throws IOException {
    List<Companion> companions = new ArrayList<>();
    try (DirectoryStream<Path> files = Files.newDirectoryStream(path())) {
      for (Path file : files) {
        if (Files.isRegularFile(file)
            && !NO_COMPANION.matcher(String.valueOf(file.getFileName())).matches()) {
          companions.add(new Companion.Stored(file));
        }
      }
    }
    companions.sort(Comparator.comparing(Companion::name));
    return companions;
  }

  @Override
  public SequencedSet<String> names() {
    return directory.names();
  }

  @Override
  public Optional<Tensor> find(String name) {
    return directory.find(name);
  }

  @Override
  public ChecksumState verify(String name) {
    return directory.verify(name);
  }

  @Override
  public void close() {
    directory.close();
  }
}
