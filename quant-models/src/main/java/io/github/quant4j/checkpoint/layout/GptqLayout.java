// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.checkpoint.layout;

import io.github.quant4j.json.JsonValue;
import io.github.quant4j.tensor.Shape;
import io.github.quant4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedCollection;
import java.util.SequencedMap;
import java.util.function.Function;
import java.util.regex.Pattern;

/**
 * The layout of GPTQ checkpoints, as AutoGPTQ, GPTQModel, transformers and vLLM read it.
 *
 * <p>{@code qweight}, I32 {@code [in bits / 32, out]}: the codes of an output are one stream of
 * bits down its column. {@code qzeros}, I32 {@code [groups, out bits / 32]}: the zero points of a
 * group are one stream along its row; the first version of the format stores them less one. {@code
 * scales}, {@code [groups, out]}. {@code g_idx}, I32 {@code [in]}: the group of each input.
 *
 * @param plainZeros whether zero points are stored as they are, {@code checkpoint_format} {@code
 *     gptq_v2}
 */
public record GptqLayout(boolean plainZeros) implements IntegerLayout {
  private static final int[] WIDTHS = {2, 3, 4, 8};
  private static final int DEFAULT_GROUP = 128;

  /** Names of modules that belong to a block have a number. */
  private static final Pattern IN_BLOCK = Pattern.compile(".*\\.[0-9]+\\..*");

  @Override
  public String name() {
    return plainZeros ? "gptq_v2" : "gptq";
  }

  @Override
  public IntegerWeights fitted(IntegerWeights weights) throws InexactException {
    requireExactScales(weights);
    IntegerWeights wide = wide(weights);
    return plainZeros ? wide : withoutZero(wide, false);
  }

  @Override
  public IntegerWeights nearest(IntegerWeights weights) throws InexactException {
    IntegerWeights wide = wide(weights.withScales(Scales.rounded(weights.scales())));
    return plainZeros ? wide : withoutZero(wide, true);
  }

  static void requireExactScales(IntegerWeights weights) throws InexactException {
    if (Scales.exactType(weights.scales()).isEmpty()) {
      throw new InexactException(
          "its scales are 32-bit numbers, and those of this form have 16 bits");
    }
  }

  private static IntegerWeights wide(IntegerWeights weights) throws InexactException {
    for (int width : WIDTHS) {
      if (width >= weights.bits()) {
        requireShape(weights.rows(), weights.columns(), width, weights.groupSize());
        return weights.widened(width);
      }
    }
    throw new InexactException("its codes have " + weights.bits() + " bits, expected at most 8");
  }

  private static void requireShape(int rows, int columns, int bits, int groupSize)
      throws InexactException {
    if (!Words.isWhole(rows, bits) || !Words.isWhole(columns, bits)) {
      throw new InexactException(
          "it has "
              + rows
              + " outputs and "
              + columns
              + " inputs, and both must be whole words of 32 bits at "
              + bits
              + " bits");
    }
    if (columns % groupSize != 0) {
      throw new InexactException(
          "its groups of " + groupSize + " do not divide " + columns + " inputs");
    }
  }

  /**
   * Weights whose zero points are at least 1. Adding 1 to the codes and the zero point of a group
   * changes nothing, if no code is the largest.
   */
  private static IntegerWeights withoutZero(IntegerWeights weights, boolean clamps)
      throws InexactException {
    int count = weights.groupCount();
    int columns = weights.columns();
    int largest = (1 << weights.bits()) - 1;
    int[] zeros = weights.zeros().clone();
    byte[] codes = null;
    for (int row = 0; row < weights.rows(); row++) {
      for (int group = 0; group < count; group++) {
        if (weights.zeros()[row * count + group] != 0) {
          continue;
        }
        codes = codes == null ? weights.codes().clone() : codes;
        zeros[row * count + group] = 1;
        for (int column = 0; column < columns; column++) {
          int at = row * columns + column;
          if (weights.groups()[column] == group) {
            int code = codes[at] & 0xff;
            if (code == largest && !clamps) {
              throw new InexactException(
                  "a group of output "
                      + row
                      + " has zero point 0, which the first version of the format cannot store;"
                      + " gptq_v2 can");
            }
            codes[at] = (byte) Math.min(code + 1, largest);
          }
        }
      }
    }
    return codes == null
        ? weights
        : new IntegerWeights(
            weights.rows(),
            columns,
            weights.bits(),
            codes,
            weights.groupSize(),
            weights.groups(),
            weights.scales(),
            zeros);
  }

