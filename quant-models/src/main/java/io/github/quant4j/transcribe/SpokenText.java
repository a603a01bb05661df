// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.transcribe;

import io.github.quant4j.tensor.FloatMatrix;

/**
 * A text with the speech that it stands for: one input of a decoder that listens.
 *
 * @param features what the encoder makes of the speech, {@code [frames, width]}
 * @param tokens the text, special tokens included; not copied, not to be changed
 */
@SuppressWarnings("ArrayRecordComponent") // a long array that nobody compares
public record SpokenText(FloatMatrix features, int[] tokens) {}
