// SPDX-License-Identifier: Apache-2.0
/**
 * From recorded speech to the spectrograms that speech models take: WAV files, resampling, segments
 * as long as an encoder takes them, log-mel spectrograms.
 */
@NullMarked
package io.github.quant4j.speech;

import org.jspecify.annotations.NullMarked;
