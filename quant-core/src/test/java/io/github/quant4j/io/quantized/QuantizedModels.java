// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.quantized;

import io.github.quant4j.io.ModelDirectory;
import io.github.quant4j.io.OutputDirectory;
import io.github.quant4j.io.SafetensorsWriter;
import io.github.quant4j.io.TensorSource;
import io.github.quant4j.json.JsonParser;
import io.github.quant4j.json.JsonValue;
import io.github.quant4j.linear.QuantizedLinear;
import io.github.quant4j.linear.QuantizedTerm;
import io.github.quant4j.matrix.QuantizedMatrix;
import io.github.quant4j.tensor.Tensor;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.SequencedSet;

/** Small models for tests, on disk and in memory. */
final class QuantizedModels {
  private QuantizedModels() {}

  /** The quantized matrix of a layer with no other term. */
  static QuantizedMatrix matrix(QuantizedLinear linear) {
    return ((QuantizedTerm) linear.terms().getFirst()).matrix();
  }

  /** JSON with single quotes. */
  static JsonValue.Obj json(String text) {
    return JsonParser.parseObject(text.replace('\'', '"').getBytes(StandardCharsets.UTF_8));
  }

  /** A model in full precision. */
  static Path plain(Path directory, Tensor... tensors) throws IOException {
    Files.createDirectories(directory);
    Files.writeString(directory.resolve("config.json"), "{\"hidden_size\": 8}\n");
    SafetensorsWriter writer = new SafetensorsWriter().metadata("format", "pt");
    for (Tensor tensor : tensors) {
      writer.add(tensor);
    }
    writer.write(directory.resolve("model.safetensors"));
    return directory;
  }

  /** Writes a copy of a model with some layers quantized; all layers are said to be linear. */
  static QuantizedModelWriter.Result write(
      Path source, Path target, SequencedMap<String, QuantizedLinear> layers) throws IOException {
    try (ModelDirectory model = ModelDirectory.open(source);
        OutputDirectory output = OutputDirectory.create(target, false);
        QuantizedModelWriter writer = QuantizedModelWriter.create(ModelSource.of(model), output)) {
      for (var layer : layers.entrySet()) {
        writer.add(layer.getKey(), layer.getValue());
      }
      QuantizedModelWriter.Result result = writer.finish(layers.sequencedKeySet());
      output.commit();
      return result;
    }
  }

  /** Tensors in memory. */
  record Memory(SequencedMap<String, Tensor> tensors) implements TensorSource {
    static Memory of(Tensor... tensors) {
      return of(List.of(tensors));
    }

    static Memory of(List<Tensor> tensors) {
      SequencedMap<String, Tensor> map = new LinkedHashMap<>();
      tensors.forEach(tensor -> map.put(tensor.name(), tensor));
      return new Memory(map);
    }

    @Override
    public SequencedSet<String> names() {
      return Collections.unmodifiableSequencedSet(tensors.sequencedKeySet());
    }

    @Override
    public Optional<Tensor> find(String name) {
      return Optional.ofNullable(tensors.get(name));
    }

    @Override
    public void close() {
      // Nothing to free.
    }
  }
}
