// SPDX-License-Identifier: Apache-2.0

/** Vector API kernels for packed low-bit matrices. */
module quant4j.kernels {
  requires static jdk.management;
  requires static org.jspecify;
  requires static jdk.incubator.vector;
  requires org.slf4j;
  requires quant4j.core;

  provides io.github.quant4j.kernel.KernelProvider with
      io.github.quant4j.kernels.vector.VectorKernelProvider;
  provides io.github.quant4j.linalg.LinearAlgebraProvider with
      io.github.quant4j.kernels.vector.VectorLinearAlgebraProvider;
}
