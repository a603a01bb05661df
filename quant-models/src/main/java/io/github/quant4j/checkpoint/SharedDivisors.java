// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.checkpoint;

import io.github.quant4j.io.quantized.QuantizedWeights;
import io.github.quant4j.linear.QuantizedLinear;
import io.github.quant4j.linear.QuantizedTerm;
import io.github.quant4j.matrix.Grid;
import io.github.quant4j.matrix.QuantizedMatrix;
import io.github.quant4j.scheme.GroupParameters;
import io.github.quant4j.scheme.Nvfp4ScaleCodec;
import io.github.quant4j.scheme.ScaleCodec;
import io.github.quant4j.scheme.ScaleFrame;
import io.github.quant4j.tensor.Shape;
import io.github.quant4j.tensor.Tensor;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;

/**
 * The global scales of NVFP4 of layers that other programs run as one, such as those of queries,
 * keys and values: they take one of them for all.
 *
 * @param own the divisor of each layer
 * @param common the divisor of its neighbourhood: the smallest, with which no scale is too large
 */
record SharedDivisors(Map<String, Float> own, Map<String, Float> common) {
  private static final List<List<String>> FUSED =
      List.of(
          List.of("q_proj", "k_proj", "v_proj"),
          List.of("gate_proj", "up_proj"),
          List.of("w1", "w3"));
  private static final String DIVISOR = "tensor";

  static SharedDivisors of(QuantizedWeights quantized) throws IOException {
    Map<String, Float> own = new HashMap<>();
    Map<String, List<String>> neighbours = new LinkedHashMap<>();
    for (String module : quantized.modules()) {
      Optional<Float> divisor =
          matrix(quantized.find(module).orElseThrow()).flatMap(SharedDivisors::divisor);
      if (divisor.isPresent()) {
        own.put(module, divisor.get());
        neighbours.computeIfAbsent(neighbourhood(module), _ -> new ArrayList<>()).add(module);
      }
    }
    Map<String, Float> common = new HashMap<>();
    for (List<String> fused : neighbours.values()) {
      float smallest = Float.MAX_VALUE;
      for (String module : fused) {
        smallest = Math.min(smallest, own.getOrDefault(module, smallest));
      }
      for (String module : fused) {
        common.put(module, smallest);
      }
    }
    return new SharedDivisors(Map.copyOf(own), Map.copyOf(common));
  }

  private static String neighbourhood(String module) {
    int dot = module.lastIndexOf('.');
    String last = module.substring(dot + 1);
    for (List<String> names : FUSED) {
      if (names.contains(last)) {
        return module.substring(0, dot + 1) + names;
      }
    }
    return module;
  }

  private static Optional<QuantizedMatrix> matrix(QuantizedLinear linear) {
    return linear.terms().size() == 1
            && linear.terms().getFirst() instanceof QuantizedTerm(var matrix)
            && matrix.scheme().scaleCodec() instanceof Nvfp4ScaleCodec
        ? Optional.of(matrix)
        : Optional.empty();
  }

  private static Optional<Float> divisor(QuantizedMatrix matrix) {
    return Optional.ofNullable(matrix.grid().scales().parts().get(DIVISOR))
        .map(tensor -> tensor.toFloatArray()[0]);
  }

  /** Whether a layer has another global scale than its neighbourhood will have. */
  boolean differs(String module) {
    return own.containsKey(module) && !own.get(module).equals(common.get(module));
  }

  /** A layer with the global scale of its neighbourhood: scales and weights are rounded again. */
  QuantizedLinear shared(String module, QuantizedLinear linear) {
    QuantizedMatrix given = matrix(linear).orElseThrow();
    Grid grid = given.grid();
    ScaleCodec codec = given.scheme().scaleCodec();
    SequencedMap<String, Tensor> parts = new LinkedHashMap<>(grid.scales().parts());
    float[] divisor = {common.getOrDefault(module, 1f)};
    parts.put(DIVISOR, Tensor.ofFloats(Shape.of(1), divisor));
    GroupParameters changed = codec.decode(parts, grid.layout());
    ScaleFrame frame = codec.frameOf(changed, grid.layout(), given.scheme().format());
    double[] wanted = new double[grid.layout().count()];
    for (int i = 0; i < wanted.length; i++) {
      wanted[i] = grid.scale(i);
    }
    Grid shared =
        new Grid(given.scheme(), grid.layout(), grid.palette(), frame.encode(wanted), null);
    byte[] codes = new byte[Math.multiplyExact(given.rows(), given.columns())];
    float[] row = new float[given.columns()];
    for (int i = 0; i < given.rows(); i++) {
      given.dequantizeRow(i, row, 0);
      shared.encodeRow(i, row, 0, codes, i * given.columns());
    }
    QuantizedLinear again = QuantizedLinear.of(QuantizedMatrix.of(shared, codes));
    again =
        linear.activations().isPresent()
            ? again.withActivations(linear.activations().get())
            : again;
    again = linear.transform().isPresent() ? again.withTransform(linear.transform().get()) : again;
    return linear.bias().isPresent() ? again.withBias(linear.bias().get()) : again;
  }
}
