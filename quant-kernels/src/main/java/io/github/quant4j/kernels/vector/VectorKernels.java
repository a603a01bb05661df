// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector;

import io.github.quant4j.activation.ActivationQuantizer;
import io.github.quant4j.kernel.FakeQuantizedInputKernel;
import io.github.quant4j.kernel.IntegerArithmetic;
import io.github.quant4j.kernel.KernelOptions;
import io.github.quant4j.kernel.KernelProvider.Availability;
import io.github.quant4j.kernel.LinearKernel;
import io.github.quant4j.kernel.PackedLayoutException;
import io.github.quant4j.kernel.PackedMatrix;
import io.github.quant4j.kernel.TrellisArithmetic;
import io.github.quant4j.kernels.vector.dense.DenseArrayKernel;
import io.github.quant4j.kernels.vector.dense.DenseSegmentKernel;
import io.github.quant4j.kernels.vector.dense.VectorLinearAlgebra;
import io.github.quant4j.kernels.vector.integer.IntegerKernels;
import io.github.quant4j.kernels.vector.integer.PackedIntegers;
import io.github.quant4j.kernels.vector.integer.QuantizedInputFamily;
import io.github.quant4j.kernels.vector.integer.TrellisIntegerKernel;
import io.github.quant4j.kernels.vector.machine.Lanes;
import io.github.quant4j.kernels.vector.sparse.SparseKernel;
import io.github.quant4j.kernels.vector.trellis.TrellisFloatKernel;
import io.github.quant4j.kernels.vector.weightonly.WeightOnlyKernels;
import io.github.quant4j.linalg.LinearAlgebra;
import io.github.quant4j.matrix.BlockMatrix;
import io.github.quant4j.matrix.QuantizedMatrix;
import io.github.quant4j.matrix.SparseMatrix;
import io.github.quant4j.matrix.TrellisMatrix;
import io.github.quant4j.matrix.VectorMatrix;
import io.github.quant4j.parallel.ScratchPool;
import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.tensor.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** The families of kernels behind the provider; loaded only where the Vector API is present. */
final class VectorKernels {
  /** Asked in this order. */
  private static final List<QuantizedInputFamily> QUANTIZED_INPUT = List.of(IntegerKernels::create);

  /** Elements of a matrix for which scalar code is as good, and warm at once. */
  private static final long TINY = 1024;

  private VectorKernels() {}

  private static boolean isTiny(long rows, long columns) {
    return rows * columns < TINY || columns < Lanes.FLOATS;
  }

  static Availability availability() {
    return Lanes.usable()
        ? new Availability(true, Lanes.describe())
        : new Availability(false, "no kernels for vectors of " + Lanes.BITS + " bits");
  }

  static Optional<LinearKernel> forMatrix(QuantizedMatrix weights, KernelOptions options) {
    return isTiny(weights.rows(), weights.columns())
        ? Optional.empty()
        : Optional.of(WeightOnlyKernels.create(weights, options));
  }

  static Optional<LinearKernel> forVectors(VectorMatrix weights, KernelOptions options) {
    return isTiny(weights.rows(), weights.columns())
        ? Optional.empty()
        : Optional.of(WeightOnlyKernels.create(weights, options));
  }

  static Optional<LinearKernel> forBlocks(BlockMatrix weights, KernelOptions options) {
    return isTiny(weights.rows(), weights.columns())
        ? Optional.empty()
        : Optional.of(WeightOnlyKernels.create(weights, options));
  }

  static List<String> packedLayouts() {
    return Stream.of(WeightOnlyKernels.packedLayouts(), PackedIntegers.packedLayouts())
        .flatMap(List::stream)
        .toList();
  }

  static Optional<PackedMatrix> pack(QuantizedMatrix weights, KernelOptions options) {
    return isTiny(weights.rows(), weights.columns())
        ? Optional.empty()
        : WeightOnlyKernels.pack(weights, options);
  }

