// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.decoder;

import io.github.quant4j.graph.LinearSite;
import org.jspecify.annotations.Nullable;

/**
 * How the residual stream becomes logits: {@code cap(factor * head(projection(norm(h))))}.
 *
 * @param norm the final norm; null if there is none
 * @param projection the tensor {@code [width, hidden]} before the head; null if there is none
 * @param site the head
 * @param factor what logits are multiplied by
 * @param cap if not 0, logits become {@code cap tanh(logit / cap)}
 */
public record HeadShape(
    @Nullable NormShape norm,
    @Nullable String projection,
    LinearSite site,
    double factor,
    double cap) {}
