// SPDX-License-Identifier: Apache-2.0

/** Quantizes a layer of a model. */
module io.github.quant4j.examples.quantize {
  requires jdk.incubator.vector;
  requires quant4j.calib;
  // Found through ServiceLoader, so jlink would not see it.
  requires quant4j.kernels;
}
