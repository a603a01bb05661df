// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.checkpoint;

/**
 * What became of a layer that was written in another form.
 *
 * @param layer the name of its module
 * @param outcome what was done
 * @param detail the form it has now, and why if that is not the one it had; for a layer that was
 *     refused, the reason
 */
public record LayerExport(String layer, Outcome outcome, String detail) {

  /** What can become of a layer. */
  public enum Outcome {
    /** Not quantized before or after; its weights are the same. */
    COPIED("copied"),
    /** The same weights and input, in other words. */
    CONVERTED("converted exactly"),
    /** Was in full precision, and is quantized now. */
    QUANTIZED("quantized"),
    /** Was quantized, and is quantized differently now. */
    REQUANTIZED("quantized again"),
    /** Was quantized, and is stored in full precision now. */
    DEQUANTIZED("stored in full precision"),
    /** Cannot be written in this form. */
    REFUSED("refused");

    private final String label;

    Outcome(String label) {
      this.label = label;
    }

    /**
     * What people call it.
     *
     * @return for example {@code converted exactly}
     */
    public String label() {
      return label;
    }
  }
}
