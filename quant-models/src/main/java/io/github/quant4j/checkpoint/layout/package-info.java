// SPDX-License-Identifier: Apache-2.0

/** Integer weights in the layouts of other libraries: GPTQ and AWQ. */
@NullMarked
package io.github.quant4j.checkpoint.layout;

import org.jspecify.annotations.NullMarked;
