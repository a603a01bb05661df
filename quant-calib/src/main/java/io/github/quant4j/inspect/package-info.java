// SPDX-License-Identifier: Apache-2.0
/** What is in weight files: names, shapes, types, sizes, and the distribution of the values. */
@Expert
@NullMarked
package io.github.quant4j.inspect;

import io.github.quant4j.annotation.Expert;
import org.jspecify.annotations.NullMarked;
