// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.quantized;

import io.github.quant4j.format.Codebook;
import io.github.quant4j.io.quantized.module.AffineMatrix;
import io.github.quant4j.io.quantized.module.ModulePattern;
import io.github.quant4j.io.quantized.module.ModuleTensors;
import io.github.quant4j.linear.DenseTerm;
import io.github.quant4j.linear.LowRankTerm;
import io.github.quant4j.linear.QuantizedLinear;
import io.github.quant4j.linear.QuantizedTerm;
import io.github.quant4j.linear.WeightTerm;
import io.github.quant4j.matrix.PackedCodes;
import io.github.quant4j.scheme.Granularity;
import io.github.quant4j.tensor.DType;
import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.tensor.Tensor;
import io.github.quant4j.transform.HadamardTransform;
import io.github.quant4j.transform.InputTransform;
import io.github.quant4j.transform.KroneckerTransform;
import io.github.quant4j.transform.TransformChain;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * A rotation of a {@code transform_config} that runs with the model: a Hadamard matrix on blocks of
 * a layer's input or output.
 *
 * <p>The matrix is stored as {@code name_location.weight} with elements -1 and 1, once for all
 * modules that share it. Row vectors are multiplied by it, or by its transpose if the rotation is
 * inverse, and divided by the root of its size.
 *
 * @param name of the transform
 * @param location {@code input} or {@code output}
 * @param isInverse whether the transpose is meant
 * @param isFixed whether the matrix is Sylvester's, which need not be stored
 * @param block size of a block, if that is not the whole width
 * @param targets the modules that have it
 * @param ignored the modules that do not
 */
