// SPDX-License-Identifier: Apache-2.0
/** Figures and tables as a page of HTML that needs nothing else. */
@Expert
@NullMarked
package io.github.quant4j.report.page;

import io.github.quant4j.annotation.Expert;
import org.jspecify.annotations.NullMarked;
