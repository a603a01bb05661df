// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.metric;

/** Where in a network a product is, which decides whether a {@link CountingPolicy} counts it. */
public enum ProductRole {
  /** A layer within the network. */
  LAYER,
  /** The first layer of a convolutional network, or the convolutions before the blocks. */
  FIRST_LAYER,
  /** The last layer, which gives logits. */
  HEAD,
  /** Rows of a table that are looked up: no multiplications, but traffic. */
  EMBEDDING,
  /** The products of queries with keys, and of probabilities with values. */
  ATTENTION
}
