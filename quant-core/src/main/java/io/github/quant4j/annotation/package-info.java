// SPDX-License-Identifier: Apache-2.0
/** What users may rely on: marks of types and packages that say when they may change. */
@Expert
@NullMarked
package io.github.quant4j.annotation;

import org.jspecify.annotations.NullMarked;
