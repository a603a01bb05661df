// SPDX-License-Identifier: Apache-2.0
/**
 * From recorded speech to the spectrograms that speech models take: WAV files, resampling, segments
 * as long as an encoder takes them, log-mel spectrograms.
 */
@Expert
@NullMarked
package io.github.quant4j.speech;

import io.github.quant4j.annotation.Expert;
import org.jspecify.annotations.NullMarked;
