// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.graph;

import java.util.List;

/**
 * Everything that writes to and reads from the residual stream, for transforms of the stream as a
 * whole: a rotation {@code R} is exact if the embeddings and the writers' outputs are multiplied by
 * {@code R}, the readers' inputs by {@code R^-1}, and the norms in between have been made free of
 * weights (SliceGPT, QuaRot: R1). Norms that subtract a mean must have that folded into the writers
 * first.
 *
 * @param width channels of the stream
 * @param embeddings tensors {@code [n, width]} whose rows are added to the stream
 * @param writers sites whose outputs are added to the stream
 * @param readers norms that read the stream; their consumers are the groups whose origin they are
 */
public record ResidualStream(
    int width, List<String> embeddings, List<LinearSite> writers, List<NormSite> readers) {

  /** Copies the lists. */
  public ResidualStream {
    embeddings = List.copyOf(embeddings);
    writers = List.copyOf(writers);
    readers = List.copyOf(readers);
  }
}
