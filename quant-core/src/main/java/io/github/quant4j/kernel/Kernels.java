// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernel;

import io.github.quant4j.activation.ActivationQuantizer;
import io.github.quant4j.annotation.Stable;
import io.github.quant4j.linalg.LinearAlgebra;
import io.github.quant4j.linalg.LinearAlgebras;
import io.github.quant4j.linalg.ScalarLinearAlgebra;
import io.github.quant4j.linear.QuantizedLinear;
import io.github.quant4j.matrix.BlockMatrix;
import io.github.quant4j.matrix.QuantizedMatrix;
import io.github.quant4j.matrix.SparseMatrix;
import io.github.quant4j.matrix.TrellisMatrix;
import io.github.quant4j.matrix.VectorMatrix;
import io.github.quant4j.parallel.ScratchPool;
import io.github.quant4j.tensor.DType;
import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.tensor.Tensor;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.function.Function;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Picks kernels: the best available provider that has one, the scalar one otherwise.
 *
 * <p>Nothing here fails because of the machine. When the vector kernels are missing, one log line
 * says what to add.
 */
@Stable
public final class Kernels {
  private static final Logger LOG = LoggerFactory.getLogger(Kernels.class);

  private Kernels() {}

  /** Loaded on first use, once; a provider that cannot run is remembered with its reason. */
  private static final class Registry {
    static final Registry INSTANCE = new Registry();

    final List<KernelProvider> usable = new ArrayList<>();
    final StringBuilder description = new StringBuilder();

    Registry() {
      List<KernelProvider> found = new ArrayList<>();
      found.add(new ScalarKernelProvider());
      var providers =
          ServiceLoader.load(KernelProvider.class, Kernels.class.getClassLoader()).iterator();
      while (true) {
        try {
          if (!providers.hasNext()) {
            break;
          }
          found.add(providers.next());
        } catch (ServiceConfigurationError | LinkageError e) {
          LOG.warn("A kernel provider could not be loaded: {}", e.toString());
        }
      }
      found.sort(
          Comparator.comparingInt(KernelProvider::priority)
              .reversed()
              .thenComparing(KernelProvider::name));
      for (KernelProvider provider : found) {
        KernelProvider.Availability availability = provider.availability();
        if (availability.available()) {
          usable.add(provider);
        } else {
          LOG.warn("{} kernels are not used: {}", provider.name(), availability.reason());
        }
        description
            .append(provider.name())
            .append(availability.available() ? ": available, " : ": not available, ")
            .append(availability.reason())
            .append('\n');
      }
      if (found.size() == 1) {
        LOG.warn(
            "Only scalar kernels are present; add the quant-kernels artifact and"
                + " --add-modules jdk.incubator.vector for fast ones");
        description.append("vector: absent, add the quant-kernels artifact\n");
      }
    }
  }

  /**
   * A kernel for quantized weights and float activations, on the calling thread.
   *
   * @param weights the weights, {@code [out, in]}
   * @return the kernel
   */
  public static LinearKernel forMatrix(QuantizedMatrix weights) {
    return forMatrix(weights, KernelOptions.defaults());
  }

  /**
   * A kernel for quantized weights and float activations.
   *
   * @param weights the weights, {@code [out, in]}
   * @param options provider and threads
   * @return the kernel
   * @throws IllegalArgumentException if the options name a provider that is not available
   */
  public static LinearKernel forMatrix(QuantizedMatrix weights, KernelOptions options) {
    return first(options, provider -> provider.forMatrix(weights, options));
  }

  /**
   * A kernel for quantized weights that quantizes its input.
   *
   * @param weights the weights, {@code [out, in]}
   * @param activations how the input is quantized
   * @param options provider and threads
   * @return the kernel
   * @throws IllegalArgumentException if the options name a provider that is not available, or the
   *     activation groups do not divide the input
   */
  public static LinearKernel forMatrix(
      QuantizedMatrix weights, ActivationQuantizer activations, KernelOptions options) {
    activations.runLength(weights.columns());
    return first(options, provider -> provider.forMatrix(weights, activations, options));
  }

  /**
   * A kernel for full-precision weights.
   *
   * @param weights the weights, {@code [out, in]}; not to be changed afterwards
   * @param options provider and threads
   * @return the kernel
   * @throws IllegalArgumentException if the options name a provider that is not available
   */
  public static LinearKernel forMatrix(FloatMatrix weights, KernelOptions options) {
    return first(options, provider -> provider.forMatrix(weights, options));
  }

