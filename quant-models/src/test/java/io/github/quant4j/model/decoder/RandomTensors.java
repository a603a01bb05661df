// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.decoder;

import io.github.quant4j.graph.LinearSite;
import io.github.quant4j.tensor.DType;
import io.github.quant4j.tensor.Shape;
import io.github.quant4j.tensor.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.LinkedHashMap;
import java.util.Random;
import java.util.SequencedMap;

/** Random weights for a network of any shape, none of them without effect. */
public final class RandomTensors {
  private static final ValueLayout.OfFloat LITTLE =
      ValueLayout.JAVA_FLOAT.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final SequencedMap<String, Tensor> tensors = new LinkedHashMap<>();
  private final Random random;

  private RandomTensors(Random random) {
    this.random = random;
  }

  /** All tensors, those of experts by themselves. */
  public static SequencedMap<String, Tensor> of(DecoderConfiguration model, Random random) {
    return new RandomTensors(random).all(model);
  }

  private SequencedMap<String, Tensor> all(DecoderConfiguration model) {
    EmbeddingShape embedding = model.embedding();
    add(embedding.table(), Shape.of(model.vocabularySize(), embedding.width()), 0.4, 0);
    if (embedding.positions() != null) {
      add(embedding.positions(), Shape.of(embedding.positionRows(), model.hiddenSize()), 0.2, 0);
    }
    norm(embedding.norm());
    for (LayerShape layer : model.layerShapes()) {
      for (VectorShape vector : layer.vectors()) {
        add(vector.name(), vector.shape(), 0.2, vector.name().endsWith("norm.weight") ? 1 : 0.1);
      }
      layer.layout().sites().forEach(site -> site(site, model.stored().transposed()));
    }
    norm(model.headShape().norm());
    site(model.headShape().site(), false);
    return tensors;
  }

  private void norm(NormShape norm) {
    if (norm != null) {
      norm.vectors().forEach(vector -> add(vector.name(), vector.shape(), 0.2, 1));
    }
  }

  private void site(LinearSite site, boolean transposed) {
    double scale = 1.3 / Math.sqrt(site.inFeatures());
    if (!site.isTied()) {
      add(
          site.weight(),
          transposed
              ? Shape.of(site.inFeatures(), site.outFeatures())
              : Shape.of(site.outFeatures(), site.inFeatures()),
          scale,
          0);
    }
    site.bias().ifPresent(bias -> add(bias, Shape.of(site.outFeatures()), 0.1, 0));
  }

  private void add(String name, Shape shape, double scale, double mean) {
    MemorySegment data = Arena.ofAuto().allocate(shape.elementCount() * Float.BYTES, Long.BYTES);
    for (long i = 0; i < shape.elementCount(); i++) {
      data.setAtIndex(LITTLE, i, (float) (mean + scale * random.nextGaussian()));
    }
    tensors.put(name, Tensor.of(name, DType.F32, shape, data));
  }
}
