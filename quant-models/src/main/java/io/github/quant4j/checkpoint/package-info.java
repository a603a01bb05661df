// SPDX-License-Identifier: Apache-2.0

/** The formats in which models are stored, told apart by what lies there. */
@Expert
@NullMarked
package io.github.quant4j.checkpoint;

import io.github.quant4j.annotation.Expert;
import org.jspecify.annotations.NullMarked;