  /**
   * A kernel for a whole linear layer: all terms of its weights, its bias, and its input quantized
   * as it says.
   *
   * @param linear the layer
   * @param options provider and threads
   * @return the kernel
   * @throws IllegalArgumentException if the options name a provider that is not available
   */
  public static LinearKernel forLinear(QuantizedLinear linear, KernelOptions options) {
    return LinearKernels.of(linear, options);
  }

  /**
   * A kernel for a mostly empty matrix.
   *
   * @param weights the weights, {@code [out, in]}
   * @param options provider and threads
   * @return the kernel
   * @throws IllegalArgumentException if the options name a provider that is not available
   */
  public static LinearKernel forSparse(SparseMatrix weights, KernelOptions options) {
    return first(options, provider -> provider.forSparse(weights, options));
  }

  /**
   * A kernel for trellis-coded weights and float activations.
   *
   * @param weights the weights, {@code [out, in]}
   * @param options provider and threads
   * @return the kernel
   * @throws IllegalArgumentException if the options name a provider that is not available
   */
  public static LinearKernel forTrellis(TrellisMatrix weights, KernelOptions options) {
    return first(options, provider -> provider.forTrellis(weights, options));
  }

  /**
   * A kernel for trellis-coded weights that quantizes its input.
   *
   * @param weights the weights, {@code [out, in]}
   * @param activations how the input is quantized
   * @param options provider and threads
   * @return the kernel
   * @throws IllegalArgumentException if the options name a provider that is not available, or the
   *     activation groups do not divide the input
   */
  public static LinearKernel forTrellis(
      TrellisMatrix weights, ActivationQuantizer activations, KernelOptions options) {
    activations.runLength(weights.columns());
    return first(options, provider -> provider.forTrellis(weights, activations, options));
  }

  /**
   * A kernel for vector-quantized weights and float activations.
   *
   * @param weights the weights, {@code [out, in]}
   * @param options provider and threads
   * @return the kernel
   * @throws IllegalArgumentException if the options name a provider that is not available
   */
  public static LinearKernel forVectors(VectorMatrix weights, KernelOptions options) {
    return first(options, provider -> provider.forVectors(weights, options));
  }

  /**
   * A kernel for weights in blocks of ggml and float activations.
   *
   * @param weights the weights, {@code [out, in]}
   * @param options provider and threads
   * @return the kernel
   * @throws IllegalArgumentException if the options name a provider that is not available
   */
  public static LinearKernel forBlocks(BlockMatrix weights, KernelOptions options) {
    return first(options, provider -> provider.forBlocks(weights, options));
  }

  /**
   * A kernel for full-precision weights that stay where they are, for example in a mapped file.
   *
   * @param weights the weights, {@code [out, in]}, of any real element type; kept, not copied, so
   *     its memory must outlive the kernel
   * @param options provider and threads
   * @return the kernel
   * @throws IllegalArgumentException if the tensor is not a matrix of real numbers with rows and
   *     columns, or the options name a provider that is not available
   */
  public static LinearKernel forTensor(Tensor weights, KernelOptions options) {
    if (weights.shape().rank() != 2
        || weights.shape().elementCount() == 0
        || weights.dtype() == DType.C64) {
      throw new IllegalArgumentException(
          weights + ": expected a matrix [out, in] of real numbers with rows and columns");
    }
    return first(options, provider -> provider.forTensor(weights, options));
  }

  /**
   * Packs weights for float activations as their kernel reads them, so that they can be kept and
   * served again with {@link #forPacked} without packing, for example from a mapped file ({@code
   * io.github.quant4j.io.packed.PackedFile}).
   *
   * @param weights the weights, {@code [out, in]}
   * @param options provider and threads
   * @return the packed weights, for kernels of this machine and machines like it; empty if their
   *     kernel has no packed form, as the scalar one, which reads the matrix where it lies
   * @throws IllegalArgumentException if the options name a provider that is not available
   */
  public static Optional<PackedMatrix> pack(QuantizedMatrix weights, KernelOptions options) {
    return find(options, provider -> provider.pack(weights, options));
  }

