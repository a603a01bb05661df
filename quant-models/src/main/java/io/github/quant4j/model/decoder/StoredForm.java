// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.decoder;

/**
 * How a checkpoint stores the weights of sites, where that is not {@code [out, in]} in a tensor of
 * the site's name.
 *
 * @param transposed whether the sites of blocks are stored as {@code [in, out]} (GPT-2)
 * @param experts how the weights of experts are stored
 */
public record StoredForm(boolean transposed, Experts experts) {

  /** How the weights of experts are stored. */
  public enum Experts {
    /** Each in tensors of its own. */
    SINGLE,
    /** All in one tensor, {@code [experts, out, in]}. */
    STACKED,
    /** All in one tensor, {@code [experts, in, out]}. */
    STACKED_TRANSPOSED
  }

  /** Every weight in a tensor of its own, {@code [out, in]}. */
  public static final StoredForm PLAIN = new StoredForm(false, Experts.SINGLE);

  boolean isPlain() {
    return !transposed && experts == Experts.SINGLE;
  }
}
