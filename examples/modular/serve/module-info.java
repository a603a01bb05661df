// SPDX-License-Identifier: Apache-2.0

/** Serves a layer of a network of its own; needs no code that makes quantized weights. */
module io.github.quant4j.examples.serve {
  requires jdk.incubator.vector;
  requires quant4j.core;
  // Found through ServiceLoader, so jlink would not see it.
  requires quant4j.kernels;
}
