// SPDX-License-Identifier: Apache-2.0
/** Pictures and pages of quantizations, studies and layers. */
@Expert
@NullMarked
package io.github.quant4j.report;

import io.github.quant4j.annotation.Expert;
import org.jspecify.annotations.NullMarked;
