// SPDX-License-Identifier: Apache-2.0
/** A small strict JSON reader and writer, for headers and configurations. Not API. */
@NullMarked
package io.github.quant4j.json;

import org.jspecify.annotations.NullMarked;
