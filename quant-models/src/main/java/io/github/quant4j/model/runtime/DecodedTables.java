// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.runtime;

import io.github.quant4j.io.ChecksumState;
import io.github.quant4j.io.TensorFileException;
import io.github.quant4j.io.TensorSource;
import io.github.quant4j.io.quantized.QuantizedWeights;
import io.github.quant4j.linear.QuantizedLinear;
import io.github.quant4j.tensor.Shape;
import io.github.quant4j.tensor.Tensor;
import java.io.UncheckedIOException;
import java.lang.ref.SoftReference;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedSet;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The tensors of a directory, and in place of quantized ones that are asked for as tensors, which
 * tables of embeddings are, what they stand for in binary32: one copy, as long as it is in use or
 * memory allows.
 */
final class DecodedTables implements TensorSource {
  private static final String WEIGHT = ".weight";

  private final TensorSource stored;
  private final QuantizedWeights quantized;
  private final Map<String, SoftReference<Tensor>> tables = new ConcurrentHashMap<>();

  DecodedTables(TensorSource stored, QuantizedWeights quantized) {
    this.stored = stored;
    this.quantized = quantized;
  }

  @Override
  public SequencedSet<String> names() {
    return stored.names();
  }

  @Override
  public Optional<Tensor> find(String name) {
    Optional<Tensor> plain = stored.find(name);
    if (!name.endsWith(WEIGHT) || plain.filter(DecodedTables::isPlain).isPresent()) {
      return plain;
    }
    String module = name.substring(0, name.length() - WEIGHT.length());
    return quantized.modules().contains(module) ? Optional.of(decoded(module, name)) : plain;
  }

  /** Numbers of 8 bits are floating-point ones too, but mean nothing without their scales. */
  private static boolean isPlain(Tensor tensor) {
    return tensor.dtype().isFloatingPoint() && tensor.dtype().bits() >= 16;
  }

  private Tensor decoded(String module, String name) {
    SoftReference<Tensor> kept = tables.get(name);
    Tensor table = kept == null ? null : kept.get();
    if (table != null) {
      return table;
    }
    try {
      QuantizedLinear linear = quantized.find(module).orElseThrow();
      Tensor fresh =
          Tensor.ofFloats(
                  Shape.of(linear.outFeatures(), linear.inFeatures()), linear.toDense().data())
              .withName(name);
      tables.put(name, new SoftReference<>(fresh));
      return fresh;
    } catch (TensorFileException e) {
      throw new UncheckedIOException(e.getMessage(), e);
    }
  }

  @Override
  public ChecksumState verify(String name) {
    // Those of decoded tables have been looked at when they were read.
    return stored.find(name).isPresent() ? stored.verify(name) : ChecksumState.ABSENT;
  }

  @Override
  public void close() {
    tables.clear();
    stored.close();
  }
}
