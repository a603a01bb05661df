// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.transform;

import io.github.quant4j.json.JsonValue;
import io.github.quant4j.tensor.DType;
import io.github.quant4j.tensor.DescribedTensors;
import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.tensor.Shape;
import io.github.quant4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;

/**
 * The stored form of transforms, version 1.
 *
 * <p>The description has the members {@code kind}, {@code version} and {@code size}; the kinds are
 *
 * <ul>
 *   <li>{@code diagonal}, tensor {@code scales} F32 [size]
 *   <li>{@code shift}, tensor {@code offsets} F32 [size]
 *   <li>{@code permutation}, tensor {@code sources} I32 [size]
 *   <li>{@code hadamard}, with {@code block}, {@code seed} and {@code inverse}, and no tensor
 *   <li>{@code orthogonal} and {@code dense}, tensor {@code matrix} F32 [size, size]
 *   <li>{@code kronecker}, tensors {@code first} and {@code second} F32
 *   <li>{@code chain}, with {@code steps}; the tensors of step {@code i} have the prefix {@code i.}
 * </ul>
 */
public final class StoredTransforms {
  private static final int VERSION = 1;
  private static final int LARGEST = 1 << 24;

  private StoredTransforms() {}

  /**
   * Writes a transform.
   *
   * @param transform any transform
   * @return its description and tensors
   */
  public static DescribedTensors write(InputTransform transform) {
    SequencedMap<String, JsonValue> members = new LinkedHashMap<>();
    SequencedMap<String, Tensor> tensors = new LinkedHashMap<>();
    members.put("kind", JsonValue.of(kind(transform)));
    members.put("version", JsonValue.of(VERSION));
    members.put("size", JsonValue.of(transform.size()));
    switch (transform) {
      case DiagonalTransform diagonal -> tensors.put("scales", vector(diagonal.scales()));
      case ShiftTransform shift -> tensors.put("offsets", vector(shift.offsets()));
      case PermutationTransform order ->
          tensors.put("sources", Tensor.ofInts(Shape.of(order.size()), order.sources()));
      case HadamardTransform rotation -> {
        members.put("block", JsonValue.of(rotation.block()));
        members.put("seed", JsonValue.of(rotation.seed()));
        members.put("inverse", JsonValue.of(rotation.isInverted()));
      }
      case OrthogonalTransform rotation -> tensors.put("matrix", matrix(rotation.matrix()));
      case DenseTransform dense -> tensors.put("matrix", matrix(dense.matrix()));
      case KroneckerTransform product -> {
        tensors.put("first", matrix(product.first()));
        tensors.put("second", matrix(product.second()));
      }
      case TransformChain chain -> {
        List<JsonValue> steps = new ArrayList<>();
        for (int i = 0; i < chain.steps().size(); i++) {
          DescribedTensors step = write(chain.steps().get(i));
          steps.add(step.description());
          String prefix = i + ".";
          step.tensors().forEach((name, tensor) -> tensors.put(prefix + name, tensor));
        }
        members.put("steps", new JsonValue.Arr(steps));
      }
    }
    return new DescribedTensors(new JsonValue.Obj(members), tensors);
  }

  /**
   * The size of the stored tensors.
   *
   * @param transform any transform
   * @return bits; the description is not counted
   */
  public static long storageBits(InputTransform transform) {
    return write(transform).storageBits();
  }

  private static String kind(InputTransform transform) {
    return switch (transform) {
      case DiagonalTransform _ -> "diagonal";
      case ShiftTransform _ -> "shift";
      case PermutationTransform _ -> "permutation";
      case HadamardTransform _ -> "hadamard";
      case OrthogonalTransform _ -> "orthogonal";
      case DenseTransform _ -> "dense";
      case KroneckerTransform _ -> "kronecker";
      case TransformChain _ -> "chain";
    };
  }

  private static Tensor vector(float[] values) {
    return Tensor.ofFloats(Shape.of(values.length), values);
  }

  private static Tensor matrix(FloatMatrix values) {
    return Tensor.ofFloats(Shape.of(values.rows(), values.columns()), values.data());
  }

