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
 * The layout of AWQ checkpoints for matrix products ({@code version} {@code gemm}), as AutoAWQ,
 * transformers and vLLM read it: 4 bits, one size of groups for all layers.
 *
 * <p>{@code qweight}, I32 {@code [in, out / 8]}, and {@code qzeros}, I32 {@code [groups, out / 8]}:
 * eight outputs in a word, of which the lowest four bits are the first one, then come the third,
 * the fifth, the seventh, the second, the fourth, the sixth and the eighth. {@code scales}, {@code
 * [groups, out]}.
 *
 * @param groupSize inputs of a group, or -1 for all
 */
public record AwqLayout(int groupSize) implements IntegerLayout {
  private static final int BITS = 4;
  private static final int IN_WORD = Integer.SIZE / BITS;
  private static final int DEFAULT_GROUP = 128;

  /** The place of each of eight outputs in a word. */
  private static final int[] PLACES = {0, 4, 1, 5, 2, 6, 3, 7};

  /** Groups of 128 inputs, until it is known which the layers have. */
  public AwqLayout() {
    this(DEFAULT_GROUP);
  }

  @Override
  public String name() {
    return "awq";
  }

  @Override
  public IntegerLayout forGroups(Collection<Integer> groupSizes) {
    if (groupSizes.isEmpty()) {
      return this;
    }
    int smallest =
        groupSizes.stream().filter(size -> size > 0).min(Integer::compare).orElse(LayerShape.ALL);
    return new AwqLayout(smallest);
  }

  @Override
  public IntegerWeights fitted(IntegerWeights weights) throws InexactException {
    GptqLayout.requireExactScales(weights);
    return grouped(weights);
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
    if (rows % IN_WORD != 0) {
      throw new InexactException("it has " + rows + " outputs, expected a multiple of " + IN_WORD);
    }
    int size = groupSize == LayerShape.ALL ? columns : groupSize;
    if (columns % size != 0) {
      throw new InexactException("groups of " + size + " do not divide its " + columns + " inputs");
    }
    return size;
  }

  @Override
  public String scheme(int rows, int columns, int bits, int wanted) throws InexactException {
    int size = size(rows, columns);
    return "int" + BITS + ":" + (size == columns ? "channel" : "g" + size) + ":asym";
  }

  @Override
  public SequencedMap<String, Tensor> tensors(IntegerWeights weights) {
    int rows = weights.rows();
    int columns = weights.columns();
    int groups = weights.groupCount();
    Words codes = new Words(columns, rows / IN_WORD, BITS);
    Words zeros = new Words(groups, rows / IN_WORD, BITS);
    for (int row = 0; row < rows; row++) {
      int place = row / IN_WORD * IN_WORD + PLACES[row % IN_WORD];
      for (int column = 0; column < columns; column++) {
        codes.along(column, place, weights.codes()[row * columns + column] & 0xff);
      }
      for (int group = 0; group < groups; group++) {
        zeros.along(group, place, weights.zeros()[row * groups + group]);
      }
    }
    SequencedMap<String, Tensor> tensors = new LinkedHashMap<>();
    tensors.put("qweight", codes.toTensor());
    tensors.put("qzeros", zeros.toTensor());
    tensors.put("scales", Scales.transposed(weights));
    return tensors;
  }

  @Override
  public JsonValue.Obj config(
      SequencedMap<String, LayerShape> layers, SequencedCollection<String> plain) {
    SequencedMap<String, Object> config = new LinkedHashMap<>();
    config.put("quant_method", "awq");
    config.put("version", "gemm");
    config.put("bits", BITS);
    config.put("group_size", groupSize);
    config.put("zero_point", true);
    config.put("modules_to_not_convert", plain.isEmpty() ? null : List.copyOf(plain));
    return (JsonValue.Obj) JsonValue.of(config);
  }
}
