// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.decoder;

import org.jspecify.annotations.Nullable;

/**
 * How tokens become the residual stream: rows of a table, multiplied, plus rows for positions,
 * projected, normalized.
 *
 * @param table the tensor {@code [vocabulary, width]}
 * @param width its columns
 * @param factor what its rows are multiplied by
 * @param positions the tensor with a row for each position; null if there is none
 * @param positionRows its rows
 * @param positionOffset the row of position 0
 * @param projection the tensor {@code [hidden, width]} that makes the stream of embeddings; null if
 *     they are as wide
 * @param norm normalizes the result; null if nothing does
 */
public record EmbeddingShape(
    String table,
    int width,
    double factor,
    @Nullable String positions,
    int positionRows,
    int positionOffset,
    @Nullable String projection,
    @Nullable NormShape norm) {}