  /**
   * Reads a transform.
   *
   * @param description what {@link #write} described
   * @param tensors at least its tensors, by name
   * @return the transform
   * @throws IllegalArgumentException if the version or kind is not known, a member or tensor is
   *     missing or of another type or size, or its values make no transform
   */
  public static InputTransform read(JsonValue.Obj description, Map<String, Tensor> tensors) {
    String kind = require(description.getString("kind"), "kind");
    int version = require(description.getInt("version"), "version");
    int size = require(description.getInt("size"), "size");
    // The bound keeps a damaged file from asking for gigabytes before its tensors are looked at.
    if (size < 1 || size > LARGEST) {
      throw new IllegalArgumentException("transform: size " + size + ", expected 1 to " + LARGEST);
    }
    if (version != VERSION) {
      throw new IllegalArgumentException("transform: version " + version + ", expected " + VERSION);
    }
    InputTransform transform =
        switch (kind) {
          case "diagonal" -> DiagonalTransform.of(floats(tensors, "scales", size));
          case "shift" -> ShiftTransform.of(floats(tensors, "offsets", size));
          case "permutation" ->
              PermutationTransform.of(part(tensors, "sources", DType.I32, size).toIntArray());
          case "hadamard" -> hadamard(description, size);
          case "orthogonal" -> OrthogonalTransform.of(square(tensors, "matrix"));
          case "dense" -> DenseTransform.trusted(square(tensors, "matrix"));
          case "kronecker" ->
              KroneckerTransform.of(square(tensors, "first"), square(tensors, "second"));
          case "chain" -> chain(description, tensors, size);
          default ->
              throw new IllegalArgumentException(
                  "transform: kind '"
                      + kind
                      + "', expected diagonal, shift, permutation, hadamard, orthogonal, dense,"
                      + " kronecker or chain");
        };
    if (transform.size() != size) {
      throw new IllegalArgumentException(
          "transform: " + kind + " of size " + transform.size() + ", expected " + size);
    }
    return transform;
  }

  private static InputTransform hadamard(JsonValue.Obj description, int size) {
    int block = require(description.getInt("block"), "block");
    long seed =
        require(
            description
                .get("seed")
                .filter(JsonValue.Num.class::isInstance)
                .map(value -> ((JsonValue.Num) value).asLong()),
            "seed");
    boolean inverse = require(description.getBoolean("inverse"), "inverse");
    HadamardTransform rotation = HadamardTransform.of(size, block, seed);
    return inverse ? rotation.inverse() : rotation;
  }

  private static InputTransform chain(
      JsonValue.Obj description, Map<String, Tensor> tensors, int size) {
    List<JsonValue> steps = require(description.getArray("steps"), "steps");
    List<InputTransform> transforms = new ArrayList<>();
    transforms.add(TransformChain.identity(size));
    for (int i = 0; i < steps.size(); i++) {
      if (!(steps.get(i) instanceof JsonValue.Obj step)) {
        throw new IllegalArgumentException(
            "transform: step " + i + " is " + steps.get(i).kind() + ", expected an object");
      }
      transforms.add(read(step, DescribedTensors.withPrefix(tensors, i + ".")));
    }
    return TransformChain.of(transforms);
  }

  private static <T> T require(Optional<T> member, String name) {
    return member.orElseThrow(
        () -> new IllegalArgumentException("transform: member '" + name + "' is missing"));
  }

  private static Tensor part(Map<String, Tensor> tensors, String name, DType dtype, long count) {
    Tensor tensor = tensors.get(name);
    if (tensor == null) {
      throw new IllegalArgumentException(
          "transform: tensor '" + name + "' is missing, found " + tensors.keySet());
    }
    if (tensor.dtype() != dtype || tensor.shape().elementCount() != count) {
      throw new IllegalArgumentException(
          "transform: " + tensor + ", expected " + count + " elements of " + dtype.label());
    }
    return tensor;
  }

  private static float[] floats(Map<String, Tensor> tensors, String name, int size) {
    return part(tensors, name, DType.F32, size).toFloatArray();
  }

  private static FloatMatrix square(Map<String, Tensor> tensors, String name) {
    Tensor tensor = tensors.get(name);
    long count = tensor == null ? 0 : tensor.shape().elementCount();
    int n = (int) Math.round(Math.sqrt((double) count));
    float[] values = part(tensors, name, DType.F32, (long) n * n).toFloatArray();
    return FloatMatrix.wrap(n, n, values);
  }
}