record OnlineTransform(
    String name,
    String location,
    boolean isInverse,
    boolean isFixed,
    Optional<Integer> block,
    List<ModulePattern> targets,
    List<ModulePattern> ignored) {
  static final String INPUT = "input";
  static final String OUTPUT = "output";

  boolean applies(String module) {
    return targets.stream().anyMatch(target -> matches(target, module))
        && ignored.stream().noneMatch(pattern -> matches(pattern, module));
  }

  /** Whether a module is targeted by what it is called, not as one of all linear layers. */
  boolean names(String module) {
    return applies(module)
        && targets.stream().anyMatch(target -> !target.isLinear() && matches(target, module));
  }

  private static boolean matches(ModulePattern pattern, String module) {
    return pattern.isLinear() || pattern.isName(module) || pattern.expressionMatches(module);
  }

  String part(String place) {
    return name + "_" + place + ".weight";
  }

  /** The layer with the rotation. */
  QuantizedLinear applied(QuantizedLinear linear, ModuleTensors tensors) {
    boolean isInput = location.equals(INPUT);
    int width = isInput ? linear.inFeatures() : linear.outFeatures();
    int size = block.orElse(width);
    if (width % size != 0) {
      throw new IllegalArgumentException(
          "transform '" + name + "': blocks of " + size + ", which do not divide " + width);
    }
    float[] matrix = matrix(tensors, size);
    return isInput ? ofInput(linear, matrix, size) : ofOutput(linear, matrix, size);
  }

  private QuantizedLinear ofInput(QuantizedLinear linear, float[] matrix, int size) {
    InputTransform rotation = rotation(linear.inFeatures(), matrix, size);
    return linear.withTransform(
        linear
            .transform()
            .map(first -> TransformChain.of(List.of(first, rotation)))
            .orElse(rotation));
  }

  private static InputTransform rotation(int width, float[] matrix, int size) {
    if (isSylvester(matrix, size)) {
      return HadamardTransform.of(width, size, HadamardTransform.NO_SIGNS);
    }
    FloatMatrix identity = FloatMatrix.zeros(width / size, width / size);
    for (int i = 0; i < identity.rows(); i++) {
      identity.data()[i * identity.columns() + i] = 1;
    }
    float[] scaled = matrix.clone();
    for (int i = 0; i < scaled.length; i++) {
      scaled[i] *= unit(size);
    }
    return KroneckerTransform.of(identity, FloatMatrix.wrap(size, size, scaled));
  }

  /**
   * The rotation times the weights, as two factors: the second one is what is stored, and the first
   * one has levels -1, 0 and 1. The input of factors is not quantized.
   */
  private QuantizedLinear ofOutput(QuantizedLinear linear, float[] matrix, int size) {
    if (linear.terms().size() != 1
        || !(linear.terms().getFirst() instanceof QuantizedTerm
            || linear.terms().getFirst() instanceof DenseTerm)) {
      throw new IllegalArgumentException(
          "transform '" + name + "': rotated outputs of " + linear + " are not supported");
    }
    int rows = linear.outFeatures();
    byte[] codes = new byte[Math.multiplyExact(rows, rows)];
    Arrays.fill(codes, (byte) 1);
    for (int row = 0; row < rows; row++) {
      int first = row / size * size;
      for (int i = 0; i < size; i++) {
        // y = x M for row vectors, so that rows of the factor are columns of the matrix.
        float value = matrix[i * size + row % size];
        codes[row * rows + first + i] = (byte) (value < 0 ? 0 : 2);
      }
    }
    WeightTerm rotation =
        new QuantizedTerm(
            AffineMatrix.of(
                PackedCodes.pack(rows, rows, Codebook.TERNARY.bits(), 1, codes),
                Codebook.TERNARY,
                Granularity.tensor(),
                DType.F32,
                new float[] {unit(size)},
                null));
    QuantizedLinear rotated =
        QuantizedLinear.of(List.of(new LowRankTerm(rotation, linear.terms().getFirst())));
    return linear.transform().map(rotated::withTransform).orElse(rotated);
  }

  private static float unit(int size) {
    return (float) (1 / Math.sqrt(size));
  }

  /** Elements -1 and 1 of what row vectors are multiplied by. */
  private float[] matrix(ModuleTensors tensors, int size) {
    Optional<Tensor> stored = stored(tensors, size);
    float[] matrix;
    if (stored.isPresent()) {
      matrix = stored.get().toFloatArray();
      for (float value : matrix) {
        if (value != 1 && value != -1) {
          throw new IllegalArgumentException(
              stored.get() + ": element " + value + ", expected -1 and 1, a Hadamard matrix");
        }
      }
    } else if (isFixed && Integer.bitCount(size) == 1) {
      matrix = new float[Math.multiplyExact(size, size)];
      for (int i = 0; i < matrix.length; i++) {
        matrix[i] = sylvester(i / size, i % size);
      }
    } else {
      throw new IllegalArgumentException(
          "transform '"
              + name
              + "': no tensor '"
              + part(location)
              + "' of ["
              + size
              + ", "
              + size
              + "] here or in another module");
    }
    return isInverse ? FloatMatrix.wrap(size, size, matrix).transpose().data() : matrix;
  }

  /** The module's own matrix, or that of another module, as equal ones are stored once. */
  private Optional<Tensor> stored(ModuleTensors tensors, int size) {
    for (String place : List.of(INPUT, OUTPUT)) {
      tensors.passOver(part(place));
    }
    Optional<Tensor> own = tensors.find(part(location)).filter(one -> isSquare(one, size));
    if (own.isPresent()) {
      return own;
    }
    for (String place : List.of(location, location.equals(INPUT) ? OUTPUT : INPUT)) {
      String end = "." + part(place);
      Optional<Tensor> other =
          tensors.source().names().stream()
              .filter(tensor -> tensor.endsWith(end))
              .map(tensors.source()::require)
              .filter(tensor -> isSquare(tensor, size))
              .findFirst();
      if (other.isPresent()) {
        return other;
      }
    }
    return Optional.empty();
  }

  private static boolean isSquare(Tensor tensor, int size) {
    return tensor.dtype().isFloatingPoint()
        && tensor.shape().rank() == 2
        && tensor.shape().dimension(0) == size
        && tensor.shape().dimension(1) == size;
  }

  private static int sylvester(int row, int column) {
    return Integer.bitCount(row & column) % 2 == 0 ? 1 : -1;
  }

  private static boolean isSylvester(float[] matrix, int size) {
    if (Integer.bitCount(size) != 1) {
      return false;
    }
    for (int i = 0; i < matrix.length; i++) {
      if (matrix[i] != sylvester(i / size, i % size)) {
        return false;
      }
    }
    return true;
  }
}
