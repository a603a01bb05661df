// SPDX-License-Identifier: Apache-2.0
/**
 * What calibration needs to know of a network, whatever its kind: blocks that run one after the
 * other, the linear layers inside them (sites), what feeds what, and the hidden states in between.
 *
 * <p>A {@link io.github.quant4j.graph.BlockModel} describes the whole; opening one of its {@link
 * io.github.quant4j.graph.Block}s brings that block's weights into memory, and nothing else. A
 * {@link io.github.quant4j.graph.BlockPass} takes a batch of hidden states through an open block,
 * one {@link io.github.quant4j.graph.SiteGroup} at a time.
 */
@Expert
@NullMarked
package io.github.quant4j.graph;

import io.github.quant4j.annotation.Expert;
import org.jspecify.annotations.NullMarked;