  @Override
  public String scheme(int rows, int columns, int bits, int groupSize) throws InexactException {
    int width = 8;
    for (int i = WIDTHS.length - 1; i >= 0 && WIDTHS[i] >= bits; i--) {
      width = WIDTHS[i];
    }
    int size = groupSize > 1 && groupSize < columns && columns % groupSize == 0 ? groupSize : 0;
    if (size == 0 && columns % DEFAULT_GROUP == 0 && columns > DEFAULT_GROUP) {
      size = DEFAULT_GROUP;
    }
    requireShape(rows, columns, width, size == 0 ? columns : size);
    return "int" + width + ":" + (size == 0 ? "channel" : "g" + size) + ":asym";
  }

  @Override
  public SequencedMap<String, Tensor> tensors(IntegerWeights weights) {
    int rows = weights.rows();
    int columns = weights.columns();
    int bits = weights.bits();
    int groups = weights.groupCount();
    Words codes = new Words(Words.count(columns, bits), rows, bits);
    for (int row = 0; row < rows; row++) {
      for (int column = 0; column < columns; column++) {
        codes.down(row, column, weights.codes()[row * columns + column] & 0xff);
      }
    }
    Words zeros = new Words(groups, Words.count(rows, bits), bits);
    for (int row = 0; row < rows; row++) {
      for (int group = 0; group < groups; group++) {
        zeros.along(group, row, weights.zeros()[row * groups + group] - (plainZeros ? 0 : 1));
      }
    }
    SequencedMap<String, Tensor> tensors = new LinkedHashMap<>();
    tensors.put("qweight", codes.toTensor());
    tensors.put("qzeros", zeros.toTensor());
    tensors.put("scales", Scales.transposed(weights));
    tensors.put("g_idx", Tensor.ofInts(Shape.of(columns), weights.groups()));
    return tensors;
  }

  @Override
  public JsonValue.Obj config(
      SequencedMap<String, LayerShape> layers, SequencedCollection<String> plain) {
    LayerShape common =
        new LayerShape(
            mostCommon(layers, LayerShape::bits),
            mostCommon(layers, LayerShape::groupSize),
            layers.values().stream().allMatch(LayerShape::inOrder),
            layers.values().stream().allMatch(LayerShape::symmetric));
    SequencedMap<String, Object> dynamic = new LinkedHashMap<>();
    boolean head = false;
    for (Map.Entry<String, LayerShape> layer : layers.entrySet()) {
      head |= !IN_BLOCK.matcher(layer.getKey()).matches();
      SequencedMap<String, Object> differing = new LinkedHashMap<>();
      if (layer.getValue().bits() != common.bits()) {
        differing.put("bits", layer.getValue().bits());
      }
      if (layer.getValue().groupSize() != common.groupSize()) {
        differing.put("group_size", layer.getValue().groupSize());
      }
      if (!differing.isEmpty()) {
        dynamic.put("+:" + expression(layer.getKey()), differing);
      }
    }
    for (String module : plain) {
      if (IN_BLOCK.matcher(module).matches()) {
        dynamic.put("-:" + expression(module), Map.of());
      }
    }
    SequencedMap<String, Object> config = new LinkedHashMap<>();
    config.put("quant_method", "gptq");
    config.put("checkpoint_format", name());
    config.put("bits", common.bits());
    config.put("group_size", common.groupSize());
    config.put("desc_act", !common.inOrder());
    config.put("sym", common.symmetric());
    config.put("lm_head", head);
    config.put("pack_dtype", "int32");
    if (!dynamic.isEmpty()) {
      config.put("dynamic", dynamic);
    }
    config.put("meta", Map.of("quantizer", List.of("quant4j")));
    return (JsonValue.Obj) JsonValue.of(config);
  }

  /** Matches one name. */
  private static String expression(String module) {
    return "^" + module.replace(".", "\\.") + "$";
  }

  private static int mostCommon(
      SequencedMap<String, LayerShape> layers, Function<LayerShape, Integer> property) {
    Map<Integer, Integer> counts = new LinkedHashMap<>();
    layers.values().forEach(layer -> counts.merge(property.apply(layer), 1, Integer::sum));
    List<Integer> values = new ArrayList<>(counts.keySet());
    int best = values.getFirst();
    for (int value : values) {
      best = counts.getOrDefault(value, 0) > counts.getOrDefault(best, 0) ? value : best;
    }
    return best;
  }
}