  /**
   * Packs weights for quantized activations as their kernel reads them.
   *
   * @param weights the weights, {@code [out, in]}
   * @param activations how the input is quantized
   * @param options provider and threads
   * @return the packed weights, or empty if their kernel has no packed form
   * @throws IllegalArgumentException if the options name a provider that is not available, or the
   *     activation groups do not divide the input
   */
  public static Optional<PackedMatrix> pack(
      QuantizedMatrix weights, ActivationQuantizer activations, KernelOptions options) {
    activations.runLength(weights.columns());
    return find(options, provider -> provider.pack(weights, activations, options));
  }

  /**
   * A kernel for packed weights and float activations. It reads parts off the heap where they lie,
   * so their memory must outlive it; parts in arrays are copied once.
   *
   * @param weights the packed weights, {@code [out, in]}
   * @param options provider and threads
   * @return the kernel; its results are exactly those of the unpacked weights' kernel
   * @throws PackedLayoutException if the layout is not one of this machine's kernels, or parts are
   *     missing or have wrong sizes
   * @throws IllegalArgumentException if the options name a provider that is not available
   * @throws IllegalStateException if the weights' memory is gone; the kernel's calls throw it too
   */
  public static LinearKernel forPacked(PackedMatrix weights, KernelOptions options) {
    weights.requireOpen();
    return find(options, provider -> provider.forPacked(weights, options))
        .orElseThrow(() -> new PackedLayoutException(weights, foreignLayout(options)));
  }

  /**
   * A kernel for packed weights that quantizes its input. Kernels of integer sums copy the parts to
   * arrays as they are; others read them as {@link #forPacked(PackedMatrix, KernelOptions)} does.
   *
   * @param weights the packed weights, {@code [out, in]}
   * @param activations how the input is quantized, as it was when the weights were packed
   * @param options provider and threads
   * @return the kernel; its results are exactly those of the unpacked weights' kernel
   * @throws PackedLayoutException if the layout is not one of this machine's kernels, parts are
   *     missing or have wrong sizes, or the weights were packed for other activations
   * @throws IllegalArgumentException if the options name a provider that is not available, or the
   *     activation groups do not divide the input
   * @throws IllegalStateException if the weights' memory is gone
   */
  public static LinearKernel forPacked(
      PackedMatrix weights, ActivationQuantizer activations, KernelOptions options) {
    weights.requireOpen();
    activations.runLength(weights.columns());
    return find(options, provider -> provider.forPacked(weights, activations, options))
        .orElseThrow(() -> new PackedLayoutException(weights, foreignLayout(options)));
  }

  /**
   * A kernel for packed weights where they are in the order of this machine's kernels, and for the
   * matrix that they were packed from elsewhere.
   *
   * @param weights the packed weights, {@code [out, in]}
   * @param original gives the same weights unpacked; asked only if the packed ones are of no use
   * @param options provider and threads
   * @return the kernel
   * @throws PackedLayoutException if the layout is one of this machine's kernels, but parts are
   *     missing or have wrong sizes
   * @throws IllegalArgumentException if the original has another shape, or the options name a
   *     provider that is not available
   * @throws IllegalStateException if the weights' memory is gone
   */
  public static LinearKernel forPacked(
      PackedMatrix weights, Supplier<QuantizedMatrix> original, KernelOptions options) {
    weights.requireOpen();
    return find(options, provider -> provider.forPacked(weights, options))
        .orElseGet(
            () -> {
              LOG.info("{}: {}; its original is taken", weights, foreignLayout(options));
              QuantizedMatrix matrix = original.get();
              if (matrix.rows() != weights.rows() || matrix.columns() != weights.columns()) {
                throw new IllegalArgumentException(
                    "original: " + matrix + ", expected the matrix of " + weights);
              }
              return forMatrix(matrix, options);
            });
  }

  private static String foreignLayout(KernelOptions options) {
    List<String> layouts =
        Registry.INSTANCE.usable.stream()
            .filter(provider -> isAsked(provider, options))
            .flatMap(provider -> provider.packedLayouts().stream())
            .toList();
    return "it cannot be served here: "
        + (layouts.isEmpty()
            ? "the kernels in use (provider '" + options.provider() + "') read no packed weights"
            : "the layouts of this machine's kernels are " + layouts)
        + "; load the quantized matrix that it was packed from";
  }

  /**
   * Adds a bias to what a kernel computes.
   *
   * @param kernel the kernel
   * @param bias one value for each output; copied
   * @return the kernel of {@code y = x W^T + b}
   * @throws IllegalArgumentException if there is not one value for each output
   */
  public static LinearKernel withBias(LinearKernel kernel, float[] bias) {
    if (bias.length != kernel.outFeatures()) {
      throw new IllegalArgumentException(
          "bias: " + bias.length + " values, expected " + kernel.outFeatures());
    }
    return SumKernel.withBias(kernel, bias.clone(), new ScratchPool());
  }

