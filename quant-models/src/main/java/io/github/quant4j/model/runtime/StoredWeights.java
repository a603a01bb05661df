// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.runtime;

import io.github.quant4j.graph.ModelWeights;
import io.github.quant4j.io.TensorFileException;
import io.github.quant4j.io.TensorSource;
import io.github.quant4j.io.quantized.ModelSource;
import io.github.quant4j.io.quantized.QuantizedWeights;
import io.github.quant4j.linear.QuantizedLinear;
import java.io.UncheckedIOException;
import java.lang.ref.SoftReference;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The weights of a stored model, full precision and quantized.
 *
 * <p>Quantized layers are remembered as long as memory allows, since reading one means to compare
 * its checksums: opening a model looks at all layers, and running it at all layers again.
 */
public final class StoredWeights implements ModelWeights {
  private final TensorSource tensors;
  private final QuantizedWeights quantized;
  private final Map<String, SoftReference<QuantizedLinear>> layers = new ConcurrentHashMap<>();

  /**
   * Reads what the model's configuration says of its quantization.
   *
   * @throws TensorFileException if it is malformed or asks for something that is not supported
   */
  public StoredWeights(ModelSource source) throws TensorFileException {
    this.quantized = source.quantized();
    this.tensors = new DecodedTables(source, quantized);
  }

  @Override
  public TensorSource tensors() {
    return tensors;
  }

  @Override
  public Optional<QuantizedLinear> linear(String site) {
    SoftReference<QuantizedLinear> kept = layers.get(site);
    QuantizedLinear layer = kept == null ? null : kept.get();
    if (layer != null) {
      return Optional.of(layer);
    }
    try {
      Optional<QuantizedLinear> read = quantized.find(site);
      read.ifPresent(linear -> layers.put(site, new SoftReference<>(linear)));
      return read;
    } catch (TensorFileException e) {
      throw new UncheckedIOException(e.getMessage(), e);
    }
  }

  @Override
  public Set<String> sharedTensors() {
    return quantized.sharedTensors();
  }

  @Override
  public List<String> warnings() {
    return quantized.warnings();
  }

  @Override
  public void close() {
    layers.clear();
    tensors.close();
  }
}