  static Optional<LinearKernel> forPacked(PackedMatrix weights, KernelOptions options) {
    if (PackedIntegers.packedLayouts().contains(weights.layout())) {
      throw new PackedLayoutException(
          weights, "it was packed for quantized activations, which must be named");
    }
    return WeightOnlyKernels.forPacked(weights, options);
  }

  static Optional<PackedMatrix> pack(
      QuantizedMatrix weights, ActivationQuantizer activations, KernelOptions options) {
    return IntegerArithmetic.of(weights, activations).isPresent()
        ? PackedIntegers.pack(weights, activations, options)
        : pack(weights, options);
  }

  static Optional<LinearKernel> forPacked(
      PackedMatrix weights, ActivationQuantizer activations, KernelOptions options) {
    Optional<LinearKernel> integers = PackedIntegers.forPacked(weights, activations, options);
    return integers.isPresent()
        ? integers
        : forPacked(weights, options)
            .map(inner -> new FakeQuantizedInputKernel(activations, inner, options.scratch()));
  }

  static Optional<LinearKernel> forMatrix(
      QuantizedMatrix weights, ActivationQuantizer activations, KernelOptions options) {
    for (QuantizedInputFamily family : QUANTIZED_INPUT) {
      Optional<LinearKernel> kernel = family.create(weights, activations, options);
      if (kernel.isPresent()) {
        return kernel;
      }
    }
    // Integer pairs are defined by their integer sums; all others by the rounded input.
    if (IntegerArithmetic.of(weights, activations).isPresent()) {
      return Optional.empty();
    }
    return forMatrix(weights, options)
        .map(inner -> new FakeQuantizedInputKernel(activations, inner, options.scratch()));
  }

  static Optional<LinearKernel> forMatrix(FloatMatrix weights, KernelOptions options) {
    return isTiny(weights.rows(), weights.columns())
        ? Optional.empty()
        : Optional.of(new DenseArrayKernel(weights, options));
  }

  static Optional<LinearKernel> forTensor(Tensor weights, KernelOptions options) {
    int rows = Math.toIntExact(weights.shape().dimension(0));
    int columns = Math.toIntExact(weights.shape().dimension(1));
    if (isTiny(rows, columns) || !DenseSegmentKernel.supports(weights.dtype())) {
      return Optional.empty();
    }
    if (weights.data().isNative()) {
      return Optional.of(new DenseSegmentKernel(weights, options));
    }
    if (weights.data().heapBase().orElse(null) instanceof float[] array
        && array.length == (long) rows * columns) {
      return Optional.of(new DenseArrayKernel(FloatMatrix.wrap(rows, columns, array), options));
    }
    // Vector code that has seen segments of both kinds is slower for each.
    MemorySegment copy = Arena.ofAuto().allocate(weights.byteSize(), Lanes.BITS / Byte.SIZE);
    copy.copyFrom(weights.data());
    return Optional.of(
        new DenseSegmentKernel(
            Tensor.of(weights.name(), weights.dtype(), weights.shape(), copy), options));
  }

  static Optional<LinearKernel> forSparse(SparseMatrix weights, KernelOptions options) {
    return weights.count() < TINY
        ? Optional.empty()
        : Optional.of(new SparseKernel(weights, options));
  }

  static Optional<LinearKernel> forTrellis(TrellisMatrix weights, KernelOptions options) {
    return isTiny(weights.rows(), weights.columns())
        ? Optional.empty()
        : Optional.of(new TrellisFloatKernel(weights, options));
  }

  static Optional<LinearKernel> forTrellis(
      TrellisMatrix weights, ActivationQuantizer activations, KernelOptions options) {
    Optional<LinearKernel> integers = TrellisIntegerKernel.create(weights, activations, options);
    // Integer pairs are defined by their integer sums; all others by the rounded input.
    if (integers.isPresent() || TrellisArithmetic.of(weights, activations).isPresent()) {
      return integers;
    }
    return forTrellis(weights, options)
        .map(inner -> new FakeQuantizedInputKernel(activations, inner, options.scratch()));
  }

  static LinearAlgebra linearAlgebra(ScratchPool scratch) {
    return new VectorLinearAlgebra(scratch);
  }
}
