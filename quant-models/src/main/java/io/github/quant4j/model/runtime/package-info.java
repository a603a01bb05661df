// SPDX-License-Identifier: Apache-2.0

/**
 * What runs models of all families: blocks with their weights, attention, rotary embeddings, the
 * engine that decodes.
 */
@NullMarked
package io.github.quant4j.model.runtime;

import org.jspecify.annotations.NullMarked;
