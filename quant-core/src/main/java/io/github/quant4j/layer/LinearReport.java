// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.layer;

import io.github.quant4j.annotation.Stable;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;
import java.util.stream.Stream;

/**
 * How well one layer was quantized.
 *
 * <p>Where a recipe rounds towards other weights T than the layer's own W ({@code retarget}),
 * {@code error}, {@code passErrors} and {@code weightSqnr} are those of what was made against T, on
 * the quantized input: the noise of rounding. {@code sampleError} on held-out tokens is then
 * against the output of W on the input in full precision, and the residual stream's error besides
 * if T makes up for it: what remains of all quantization so far. A note gives the strength.
 *
 * @param isOutputError whether errors are those of the output, {@code tr(E H E^T) / tr(W H W^T)};
 *     if the second moment is not known they are those of the weights, {@code |E|^2 / |W|^2}
 * @param nearestError relative error of nearest rounding to the recipe's format, without
 *     transforms, searches and compensations; NaN if the recipe has no such format
 * @param error relative error of what the recipe made
 * @param passErrors relative error after each pass of the decomposition
 * @param weightSqnr signal to quantization noise of the weights, in decibels; infinite if exact
 * @param sampleError relative error of the output on at most 256 tokens, with quantized activations
 *     and the corrected bias: on those held out if there are any, else on the sample; empty if
 *     there is neither
 * @param isSampleHeldOut whether those tokens were held out from all that the layer was fitted to
 * @param bitsPerWeight effective width: everything stored by the number of weights
 * @param transformOperations multiply-adds for each token of the transform, if it is not folded
 * @param tokens calibration tokens that the statistics have seen
 * @param skippedTokens tokens that were left out as not finite
 * @param deadChannels input channels that were always zero
 * @param notes what happened on the way: damping, fallbacks
 */
@Stable
public record LinearReport(
    boolean isOutputError,
    double nearestError,
    double error,
    List<Double> passErrors,
    double weightSqnr,
    OptionalDouble sampleError,
    boolean isSampleHeldOut,
    double bitsPerWeight,
    long transformOperations,
    long tokens,
    long skippedTokens,
    int deadChannels,
    List<String> notes) {

  /** Copies the lists. */
  public LinearReport {
    passErrors = List.copyOf(passErrors);
    notes = List.copyOf(notes);
  }

  /**
   * The same with a further note.
   *
   * @param note what happened besides
   * @return the changed report
   */
  public LinearReport withNote(String note) {
    return new LinearReport(
        isOutputError,
        nearestError,
        error,
        passErrors,
        weightSqnr,
        sampleError,
        isSampleHeldOut,
        bitsPerWeight,
        transformOperations,
        tokens,
        skippedTokens,
        deadChannels,
        Stream.concat(notes.stream(), Stream.of(note)).toList());
  }

  /** One line for logs. */
  @Override
  public String toString() {
    return String.format(
        Locale.ROOT,
        "%s error %.4g (nearest %.4g), weight SQNR %.2f dB, %.3f bits per weight%s%s",
        isOutputError ? "output" : "weight",
        error,
        nearestError,
        weightSqnr,
        bitsPerWeight,
        sampleError.isPresent()
            ? String.format(
                Locale.ROOT,
                ", on %s %.4g",
                isSampleHeldOut ? "held-out tokens" : "the sample",
                sampleError.getAsDouble())
            : "",
        notes.isEmpty() ? "" : "; " + String.join("; ", notes));
  }
}
