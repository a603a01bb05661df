// SPDX-License-Identifier: Apache-2.0
/** What pictures show, without how it is drawn. */
@Expert
@NullMarked
package io.github.quant4j.report.figure;

import io.github.quant4j.annotation.Expert;
import org.jspecify.annotations.NullMarked;