  /**
   * Joins layers that read the same input, such as query, key and value, or gate and up: the input
   * is prepared once for all, and the threads are called once.
   *
   * @param kernels the kernels, all of one input width, at least one
   * @return the group; its results are those of the single kernels
   * @throws IllegalArgumentException if there is no kernel or the widths differ
   */
  public static KernelGroup fuse(List<? extends LinearKernel> kernels) {
    return new KernelGroup(List.copyOf(kernels));
  }

  /**
   * Runs kernels on zeros until the JVM has compiled them.
   *
   * <p>A vector kernel is some hundred times slower than scalar code until the JIT compiler has
   * turned it into vector instructions, which takes a second or two of use. Call this before
   * serving, with all kernels or with one of each kind (format, granularity, element type): kernels
   * of one kind share their code, so that the second one takes no time.
   *
   * @param kernels the kernels
   * @param limit how long it may take in all
   * @return whether all were compiled before the time was over
   */
  public static boolean warmUp(Collection<? extends LinearKernel> kernels, Duration limit) {
    Registry.INSTANCE.usable.forEach(KernelProvider::prepareForWarmUp);
    return new WarmUp(limit.toNanos()).run(kernels);
  }

  /**
   * The provider that is asked first for whatever these options are used for.
   *
   * @param options the options
   * @return its name, for example {@code vector}; never {@code auto}
   * @throws IllegalArgumentException if the options name a provider that is not available
   */
  public static String provider(KernelOptions options) {
    requireUsable(options);
    return options.provider().equals(KernelOptions.AUTO)
        ? Registry.INSTANCE.usable.getFirst().name()
        : options.provider();
  }

  /** The provider's linear algebra; as with kernels, scalar code stands in for what it lacks. */
  static LinearAlgebra linearAlgebra(KernelOptions options) {
    requireUsable(options);
    return options.provider().equals(KernelOptions.AUTO)
        ? LinearAlgebras.best(options.scratch())
        : LinearAlgebras.named(options.provider(), options.scratch())
            .orElseGet(ScalarLinearAlgebra::new);
  }

  /** The fallback: the scalar provider can do all of it. */
  private static <T> T first(KernelOptions options, Function<KernelProvider, Optional<T>> request) {
    return find(options, request).orElseThrow();
  }

  private static <T> Optional<T> find(
      KernelOptions options, Function<KernelProvider, Optional<T>> request) {
    requireUsable(options);
    return Registry.INSTANCE.usable.stream()
        .filter(provider -> isAsked(provider, options))
        .map(request)
        .flatMap(Optional::stream)
        .findFirst();
  }

  private static void requireUsable(KernelOptions options) {
    if (!options.provider().equals(KernelOptions.AUTO)
        && Registry.INSTANCE.usable.stream()
            .noneMatch(provider -> provider.name().equals(options.provider()))) {
      throw new IllegalArgumentException(
          "kernels: provider '" + options.provider() + "' is not available. " + describe());
    }
  }

  /** A named provider steps aside for what it cannot do; the scalar one is always last. */
  private static boolean isAsked(KernelProvider provider, KernelOptions options) {
    return options.provider().equals(KernelOptions.AUTO)
        || options.provider().equals(provider.name())
        || provider.priority() == 0;
  }

  /**
   * Which providers there are, in the order in which they are asked, why they can run or not, and
   * which one the default options choose. {@link LinearKernel#describe()} says it of one kernel.
   *
   * @return one line for each provider, and one for the choice
   */
  public static String describe() {
    String named = KernelOptions.defaults().provider();
    List<KernelProvider> usable = Registry.INSTANCE.usable;
    String choice;
    if (named.equals(KernelOptions.AUTO)) {
      choice = usable.getFirst().name() + ", the first that is available; -Dquant4j.kernels=NAME";
      choice += " names another";
    } else if (usable.stream().anyMatch(provider -> provider.name().equals(named))) {
      choice = named + ", as -Dquant4j.kernels=" + named + " says";
    } else {
      choice = "none, as -Dquant4j.kernels=" + named + " is not available";
    }
    return Registry.INSTANCE.description + "chosen: " + choice + '\n';
  }
}
