// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernel;

import io.github.quant4j.activation.ActivationQuantizer;
import io.github.quant4j.matrix.BlockMatrix;
import io.github.quant4j.matrix.QuantizedMatrix;
import io.github.quant4j.matrix.SparseMatrix;
import io.github.quant4j.matrix.TrellisMatrix;
import io.github.quant4j.matrix.VectorMatrix;
import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.tensor.Tensor;
import java.util.List;
import java.util.Optional;

/**
 * A source of kernels, found with {@link java.util.ServiceLoader}.
 *
 * <p>A provider answers only for what it does well; {@link Kernels} asks the available ones in the
 * order of their priority and ends with the scalar one, which can do everything.
 */
public interface KernelProvider {

  /**
   * Whether a provider can run here.
   *
   * @param available whether it can
   * @param reason why, or why not and what would change it; one line
   */
  record Availability(boolean available, String reason) {}

  /**
   * The provider's name.
   *
   * @return for example {@code vector}
   */
  String name();

  /**
   * The rank among providers.
   *
   * @return higher is asked first; the scalar provider has 0
   */
  int priority();

  /**
   * Whether the provider can run here. Must not throw, whatever the machine.
   *
   * @return the answer with its reason
   */
  Availability availability();

  /**
   * A kernel for float activations.
   *
   * @param weights the weights, {@code [out, in]}
   * @param options threads and scratch memory
   * @return the kernel, or empty if there is no good one
   */
  Optional<LinearKernel> forMatrix(QuantizedMatrix weights, KernelOptions options);

  /**
   * A kernel that quantizes its input.
   *
   * @param weights the weights, {@code [out, in]}
   * @param activations how the input is quantized
   * @param options threads and scratch memory
   * @return the kernel, or empty if there is no good one
   */
  Optional<LinearKernel> forMatrix(
      QuantizedMatrix weights, ActivationQuantizer activations, KernelOptions options);

  /**
   * A kernel for full-precision weights.
   *
   * @param weights the weights, {@code [out, in]}; kept, not copied, unless the kernel repacks
   * @param options threads and scratch memory
   * @return the kernel, or empty if there is no good one
   */
  Optional<LinearKernel> forMatrix(FloatMatrix weights, KernelOptions options);

  /**
   * A kernel for full-precision weights that stay where they are, for example in a mapped file.
   *
   * @param weights the weights, {@code [out, in]}, of any real element type; kept, not copied
   * @param options threads and scratch memory
   * @return the kernel, or empty if there is no good one
   */
  default Optional<LinearKernel> forTensor(Tensor weights, KernelOptions options) {
    return Optional.empty();
  }

  /**
   * A kernel for a mostly empty matrix.
   *
   * @param weights the weights, {@code [out, in]}
   * @param options threads and scratch memory
   * @return the kernel, or empty if there is no good one
   */
  default Optional<LinearKernel> forSparse(SparseMatrix weights, KernelOptions options) {
    return Optional.empty();
  }

  /**
   * A kernel for trellis-coded weights and float activations.
   *
   * @param weights the weights, {@code [out, in]}
   * @param options threads and scratch memory
   * @return the kernel, or empty if there is no good one
   */
  default Optional<LinearKernel> forTrellis(TrellisMatrix weights, KernelOptions options) {
    return Optional.empty();
  }

  /**
   * A kernel for trellis-coded weights that quantizes its input.
   *
   * @param weights the weights, {@code [out, in]}
   * @param activations how the input is quantized
   * @param options threads and scratch memory
   * @return the kernel, which computes what {@link TrellisArithmetic} says where there is one for
   *     the pair; or empty if there is no good one
   */
  default Optional<LinearKernel> forTrellis(
      TrellisMatrix weights, ActivationQuantizer activations, KernelOptions options) {
    return Optional.empty();
  }

  /**
   * A kernel for vector-quantized weights and float activations.
   *
   * @param weights the weights, {@code [out, in]}
   * @param options threads and scratch memory
   * @return the kernel, or empty if there is no good one
   */
  default Optional<LinearKernel> forVectors(VectorMatrix weights, KernelOptions options) {
    return Optional.empty();
  }

  /**
   * A kernel for weights in blocks of ggml and float activations.
   *
   * @param weights the weights, {@code [out, in]}
   * @param options threads and scratch memory
   * @return the kernel, or empty if there is no good one
   */
  default Optional<LinearKernel> forBlocks(BlockMatrix weights, KernelOptions options) {
    return Optional.empty();
  }

  /**
   * The layouts that the provider serves on this machine.
   *
   * @return their names, see {@link PackedMatrix#layout()}
   */
  default List<String> packedLayouts() {
    return List.of();
  }

  /**
   * Packs weights as the kernel of {@link #forMatrix(QuantizedMatrix, KernelOptions)} reads them.
   *
   * @param weights the weights, {@code [out, in]}
   * @param options threads
   * @return the packed weights, in memory off the heap that is freed when nothing refers to it; or
   *     empty if that kernel has no packed form
   */
  default Optional<PackedMatrix> pack(QuantizedMatrix weights, KernelOptions options) {
    return Optional.empty();
  }

  /**
   * A kernel for packed weights and float activations. Parts off the heap are read where they lie;
   * those in arrays are copied once.
   *
   * @param weights the packed weights, {@code [out, in]}
   * @param options threads and scratch memory
   * @return the kernel, which gives exactly what that of the unpacked weights gives; or empty if
   *     the layout is none of {@link #packedLayouts()}
   * @throws PackedLayoutException if a part or a property is missing, or is not what the layout,
   *     the scheme and the shape ask for
   */
  default Optional<LinearKernel> forPacked(PackedMatrix weights, KernelOptions options) {
    return Optional.empty();
  }

  /**
   * Packs weights as the kernel that quantizes its input reads them.
   *
   * @param weights the weights, {@code [out, in]}
   * @param activations how the input is quantized
   * @param options threads
   * @return the packed weights, in memory off the heap that is freed when nothing refers to it; or
   *     empty if that kernel has no packed form
   */
  default Optional<PackedMatrix> pack(
      QuantizedMatrix weights, ActivationQuantizer activations, KernelOptions options) {
    return Optional.empty();
  }

  /**
   * A kernel for packed weights that quantizes its input.
   *
   * @param weights the packed weights, {@code [out, in]}
   * @param activations how the input is quantized, as it was when the weights were packed
   * @param options threads and scratch memory
   * @return the kernel, which gives exactly what that of the unpacked weights gives; or empty if
   *     the layout is none of {@link #packedLayouts()}
   * @throws PackedLayoutException if a part or a property is missing, or is not what the layout,
   *     the scheme, the shape and the activations ask for
   */
  default Optional<LinearKernel> forPacked(
      PackedMatrix weights, ActivationQuantizer activations, KernelOptions options) {
    return Optional.empty();
  }

  /**
   * Kernels are about to be warmed up. A provider whose kernels begin with code that is cheap to
   * run a few times goes over to what is fast in the long run. Results must not depend on it.
   */
  default void prepareForWarmUp() {}
}
