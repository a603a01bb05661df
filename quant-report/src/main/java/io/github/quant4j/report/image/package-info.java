// SPDX-License-Identifier: Apache-2.0
/** Figures as images for documents. */
@Expert
@NullMarked
package io.github.quant4j.report.image;

import io.github.quant4j.annotation.Expert;
import org.jspecify.annotations.NullMarked;
