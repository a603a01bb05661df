// SPDX-License-Identifier: Apache-2.0
/** Checkpoints of AutoRound, which has the layouts of GPTQ and AWQ under a config of its own. */
@NullMarked
package io.github.quant4j.io.quantized.autoround;

import org.jspecify.annotations.NullMarked;
