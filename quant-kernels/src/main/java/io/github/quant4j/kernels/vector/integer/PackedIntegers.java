// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector.integer;

import io.github.quant4j.activation.ActivationQuantizer;
import io.github.quant4j.kernel.IntegerArithmetic;
import io.github.quant4j.kernel.KernelOptions;
import io.github.quant4j.kernel.LinearKernel;
import io.github.quant4j.kernel.PackedLayoutException;
import io.github.quant4j.kernel.PackedMatrix;
import io.github.quant4j.kernels.vector.machine.Lanes;
import io.github.quant4j.matrix.Grid;
import io.github.quant4j.matrix.QuantizedMatrix;
import io.github.quant4j.scheme.ScaleLayout;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.SequencedMap;

/**
 * The memory of {@link IntegerKernel}s as {@link PackedMatrix}, and back.
 *
 * <p>Properties are {@code activations}, what they were packed for, and {@code largest_zero}, the
 * largest magnitude of a zero point. The version in the layout's name must change when the order or
 * the meaning of any part does.
 */
public final class PackedIntegers {
  private static final int VERSION = 2;
  private static final String WORDS = "words";
  private static final String ACTIVATIONS = "activations";
  private static final String LARGEST_ZERO = "largest_zero";

  /** Keeps products of a few lanes and planes with one side of the matrix within an int. */
  private static final int LONGEST_SIDE = 1 << 27;

  private PackedIntegers() {}

  private static String layout(Family family) {
    String name = family.name().toLowerCase(Locale.ROOT);
    return "vector" + Lanes.BITS + "/integer-" + name + "/" + VERSION;
  }

  /**
   * The layouts of packed weights that are served here.
   *
   * @return their names
   */
  public static List<String> packedLayouts() {
    return Arrays.stream(Family.values()).map(PackedIntegers::layout).toList();
  }

  /**
   * Packs weights.
   *
   * @param weights the weights, {@code [out, in]}
   * @param activations how the input is quantized
   * @param options threads
   * @return the packed weights, or empty if the pair is not multiplied in integers here
   */
  public static Optional<PackedMatrix> pack(
      QuantizedMatrix weights, ActivationQuantizer activations, KernelOptions options) {
    if (!isComplete(weights)) {
      return Optional.empty();
    }
    return IntegerKernels.family(weights, activations)
        .map(
            family -> {
              IntegerArithmetic arithmetic =
                  IntegerArithmetic.of(weights, activations).orElseThrow();
              WeightSource source = new WeightSource(weights);
              IntegerKernels.create(source, activations, arithmetic, family, options);
              SequencedMap<String, String> properties = new LinkedHashMap<>();
              properties.put(ACTIVATIONS, activations.scheme().toString());
              properties.put(LARGEST_ZERO, Long.toString(IntegerKernels.largestZero(weights)));
              return new PackedMatrix(
                  layout(family),
                  weights.scheme(),
                  weights.rows(),
                  weights.columns(),
                  properties,
                  source.parts());
            });
  }

  /** Whether scheme and shape say all that the kernel has to know. */
  private static boolean isComplete(QuantizedMatrix weights) {
    Grid grid = weights.grid();
    ScaleLayout expected = weights.scheme().granularity().layout(weights.rows(), weights.columns());
    return grid.layout().equals(expected)
        && grid.zeroPoints().isPresent() != weights.scheme().symmetric()
        && Math.max(weights.rows(), weights.columns()) <= LONGEST_SIDE;
  }

  /**
   * A kernel for packed weights.
   *
   * @param weights the packed weights
   * @param activations how the input is quantized, as it was when they were packed
   * @param options threads and scratch memory
   * @return the kernel, or empty if the layout is not one of {@link #packedLayouts()}
   */
  public static Optional<LinearKernel> forPacked(
      PackedMatrix weights, ActivationQuantizer activations, KernelOptions options) {
    if (!packedLayouts().contains(weights.layout())) {
      return Optional.empty();
    }
    Family family =
        Arrays.stream(Family.values())
            .filter(value -> layout(value).equals(weights.layout()))
            .findFirst()
            .orElseThrow();
    String packedFor = property(weights, ACTIVATIONS);
    if (!packedFor.equals(activations.scheme().toString())) {
      throw new PackedLayoutException(
          weights, "it was packed for activations " + packedFor + ", not " + activations.scheme());
    }
    try {
      IntegerArithmetic arithmetic = arithmetic(weights, activations, family);
      return Optional.of(
          IntegerKernels.create(
              new WeightSource(weights), activations, arithmetic, family, options));
    } catch (PackedLayoutException e) {
      throw e;
    } catch (IllegalArgumentException | ArithmeticException e) {
      throw new PackedLayoutException(weights, String.valueOf(e.getMessage()));
    }
  }

  private static IntegerArithmetic arithmetic(
      PackedMatrix weights, ActivationQuantizer activations, Family family) {
    long codes = (long) weights.rows() * weights.columns();
    var words = weights.parts().get(WORDS);
    if (Math.max(weights.rows(), weights.columns()) > LONGEST_SIDE
        || words == null
        || words.byteSize() < codes * weights.scheme().bits() / Byte.SIZE) {
      throw new PackedLayoutException(
          weights, "part '" + WORDS + "' is missing, or too small for that shape");
    }
    long zero = Long.parseLong(property(weights, LARGEST_ZERO));
    return IntegerArithmetic.of(
            weights.scheme(),
            weights.scheme().granularity().layout(weights.rows(), weights.columns()),
            activations)
        .filter(family::supports)
        .filter(arithmetic -> zero >= 0 && IntegerKernels.fits(zero, activations, arithmetic))
        .orElseThrow(
            () ->
                new PackedLayoutException(
                    weights,
                    "such weights and " + activations.scheme() + " are not of that layout"));
  }

  private static String property(PackedMatrix weights, String name) {
    String text = weights.properties().get(name);
    if (text == null) {
      throw new PackedLayoutException(weights, "property '" + name + "' is missing");
    }
    return text;
  }
}
