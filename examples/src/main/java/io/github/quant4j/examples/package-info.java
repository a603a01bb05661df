// SPDX-License-Identifier: Apache-2.0
/** Small programs that show the library at work. */
@NullMarked
package io.github.quant4j.examples;

import org.jspecify.annotations.NullMarked;
