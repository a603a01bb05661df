// SPDX-License-Identifier: Apache-2.0
/** Normalizers: what happens to a text before it is split. Not API. */
@NullMarked
package io.github.quant4j.text.normalizer;

import org.jspecify.annotations.NullMarked;
