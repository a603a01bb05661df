// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.checkpoint;

import io.github.quant4j.io.TensorFileException;
import io.github.quant4j.io.quantized.Companion;
import io.github.quant4j.io.quantized.ModelSource;
import io.github.quant4j.io.quantized.QuantizedWeights;
import io.github.quant4j.json.JsonValue;
import io.github.quant4j.model.decoder.RandomTensors;
import io.github.quant4j.model.family.FamilyReading;
import io.github.quant4j.tensor.Tensor;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.SequencedMap;
import java.util.SequencedSet;

/** A model with random weights in memory. */
record RandomSource(JsonValue.Obj config, SequencedMap<String, Tensor> tensors)
    implements ModelSource {

  static RandomSource of(JsonValue.Obj config, long seed) {
    return new RandomSource(
        config,
        RandomTensors.of(
            FamilyReading.of(config, "configuration").configuration(), new Random(seed)));
  }

  @Override
  public Path path() {
    return Path.of("random");
  }

  @Override
  public long byteSize() {
    return tensors.values().stream().mapToLong(Tensor::byteSize).sum();
  }

  @Override
  public QuantizedWeights quantized() throws TensorFileException {
    return QuantizedWeights.of(config, this);
  }

  @Override
  public List<Companion> companions() {
    return List.of();
  }

  @Override
  public SequencedSet<String> names() {
    return tensors.sequencedKeySet();
  }

  @Override
  public Optional<Tensor> find(String name) {
    return Optional.ofNullable(tensors.get(name));
  }

  @Override
  public void close() {}
}
