// SPDX-License-Identifier: Apache-2.0

/** The encoder and the decoder of Whisper. */
@NullMarked
package io.github.quant4j.model.whisper;

import org.jspecify.annotations.NullMarked;
