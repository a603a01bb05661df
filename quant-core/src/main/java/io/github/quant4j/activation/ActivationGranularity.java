// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.activation;

import io.github.quant4j.grammar.Phrase;

/** Which elements of the activations {@code [tokens, in]} share a scale. */
public sealed interface ActivationGranularity {

  /** One scale for the whole tensor, known beforehand (static). */
  record PerTensor() implements ActivationGranularity {
    @Override
    public String toString() {
      return "tensor";
    }
  }

  /** One scale for each input channel, known beforehand (static). */
  record PerChannel() implements ActivationGranularity {
    @Override
    public String toString() {
      return "channel";
    }
  }

  /** One scale for each token, computed as it comes (dynamic). */
  record PerToken() implements ActivationGranularity {
    @Override
    public String toString() {
      return "token";
    }
  }

  /**
   * One scale for each run of consecutive inputs of a token, computed as it comes (dynamic).
   *
   * @param size inputs of a group, at least 2
   */
  record PerGroup(int size) implements ActivationGranularity {
    /**
     * Checks the size.
     *
     * @throws IllegalArgumentException if it is less than 2
     */
    public PerGroup {
      if (size < 2) {
        throw new IllegalArgumentException("group size: " + size + ", expected at least 2");
      }
    }

    @Override
    public String toString() {
      return "g" + size;
    }
  }

  /**
   * One static scale.
   *
   * @return the granularity
   */
  static ActivationGranularity tensor() {
    return new PerTensor();
  }

  /**
   * A static scale for each channel.
   *
   * @return the granularity
   */
  static ActivationGranularity channel() {
    return new PerChannel();
  }

  /**
   * A dynamic scale for each token.
   *
   * @return the granularity
   */
  static ActivationGranularity token() {
    return new PerToken();
  }

  /**
   * A dynamic scale for each run of inputs of a token.
   *
   * @param size inputs of a group, at least 2
   * @return the granularity
   * @throws IllegalArgumentException if the size is less than 2
   */
  static ActivationGranularity group(int size) {
    return new PerGroup(size);
  }

  /**
   * Reads the text form.
   *
   * @param text {@code tensor}, {@code channel}, {@code token} or {@code g<inputs>}
   * @return the granularity
   * @throws IllegalArgumentException if it is none of these
   */
  static ActivationGranularity parse(String text) {
    return ActivationGranularities.STEPS.read(Phrase.of("activation granularity", text));
  }

  /**
   * Whether scales are fixed by calibration.
   *
   * @return true for tensor and channel
   */
  default boolean isStatic() {
    return this instanceof PerTensor || this instanceof PerChannel;
  }
}
