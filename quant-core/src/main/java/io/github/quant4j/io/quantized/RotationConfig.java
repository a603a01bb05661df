// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.quantized;

import io.github.quant4j.linalg.Compute;
import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.tensor.Shape;
import io.github.quant4j.tensor.Tensor;
import io.github.quant4j.transform.HadamardTransform;
import io.github.quant4j.transform.InputTransform;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;

/**
 * The rotations of inputs that a model is written with: one group of a {@code transform_config} for
 * each matrix, whose elements -1 and 1 are stored once, as {@code name_input.weight} of the first
 * module that has it. See {@link OnlineTransform} for what they mean.
 */
final class RotationConfig {
  /** A matrix of 64 MB. */
  private static final int LARGEST_BLOCK = 4096;

  private final SequencedMap<Matrix, List<String>> modules = new LinkedHashMap<>();

  /** What makes two rotations the same; the size matters to signs alone. */
  private record Matrix(int block, long seed, boolean isInverted) {
    boolean isSylvester() {
      return seed == HadamardTransform.NO_SIGNS && Integer.bitCount(block) == 1;
    }
  }

  /** What keeps a transform from being said. */
  static Optional<String> problem(InputTransform transform) {
    String what = "its input is transformed while the model runs (" + transform.describe() + ")";
    if (!(transform instanceof HadamardTransform rotation)) {
      return Optional.of(what + ", and the schema has words for Hadamard rotations only");
    }
    if (rotation.seed() != HadamardTransform.NO_SIGNS && rotation.block() != rotation.size()) {
      return Optional.of(
          what
              + ", whose signs differ from block to block, and the schema has one matrix for all;"
              + " hadamard(unsigned) has no signs");
    }
    return rotation.block() > LARGEST_BLOCK
        ? Optional.of(
            what
                + ", and the schema stores its matrix, expected blocks of at most "
                + LARGEST_BLOCK)
        : Optional.empty();
  }

  /** Notes a module's rotation, and gives the tensor if the module is the first to have it. */
  Map<String, Tensor> add(String module, InputTransform transform) {
    HadamardTransform rotation = (HadamardTransform) transform;
    Matrix matrix = new Matrix(rotation.block(), rotation.seed(), rotation.isInverted());
    List<String> named = modules.computeIfAbsent(matrix, _ -> new ArrayList<>());
    named.add(module);
    if (named.size() > 1) {
      return Map.of();
    }
    return Map.of(
        name(modules.size() - 1) + "_" + OnlineTransform.INPUT + ".weight", tensor(rotation));
  }

  private static String name(int index) {
    return "rotation" + index;
  }

  /** What row vectors are multiplied by, times the root of its size. */
  private static Tensor tensor(HadamardTransform rotation) {
    int size = rotation.block();
    HadamardTransform one =
        rotation.seed() == HadamardTransform.NO_SIGNS
            ? HadamardTransform.of(size, size, HadamardTransform.NO_SIGNS)
            : HadamardTransform.of(size, size, rotation.seed());
    FloatMatrix identity = FloatMatrix.zeros(size, size);
    for (int i = 0; i < size; i++) {
      identity.data()[i * size + i] = 1;
    }
    float[] rows =
        (rotation.isInverted() ? one.inverse() : one).apply(identity, Compute.scalar()).data();
    float[] signs = new float[rows.length];
    for (int i = 0; i < signs.length; i++) {
      signs[i] = Math.signum(rows[i]);
    }
    return Tensor.ofFloats(Shape.of(size, size), signs);
  }

  /** The groups of the config by name. */
  SequencedMap<String, Object> toJson() {
    SequencedMap<String, Object> groups = new LinkedHashMap<>();
    modules.forEach(
        (matrix, targets) -> {
          SequencedMap<String, Object> group = new LinkedHashMap<>();
          group.put("type", matrix.isSylvester() ? "hadamard" : "random-hadamard");
          group.put("head_dim", matrix.block());
          group.put("randomize", false);
          group.put("requires_grad", false);
          group.put("precision", "torch.float32");
          group.put(
              "apply",
              List.of(
                  apply(OnlineTransform.INPUT, false, targets),
                  apply("weight_input", true, targets)));
          groups.put(name(groups.size()), group);
        });
    return groups;
  }

  private static SequencedMap<String, Object> apply(
      String location, boolean isInverse, List<String> targets) {
    SequencedMap<String, Object> apply = new LinkedHashMap<>();
    apply.put("targets", List.copyOf(targets));
    apply.put("location", location);
    apply.put("inverse", isInverse);
    apply.put("ignore", List.of());
    return apply;
  }
}
