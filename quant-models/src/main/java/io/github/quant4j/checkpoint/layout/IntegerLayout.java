// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.checkpoint.layout;

import io.github.quant4j.json.JsonValue;
import io.github.quant4j.tensor.Tensor;
import java.util.Collection;
import java.util.SequencedCollection;
import java.util.SequencedMap;

/** How a library stores integer weights, and what it wants to be told of them. */
public interface IntegerLayout {

  /**
   * The layout's name.
   *
   * @return for example {@code gptq}
   */
  String name();

  /**
   * The layout for the layers of one model, where one size of groups must do for all of them.
   *
   * @param groupSizes those that the layers have, each once
   * @return this layout if each layer may have its own
   */
  default IntegerLayout forGroups(Collection<Integer> groupSizes) {
    return this;
  }

  /**
   * The same weights as the layout has them: with codes of a width that it has.
   *
   * @param weights the weights
   * @return the weights, equal to those given
   * @throws InexactException if the layout cannot hold them
   */
  IntegerWeights fitted(IntegerWeights weights) throws InexactException;

  /**
   * Weights near to those given that the layout can hold, with the same codes or the nearest.
   *
   * @param weights the weights
   * @return the changed weights
   * @throws InexactException if weights of that shape, width or grouping have no place in it
   */
  IntegerWeights nearest(IntegerWeights weights) throws InexactException;

  /**
   * The scheme in which dense weights are quantized for this layout.
   *
   * @param rows outputs
   * @param columns inputs
   * @param bits wanted
   * @param groupSize wanted
   * @return a scheme that {@link #nearest} takes
   * @throws InexactException if weights of that shape have no place in it
   */
  String scheme(int rows, int columns, int bits, int groupSize) throws InexactException;

  /**
   * The tensors of a layer.
   *
   * @param weights weights as {@link #fitted} or {@link #nearest} makes them
   * @return the tensors by the last part of their name
   */
  SequencedMap<String, Tensor> tensors(IntegerWeights weights);

  /**
   * What the model's configuration says.
   *
   * @param layers the weights of each layer, without their codes
   * @param plain the linear layers that are not quantized
   * @return the member {@code quantization_config}
   */
  JsonValue.Obj config(SequencedMap<String, LayerShape> layers, SequencedCollection<String> plain);
}
