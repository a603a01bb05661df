// SPDX-License-Identifier: Apache-2.0
/** Language models and speech encoders of all families: opened, run, checked. */
@Expert
@NullMarked
package io.github.quant4j.model;

import io.github.quant4j.annotation.Expert;
import org.jspecify.annotations.NullMarked;
