// SPDX-License-Identifier: Apache-2.0
/** Post-processors: the special tokens around a text. Not API. */
@NullMarked
package io.github.quant4j.text.postprocessor;

import org.jspecify.annotations.NullMarked;
