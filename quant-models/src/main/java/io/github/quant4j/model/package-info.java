// SPDX-License-Identifier: Apache-2.0
/** Language models and speech encoders of all families: opened, run, checked. */
@NullMarked
package io.github.quant4j.model;

import org.jspecify.annotations.NullMarked;
