// SPDX-License-Identifier: Apache-2.0
/** Model graphs with their linear sites, and the runtime of the Llama family. */
@NullMarked
package io.github.quant4j.model;

import org.jspecify.annotations.NullMarked;
