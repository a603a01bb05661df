// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.quantized;

import io.github.quant4j.format.IntegerFormat;
import io.github.quant4j.json.JsonValue;
import io.github.quant4j.linear.ColumnTerm;
import io.github.quant4j.linear.QuantizedLinear;
import io.github.quant4j.linear.QuantizedTerm;
import io.github.quant4j.linear.WeightTerm;
import io.github.quant4j.matrix.PackedCodes;
import io.github.quant4j.matrix.QuantizedMatrix;
import io.github.quant4j.scheme.Granularity;
import io.github.quant4j.tensor.Shape;
import io.github.quant4j.tensor.Tensor;
import io.github.quant4j.transform.InputTransform;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;

/**
 * Layers in the schema of compressed-tensors, for other programs: with the parts of it that serve
 * no purpose here, such as groups of inputs in an order of their own, {@code weight_g_idx}, and
 * Hadamard rotations of inputs, {@code transform_config}.
 *
 * <p>Layers are {@linkplain #add added} one after the other; {@link #config} then describes them.
 * Not thread-safe.
 */
public final class CompressedTensorsLayers {
  private final SequencedMap<String, ConfigGroup> groups = new LinkedHashMap<>();
  private final RotationConfig rotations = new RotationConfig();

  /** Starts without layers. */
  public CompressedTensorsLayers() {}

  /** A matrix in the order of the inputs, and the group of each input if that is not in order. */
  private record Ordered(QuantizedLinear linear, Optional<int[]> groups) {}

  /**
   * What keeps a layer from being said exactly.
   *
   * @param linear the layer; its bias is not asked for
   * @return what it has that the schema has no words for; empty if it can be {@linkplain #add
   *     added}
   */
  public static Optional<String> problem(QuantizedLinear linear) {
    if (linear.transform().isPresent()) {
      Optional<String> ofTransform = RotationConfig.problem(linear.transform().get());
      if (ofTransform.isPresent()) {
        return ofTransform;
      }
    }
    if (linear.terms().size() != 1) {
      return Optional.of("its weights are a sum of " + linear.terms().size() + " terms");
    }
    if (linear.activations().isPresent()
        && linear.activations().flatMap(ActivationStore::arguments).isEmpty()) {
      return Optional.of(
          "its input is quantized as "
              + linear.activations().get().scheme()
              + (linear.activations().get().clipRatio() < 1 ? " with a range that clips" : "")
              + ", which the schema has no words for");
    }
    Optional<Ordered> ordered = ordered(linear);
    if (ordered.isEmpty() || CompressedTensorsScheme.of(ordered.get().linear()).isEmpty()) {
      return Optional.of(
          "its weights are "
              + linear.terms().getFirst().describe()
              + ", which the schema has no words for");
    }
    return Optional.empty();
  }

  /**
   * Adds a layer.
   *
   * @param module the name of its module
   * @param linear the layer
   * @return its tensors by the part of their name after the module's, without a bias
   * @throws IllegalArgumentException if there is a {@link #problem}, or a layer of that name
   */
  public SequencedMap<String, Tensor> add(String module, QuantizedLinear linear) {
    problem(linear)
        .ifPresent(
            problem -> {
              throw new IllegalArgumentException("module '" + module + "': " + problem);
            });
    Ordered ordered = ordered(linear).orElseThrow();
    StoredModule stored = StoredModule.of(ordered.linear());
    ConfigGroup group = stored.group().orElseThrow();
    SequencedMap<String, Tensor> tensors = new LinkedHashMap<>(stored.tensors());
    if (ordered.groups().isPresent()) {
      int[] indices = ordered.groups().get();
      tensors.put("weight_g_idx", Tensor.ofInts(Shape.of(indices.length), indices));
      group = new ConfigGroup(group.format(), group.weights().reordered(), group.input());
    }
    if (groups.put(module, group) != null) {
      throw new IllegalArgumentException("module '" + module + "' is added twice");
    }
    Optional<InputTransform> transform = linear.transform();
    transform.ifPresent(rotation -> tensors.putAll(rotations.add(module, rotation)));
    return tensors;
  }

  /** The layer without its transform, with columns in the order of the inputs. */
  private static Optional<Ordered> ordered(QuantizedLinear linear) {
    WeightTerm term = linear.terms().getFirst();
    QuantizedLinear plain = linear.withoutTransform().withoutBias();
    if (term instanceof QuantizedTerm) {
      return Optional.of(new Ordered(plain, Optional.empty()));
    }
    if (!(term instanceof ColumnTerm columns
        && columns.inner() instanceof QuantizedTerm(QuantizedMatrix matrix)
        && columns.sources().length == columns.columns()
        && (columns.hasQuantizedInput() || linear.activations().isEmpty())
        && matrix.scheme().format() instanceof IntegerFormat
        && matrix.scheme().granularity() instanceof Granularity.PerGroup(int size))) {
      return Optional.empty();
    }
    int[] sources = columns.sources();
    int[] groupOf = new int[sources.length];
    for (int i = 0; i < sources.length; i++) {
      groupOf[sources[i]] = i / size;
    }
    QuantizedLinear moved =
        QuantizedLinear.of(new QuantizedMatrix(matrix.grid(), inOrder(matrix.codes(), sources)));
    return Optional.of(
        new Ordered(
            linear.activations().map(moved::withActivations).orElse(moved), Optional.of(groupOf)));
  }

  private static PackedCodes inOrder(PackedCodes codes, int[] sources) {
    int columns = codes.columns();
    byte[] line = new byte[columns];
    byte[] moved = new byte[Math.multiplyExact(codes.rows(), columns)];
    for (int row = 0; row < codes.rows(); row++) {
      codes.unpackRow(row, line, 0);
      for (int i = 0; i < columns; i++) {
        moved[row * columns + sources[i]] = line[i];
      }
    }
    return PackedCodes.pack(codes.rows(), columns, codes.bits(), Integer.BYTES, moved);
  }

  /**
   * What the model's configuration says of the layers.
   *
   * @param plain the linear layers that are not quantized
   * @return the member {@code quantization_config}
   */
  public JsonValue.Obj config(Collection<String> plain) {
    return CompressedTensorsConfig.toJson(groups, true, List.copyOf(plain), rotations.toJson());
  }
}
