// SPDX-License-Identifier: Apache-2.0

/** What the configurations of decoder families have in common, and where they differ. */
@NullMarked
package io.github.quant4j.model.family;

import org.jspecify.annotations.NullMarked;
