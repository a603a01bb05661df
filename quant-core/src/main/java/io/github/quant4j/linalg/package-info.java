// SPDX-License-Identifier: Apache-2.0
/** Dense linear algebra in single precision, behind an interface that kernels can implement. */
@NullMarked
package io.github.quant4j.linalg;

import org.jspecify.annotations.NullMarked;
