// SPDX-License-Identifier: Apache-2.0
/**
 * The command line {@code quant}: one class for each command, which reads options, calls the
 * library and prints what it says. Results go to standard output, everything else to standard
 * error.
 */
@NullMarked
package io.github.quant4j.examples.cli;

import org.jspecify.annotations.NullMarked;
