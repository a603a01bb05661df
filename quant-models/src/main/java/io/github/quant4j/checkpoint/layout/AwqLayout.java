// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.checkpoint.layout;

import io.github.quant4j.json.JsonValue;
import io.github.quant4j.tensor.Tensor;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedCollection;
import java.util.SequencedMap;

/**
 * The layouts of AWQ checkpoints, as AutoAWQ, transformers and vLLM read them: 4 bits, one size of
 * groups for all layers.
 *
 * @param version the order of the codes
 * @param groupSize inputs of a group, or -1 for all
 */
public record AwqLayout(AwqVersion version, int groupSize) implements IntegerLayout {
  private static final int BITS = AwqVersion.BITS;
  private static final int DEFAULT_GROUP = 128;

  /** Codes for matrix products, until it is known which groups the layers have. */
  public AwqLayout() {
    this(AwqVersion.GEMM);
  }

  /**
   * Groups of 128 inputs, until it is known which the layers have.
   *
   * @param version the order of the codes
   */
  public AwqLayout(AwqVersion version) {
    this(version, DEFAULT_GROUP);
  }

  @Override
  public String name() {
    return version == AwqVersion.GEMM ? "awq" : "awq:" + version.word();
  }

  @Override
  public IntegerLayout forGroups(Collection<Integer> groupSizes) {
    if (groupSizes.isEmpty()) {
      return this;
    }
    int smallest =
        groupSizes.stream().filter(size -> size > 0).min(Integer::compare).orElse(LayerShape.ALL);
    return new AwqLayout(version, smallest);
  }

  @Override
  public IntegerWeights fitted(IntegerWeights weights) throws InexactException {
    GptqLayout.requireExactScales(weights);
    IntegerWeights grouped = grouped(weights);
    version.requireExact(grouped);
    return grouped;
  }

  @Override
  public IntegerWeights nearest(IntegerWeights weights) throws InexactException {
    return grouped(weights.withScales(Scales.rounded(weights.scales())));
  }

  private IntegerWeights grouped(IntegerWeights weights) throws InexactException {
    if (weights.bits() > BITS) {
      throw new InexactException(
          "its codes have " + weights.bits() + " bits, and those of this form have 4");
    }
    if (!weights.isInOrder()) {
      throw new InexactException(
          "its groups are not of consecutive inputs, and those of this form are");
    }
    int size = size(weights.rows(), weights.columns());
    if (weights.groupSize() % size != 0) {
      throw new InexactException(
          "it has groups of "
              + weights.groupSize()
              + " inputs, and the groups of all layers must have one size, here "
              + size);
    }
    return weights.widened(BITS).split(size);
  }

  private int size(int rows, int columns) throws InexactException {
    int size = groupSize == LayerShape.ALL ? columns : groupSize;
    if (columns % size != 0) {
      throw new InexactException("groups of " + size + " do not divide its " + columns + " inputs");
    }
    version.require(rows, columns, size);
    return size;
  }

  @Override
  public String scheme(int rows, int columns, int bits, int wanted) throws InexactException {
    int size = size(rows, columns);
    return "int" + BITS + ":" + (size == columns ? "channel" : "g" + size) + ":asym";
  }

  @Override
  public SequencedMap<String, Tensor> tensors(IntegerWeights weights) {
    return version.tensors(weights);
  }

  @Override
  public JsonValue.Obj config(
      SequencedMap<String, LayerShape> layers, SequencedCollection<String> plain) {
    SequencedMap<String, Object> config = new LinkedHashMap<>();
    config.put("quant_method", "awq");
    config.put("version", version.word());
    config.put("bits", BITS);
    config.put("group_size", groupSize);
    config.put("zero_point", true);
    config.put("modules_to_not_convert", plain.isEmpty() ? null : List.copyOf(plain));
    return (JsonValue.Obj) JsonValue.of(config);
  }
}
