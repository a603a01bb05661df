// SPDX-License-Identifier: Apache-2.0
/** Reading the small words of recipes, and helping with misspelt ones. */
@NullMarked
package io.github.quant4j.wording;

import org.jspecify.annotations.NullMarked;
