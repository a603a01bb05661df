// SPDX-License-Identifier: Apache-2.0
/** Dense linear algebra in single precision, behind an interface that kernels can implement. */
@Expert
@NullMarked
package io.github.quant4j.linalg;

import io.github.quant4j.annotation.Expert;
import org.jspecify.annotations.NullMarked;
