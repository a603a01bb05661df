// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.pipeline;

import io.github.quant4j.graph.BlockModel;
import io.github.quant4j.graph.HiddenStates;
import java.util.List;
import java.util.Locale;
import java.util.zip.CRC32C;

/**
 * A number that changes with the inputs of a network. What an input is only the network knows, so
 * it is taken over their first states.
 *
 * @param inputs how many there are
 * @param tokens how many tokens they have in all
 * @param checksum CRC-32C of the states
 */
public record InputSignature(int inputs, long tokens, long checksum) {

  /**
   * The signature of some inputs.
   *
   * @param model who reads them
   * @param inputs the inputs
   * @param <I> one input
   * @return their number and what they are
   */
  public static <I> InputSignature of(BlockModel<I> model, List<? extends I> inputs) {
    CRC32C checksum = new CRC32C();
    long tokens = 0;
    for (I input : inputs) {
      HiddenStates states = model.embed(List.of(input));
      tokens = Math.addExact(tokens, states.layout().tokens());
      for (float value : states.values().data()) {
        int bits = Float.floatToIntBits(value);
        checksum.update(bits);
        checksum.update(bits >>> 8);
        checksum.update(bits >>> 16);
        checksum.update(bits >>> 24);
      }
    }
    return new InputSignature(inputs.size(), tokens, checksum.getValue());
  }

  /** One line, which is compared when a run is resumed. */
  @Override
  public String toString() {
    return String.format(
        Locale.ROOT, "%d inputs of %d tokens in all, checksum %08x", inputs, tokens, checksum);
  }
}
