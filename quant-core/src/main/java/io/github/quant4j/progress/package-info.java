// SPDX-License-Identifier: Apache-2.0
/** What long work has in common: telling how far it is, and being told to stop. */
@NullMarked
package io.github.quant4j.progress;

import org.jspecify.annotations.NullMarked;
