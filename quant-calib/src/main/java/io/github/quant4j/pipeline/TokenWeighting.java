// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.pipeline;

import io.github.quant4j.graph.SequenceLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.zip.CRC32C;

/**
 * How much each calibration token counts in the statistics, before recipes weigh them. A weight of
 * 0 leaves a token out, as a padding mask does.
 */
public sealed interface TokenWeighting {

  /** All alike. */
  record Uniform() implements TokenWeighting {
    @Override
    public String toString() {
      return "uniform";
    }
  }

  /**
   * Weights that the caller gives, the same in all blocks.
   *
   * @param weights for each calibration input the weights of its tokens, finite, not negative, not
   *     all 0; not to be changed afterwards
   */
  record Given(List<float[]> weights) implements TokenWeighting {

    /**
     * Copies the list.
     *
     * @throws IllegalArgumentException if a weight is negative or not finite, or all are 0
     */
    public Given {
      weights = List.copyOf(weights);
      boolean some = false;
      for (int i = 0; i < weights.size(); i++) {
        for (float weight : weights.get(i)) {
          if (!(weight >= 0) || weight == Float.POSITIVE_INFINITY) {
            throw new IllegalArgumentException(
                "weights: " + weight + " for input " + i + ", expected finite and not negative");
          }
          some |= weight > 0;
        }
      }
      if (!some) {
        throw new IllegalArgumentException("weights: all 0, expected a token that counts");
      }
    }

    /**
     * The weights batch by batch.
     *
     * @throws IllegalArgumentException if there is not one weight for each token
     */
    List<float[]> weights(List<SequenceLayout> batches) {
      List<float[]> result = new ArrayList<>();
      int input = 0;
      for (SequenceLayout batch : batches) {
        float[] all = new float[batch.tokens()];
        for (int s = 0; s < batch.count(); s++, input++) {
          int length = batch.length(s);
          int given = input < weights.size() ? weights.get(input).length : 0;
          if (given != length) {
            throw new IllegalArgumentException(
                "weights: " + given + " for input " + input + ", expected " + length);
          }
          System.arraycopy(weights.get(input), 0, all, batch.start(s), length);
        }
        result.add(all);
      }
      if (input < weights.size()) {
        throw new IllegalArgumentException(
            "weights: for " + weights.size() + " inputs, expected for " + input);
      }
      return result;
    }

    @Override
    public String toString() {
      CRC32C checksum = new CRC32C();
      for (float[] input : weights) {
        for (float weight : input) {
          int bits = Float.floatToIntBits(weight);
          checksum.update(bits);
          checksum.update(bits >>> 8);
          checksum.update(bits >>> 16);
          checksum.update(bits >>> 24);
        }
        checksum.update(0xff);
      }
      return String.format(
          Locale.ROOT, "given for %d inputs, checksum %08x", weights.size(), checksum.getValue());
    }
  }

  /**
   * All tokens alike.
   *
   * @return the weighting
   */
  static TokenWeighting uniform() {
    return new Uniform();
  }
}
